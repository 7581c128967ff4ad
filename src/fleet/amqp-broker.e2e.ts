/** The promises of `broker.ts` kept by a real RabbitMQ, and what becomes of messages when it dies. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { getuid } from 'node:process';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { PrivateBroker } from '../../scripts/fleet/private-broker.ts';
import { amqpBroker, type BrokerServer } from './amqp-broker.ts';
import type { Topology } from './broker.ts';
import { type Bench, brokerCompliance, messageTo, Reader, until } from './compliance.ts';
import { ANYONE, Line } from './fixtures.ts';

const options = { skip: getuid?.() === 0 ? false : 'a private RabbitMQ needs root', timeout: 300_000 };
const onError = (error: unknown): void => {
  throw error;
};

let rabbit: PrivateBroker;
if (!options.skip) {
  before(async () => {
    rabbit = await PrivateBroker.start({ vhost: 'fleet', users: [ANYONE] });
  });
  after(async () => {
    const left = await rabbit.ctl('list_connections', 'client_properties');
    await rabbit[Symbol.asyncDispose]();
    assert.equal(left.trim(), '', 'no client is left');
  });
}

const login = { user: ANYONE.name, password: ANYONE.password ?? '' };
const serverAt = (port: number, name = 'test'): BrokerServer => ({
  host: '127.0.0.1',
  port,
  vhost: 'fleet',
  name,
  login,
});

/** Each client has a line of its own, so that it alone can be cut off. */
async function open(): Promise<Bench> {
  const lines = new Map<unknown, Line>();
  const spare = await Promise.all([Line.to(rabbit.port), Line.to(rabbit.port), Line.to(rabbit.port)]);
  let isBlocked = false;
  const block = async (on: boolean): Promise<void> => {
    isBlocked = on;
    await rabbit.ctl('set_vm_memory_high_watermark', 'absolute', on ? '1MB' : '1GB');
  };
  return {
    connect: (topology) => {
      const line = spare.pop();
      assert.ok(line, 'a line for each client');
      const broker = amqpBroker(serverAt(line.port), { topology, onError });
      lines.set(broker, line);
      return broker;
    },
    cut: (broker) => lines.get(broker)?.cut(),
    block,
    [Symbol.asyncDispose]: async () => {
      if (isBlocked) await block(false);
      await Promise.all([...spare, ...lines.values()].map((line) => line[Symbol.asyncDispose]()));
    },
  };
}

if (!options.skip) brokerCompliance('RabbitMQ', open);

/** RabbitMQ 3.10 has a quorum queue for sure a little after it has said so: one killed sooner has its name, and takes nothing. */
const SETTLES_MS = 5_000;

const NOTHING: Topology = { exchanges: [], queues: [], bindings: [] };

const one = (name: string, kind: 'quorum' | 'classic'): Topology => ({
  exchanges: [{ name }],
  queues: [{ name, kind }],
  bindings: [{ queue: name, exchange: name, key: '#' }],
});

for (const kind of ['quorum', 'classic'] as const)
  test(`RabbitMQ is killed while much is published to a ${kind} queue: nothing is lost`, options, async (t) => {
    const name = `killed-${kind}`;
    await using broker = amqpBroker(serverAt(rabbit.port), { topology: () => one(name, kind), onError });
    await until(broker, 'up');
    await sleep(SETTLES_MS);
    const texts = Array.from({ length: 2_000 }, (_, i) => String(i));
    let confirmed = 0;
    const send = async (text: string): Promise<void> => {
      for (;;) {
        await until(broker, 'up');
        const { kind } = await broker.publish(messageTo(name, 'k', text), true);
        if (kind === 'ok') break;
        assert.ok(kind === 'lost' || kind === 'refused', kind);
      }
      confirmed++;
      if (confirmed === 700) void rabbit.kill().then(() => rabbit.start());
    };
    // A few at a time, so that there is always somebody on the way.
    const queue = [...texts];
    const worker = async (): Promise<void> => {
      for (let text = queue.shift(); text !== undefined; text = queue.shift()) await send(text);
    };
    await Promise.all(Array.from({ length: 50 }, worker));
    await until(broker, 'up');
    await using reader = new Reader(broker, name, 200);
    const seen: string[] = [];
    while (new Set(seen).size < texts.length) seen.push(...(await reader.texts(1)));
    t.diagnostic(`${texts.length} confirmed, 0 lost, ${seen.length - texts.length} twice`);
    assert.ok(seen.length - texts.length <= 50, 'only what was on its way can come twice');
  });

