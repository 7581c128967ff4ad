/** Rights and certificates as a real RabbitMQ takes them: a node does its own things and is refused those of others. */
import assert from 'node:assert/strict';
import { getuid } from 'node:process';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Authority } from '../../scripts/fleet/certificates.ts';
import { PrivateBroker } from '../../scripts/fleet/private-broker.ts';
import { amqpBroker, type BrokerServer } from './amqp-broker.ts';
import type { Broker, Topology } from './broker.ts';
import { messageTo, Reader, until } from './compliance.ts';
import { Line } from './fixtures.ts';
import {
  CENTRAL_QUEUE,
  centralTopology,
  controlInbox,
  controlTopology,
  DATA,
  DOWN,
  dataInbox,
  dataTopology,
  keyFrom,
  keyToAll,
  keyToNode,
  keyToSite,
  LOG_QUEUE,
  senderOf,
  TOLD,
  UP,
} from './names.ts';
import { auditorRights, centralRights, relayRights, terminalRights } from './rights.ts';

const options = { skip: getuid?.() === 0 ? false : 'a private RabbitMQ needs root', timeout: 120_000 };
const onError = (error: unknown): void => {
  throw error;
};
/** It tries again soon: there is nobody to spare. */
const hasty = { nowMs: Date.now, sleep: async (_: number, signal: AbortSignal) => sleep(20, undefined, { signal }) };

const NOTHING: Topology = { exchanges: [], queues: [], bindings: [] };
const USERS = [
  { name: 'central', rights: centralRights() },
  { name: 'relay-1', rights: relayRights('relay-1', 's1') },
  { name: 'auditor', rights: auditorRights() },
  { name: 'box-0001', rights: terminalRights('box-0001', 's1') },
  { name: 'box-0002', rights: terminalRights('box-0002', 's2') },
];

let authority: Authority;
let rabbit: PrivateBroker;
let central: Broker;
const pems = new Map<string, NonNullable<BrokerServer['tls']>>();

const server = (name: string): BrokerServer => {
  const tls = pems.get(name);
  assert.ok(tls);
  return { host: '127.0.0.1', port: rabbit.tlsPort, vhost: 'fleet', name, login: 'certificate', tls };
};
const join = (name: string, topology: Topology = NOTHING): Broker =>
  amqpBroker(server(name), { topology: () => topology, onError, clock: hasty });

/** Why it does not come up. */
const refusal = (broker: Broker): Promise<string> =>
  new Promise((resolve, reject) =>
    broker.onState((state) => {
      if (state.kind === 'down') resolve(state.why);
      if (state.kind === 'up') reject(new Error('it was let in'));
    }),
  );

async function assertRefused(attempt: BrokerServer, expected: RegExp): Promise<void> {
  await using broker = amqpBroker(attempt, { topology: () => NOTHING, onError, clock: hasty });
  assert.match(await refusal(broker), expected);
}

if (!options.skip) {
  before(async () => {
    authority = await Authority.make();
    const { cert, key } = await authority.certify('server', '127.0.0.1');
    const tls = { ca: authority.ca, cert, key };
    for (const { name } of [...USERS, { name: 'nobody' }]) pems.set(name, await authority.clientTls(name));
    rabbit = await PrivateBroker.start({ vhost: 'fleet', users: USERS, tls });
    central = join('central', centralTopology());
    await until(central, 'up');
  });
  after(async () => {
    await central.close();
    await rabbit[Symbol.asyncDispose]();
    await authority[Symbol.asyncDispose]();
  });
}