test('RabbitMQ is restarted: its queues and what is in them are there, and everybody comes back', options, async () => {
  await using broker = amqpBroker(serverAt(rabbit.port), { topology: () => one('restarted', 'quorum'), onError });
  await until(broker, 'up');
  for (const text of ['a', 'b', 'c']) await broker.publish(messageTo('restarted', 'k', text), true);
  const down = until(broker, 'down');
  await rabbit.stop();
  const state = await down;
  assert.match(state.kind === 'down' ? state.why : '', /CONNECTION.FORCED/);
  await using reader = new Reader(broker, 'restarted');
  await rabbit.start();
  assert.deepEqual(await reader.texts(3), ['a', 'b', 'c']);
});

test('200 nodes that connect at the same moment all come up and get what is for all', options, async () => {
  const names = Array.from({ length: 200 }, (_, i) => `node-${i}`);
  const exchanges = [{ name: 'crowd' }];
  await using central = amqpBroker(serverAt(rabbit.port), {
    topology: () => ({ ...NOTHING, exchanges }),
    onError,
  });
  await until(central, 'up');
  await using stack = new AsyncDisposableStack();
  const nodes = names.map((name) => {
    const topology = (): Topology => ({
      exchanges: [],
      queues: [{ name, kind: 'classic', maxMessages: 10 }],
      bindings: [{ queue: name, exchange: 'crowd', key: 'all.*' }],
    });
    const node = stack.use(amqpBroker(serverAt(rabbit.port, name), { topology, onError }));
    return { node, reader: stack.use(new Reader(node, name, 1)) };
  });
  await Promise.all(nodes.map(({ node }) => until(node, 'up')));
  assert.equal((await central.publish(messageTo('crowd', 'all.go', 'go'), true)).kind, 'ok');
  for (const { reader } of nodes) assert.deepEqual(await reader.texts(1), ['go']);
});

test('a queue that does not answer does not hold a message for ever, and others go on', options, async () => {
  const topology: Topology = {
    exchanges: [{ name: 'stuck' }],
    queues: [
      { name: 'stuck', kind: 'quorum' },
      { name: 'lively', kind: 'quorum' },
    ],
    bindings: ['stuck', 'lively'].map((queue) => ({ queue, exchange: 'stuck', key: queue })),
  };
  const hasty = { ...serverAt(rabbit.port), confirmMs: 3_000 };
  await using broker = amqpBroker(hasty, { topology: () => topology, onError });
  await until(broker, 'up');
  const to = (key: string) => broker.publish(messageTo('stuck', key, 'a'), true);
  // The first message to a quorum queue makes its channel wait for that queue, and all that is published behind it.
  for (const key of ['stuck', 'lively']) assert.equal((await to(key)).kind, 'ok');
  await rabbit.ctl('eval', 'sys:suspend(fleet_stuck).');
  const [stuck, lively] = await Promise.all([to('stuck'), to('lively')]);
  assert.deepEqual([stuck.kind, lively.kind, broker.state.kind], ['lost', 'ok', 'up']);
  await rabbit.ctl('eval', 'sys:resume(fleet_stuck).');
  assert.equal((await to('stuck')).kind, 'ok');
  await using reader = new Reader(broker, 'stuck');
  assert.deepEqual(await reader.texts(3), ['a', 'a', 'a']);
});

test('who is not let in hears why', options, async () => {
  const stranger = { ...serverAt(rabbit.port), login: { user: 'guest', password: 'guest' } };
  await using broker = amqpBroker(stranger, { topology: () => NOTHING, onError });
  const why = await new Promise<string>((resolve) =>
    broker.onState((state) => {
      if (state.kind === 'down') resolve(state.why);
    }),
  );
  assert.match(why, /ACCESS.REFUSED/);
});

test('a connection that is being made to somebody silent can be given up', options, async () => {
  const called = Promise.withResolvers<Socket>();
  const silent = createServer(called.resolve).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const { port } = silent.address() as { port: number };
  const broker = amqpBroker(serverAt(port), { topology: () => NOTHING, onError });
  const socket = await called.promise;
  const hungUp = once(socket.resume(), 'close');
  await broker.close();
  await hungUp;
  assert.equal(broker.state.kind, 'closed');
  silent.close();
});