test('a node has its inboxes, hears what is meant for it, and speaks for itself', options, async () => {
  await using control = join('box-0001', controlTopology('box-0001', 's1'));
  await using data = join('box-0001', dataTopology('box-0001', 's1'));
  await Promise.all([until(control, 'up'), until(data, 'up')]);
  for (const [exchange, queue, broker] of [
    [DOWN, controlInbox('box-0001'), control],
    [DATA, dataInbox('box-0001'), data],
  ] as const) {
    await using reader = new Reader(broker, queue);
    for (const key of [keyToSite('s2', 'go'), keyToNode('box-0002', 'go')])
      assert.equal((await central.publish(messageTo(exchange, key, key), true)).kind, 'unroutable');
    const keys = [keyToAll('go'), keyToSite('s1', 'go'), keyToNode('box-0001', 'go')];
    for (const key of keys) assert.equal((await central.publish(messageTo(exchange, key, key), true)).kind, 'ok');
    assert.deepEqual(await reader.texts(3), keys);
  }
  assert.equal((await control.publish(messageTo(UP, keyFrom('box-0001', 'hello'), 'hi'), true)).kind, 'ok');
  await using ears = new Reader(central, CENTRAL_QUEUE);
  const heard = await ears.next();
  assert.deepEqual(senderOf(heard.key), { node: 'box-0001', type: 'hello' });
  heard.ack();
});

test('a node cannot speak as another one, nor to others', options, async () => {
  await using node = join('box-0001', controlTopology('box-0001', 's1'));
  const forged: [string, string][] = [
    [UP, keyFrom('box-0002', 'hello')],
    [UP, 'box-0001'],
    [DOWN, keyToAll('go')],
    [DOWN, keyToSite('s1', 'go')],
    [DOWN, keyToNode('box-0001', 'go')],
    [DATA, keyToNode('box-0002', 'go')],
    ['amq.topic', 'box-0001.hello'],
    ['', CENTRAL_QUEUE],
  ];
  for (const [exchange, key] of forged) {
    await until(node, 'up');
    const answer = await node.publish(messageTo(exchange, key, 'forged'), false);
    assert.equal(answer.kind, 'impossible', `${exchange} ${key}: ${JSON.stringify(answer)}`);
    await until(node, 'down');
  }
});

test('a node cannot listen to others', options, async () => {
  await using other = join('box-0002', controlTopology('box-0002', 's2'));
  await until(other, 'up');
  await using node = join('box-0001', controlTopology('box-0001', 's1'));
  await until(node, 'up');
  const own = controlInbox('box-0001');
  const bindings = [
    { queue: own, exchange: DOWN, key: keyToNode('box-0002', 'go') },
    { queue: own, exchange: DOWN, key: 'site.s2.*' },
    { queue: own, exchange: DOWN, key: '#' },
    { queue: own, exchange: DOWN, key: '*.*' },
    { queue: own, exchange: DATA, key: 'node.#' },
    { queue: own, exchange: UP, key: 'box-0001.hello' },
    { queue: controlInbox('box-0002'), exchange: DOWN, key: 'all.*' },
  ];
  for (const binding of bindings) {
    const { kind } = await node.declare({ ...NOTHING, bindings: [binding] });
    assert.equal(kind, 'impossible', JSON.stringify(binding));
  }
  for (const name of [controlInbox('box-0002'), CENTRAL_QUEUE, LOG_QUEUE, 'own-idea']) {
    assert.equal((await node.declare({ ...NOTHING, queues: [{ name, kind: 'classic' }] })).kind, 'impossible', name);
    // Of a queue that is not there RabbitMQ says that it is gone already.
    if (name !== 'own-idea') assert.equal((await node.remove(name)).kind, 'impossible', name);
  }
  for (const name of [UP, 'own-idea'])
    assert.equal((await node.declare({ ...NOTHING, exchanges: [{ name }] })).kind, 'impossible', name);
  assert.equal(node.state.kind, 'up');
  for (const queue of [controlInbox('box-0002'), dataInbox('box-0002'), CENTRAL_QUEUE, LOG_QUEUE]) {
    await using thief = join('box-0001');
    thief.consume({ queue, prefetch: 1, onDelivery: () => assert.fail('it got something') });
    assert.match(await refusal(thief), /ACCESS.REFUSED|NOT.FOUND/);
  }
  assert.equal(other.state.kind, 'up');
});

test(
  'an auditor reads all that was said, from the start and as often as he likes, and nothing else',
  options,
  async () => {
    await using node = join('box-0001', controlTopology('box-0001', 's1'));
    await until(node, 'up');
    assert.equal((await node.publish(messageTo(UP, keyFrom('box-0001', 'done'), 'said'), true)).kind, 'ok');
    assert.equal((await central.publish(messageTo(TOLD, 'note', 'told'), true)).kind, 'ok');
    for (let times = 0; times < 2; times++) {
      await using auditor = join('auditor');
      await until(auditor, 'up');
      const came: string[] = [];
      const { promise, resolve } = Promise.withResolvers<void>();
      auditor.consume({
        queue: LOG_QUEUE,
        prefetch: 10,
        from: () => 'first',
        onDelivery: ({ body, sentMs, ack }) => {
          assert.ok(Math.abs(Number(sentMs) - Date.now()) < 600_000);
          if (came.push(body.toString()) >= 2 && came.at(-1) === 'told') resolve();
          ack();
        },
      });
      await promise;
      assert.deepEqual(came.slice(-2), ['said', 'told']);
    }
    for (const [exchange, key] of [
      [TOLD, 'note'],
      [UP, keyFrom('auditor', 'done')],
      ['', LOG_QUEUE],
    ] as const) {
      await using auditor = join('auditor');
      await until(auditor, 'up');
      assert.equal((await auditor.publish(messageTo(exchange, key, 'x'), false)).kind, 'impossible');
    }
    for (const queue of [CENTRAL_QUEUE, controlInbox('box-0001')]) {
      await using auditor = join('auditor');
      auditor.consume({ queue, prefetch: 1, onDelivery: () => assert.fail('it got something') });
      assert.match(await refusal(auditor), /ACCESS.REFUSED/);
    }
  },
);

test('a relay speaks to its own site alone', options, async () => {
  await using relay = join('relay-1', controlTopology('relay-1', 's1'));
  for (const exchange of [DOWN, DATA]) {
    for (const key of [keyToAll('go'), keyToSite('s2', 'go'), keyToNode('box-0001', 'go')]) {
      await until(relay, 'up');
      assert.equal((await relay.publish(messageTo(exchange, key, 'x'), false)).kind, 'impossible', key);
      await until(relay, 'down');
    }
    await until(relay, 'up');
    assert.equal((await relay.publish(messageTo(exchange, keyToSite('s1', 'go'), 'x'), false)).kind, 'ok');
  }
});

test('nobody comes in without a certificate of the authority and a name that is known', options, async () => {
  const good = server('box-0001');
  await using others = await Authority.make();
  const foreign = await others.clientTls('box-0001');
  const { ca } = good.tls ?? assert.fail();
  await assertRefused({ ...good, tls: { ca } }, /certificate required/);
  await assertRefused({ ...good, tls: { ...foreign, ca } }, /unknown ca/);
  await assertRefused(server('nobody'), /ACCESS.REFUSED/);
  for (const password of ['', 'box-0001'])
    await assertRefused({ ...good, login: { user: 'box-0001', password } }, /ACCESS.REFUSED/);
  await assertRefused({ ...good, vhost: '/' }, /virtual host '\/'/);
  // Nor is a broker believed that another authority vouches for, or that is somewhere else than it says.
  await assertRefused({ ...good, tls: { ...good.tls, ca: foreign.ca } }, /self-signed certificate/);
  await using elsewhere = await Line.to(rabbit.tlsPort, '127.0.0.2');
  await assertRefused({ ...good, host: '127.0.0.2', port: elsewhere.port }, /altnames/);
  await using inside = join('box-0001');
  await until(inside, 'up');
});

test('who is taken off the list is out, and who is put on it is in', options, async () => {
  await using stranger = join('nobody', controlTopology('nobody', 's1'));
  assert.match(await refusal(stranger), /ACCESS.REFUSED/);
  await rabbit.allow([{ name: 'nobody', rights: terminalRights('nobody', 's1') }]);
  await until(stranger, 'up');
  const down = until(stranger, 'down');
  await rabbit.ctl('delete_user', 'nobody');
  await rabbit.ctl('close_all_user_connections', 'nobody', 'removed');
  await down;
});
