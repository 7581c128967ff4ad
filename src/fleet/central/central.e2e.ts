import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { realClock } from '#base/clock.ts';
import { FakeRabbit } from '../fake-broker.ts';
import { decodeUp } from '../messages.ts';
import { controlInbox } from '../names.ts';
import { centralOn, fileOf, ScriptedNode, temporary, until } from './fixtures.ts';
import { PLAN_LIMITS } from './plan.ts';

async function fleet(t: TestContext, names: readonly string[], site = 'east') {
  const folder = temporary(t);
  const rabbit = new FakeRabbit();
  const it = await centralOn(t, rabbit, folder);
  const nodes = names.map(
    (name) => new ScriptedNode(t, rabbit, name, { site, role: name.startsWith('r') ? 'relay' : 'terminal' }),
  );
  await until('all are here', () => it.central.nodes().length === names.length);
  const stateOf = (id: string): string | undefined => it.central.distributions().find((d) => d.id === id)?.state;
  return { ...it, folder, rabbit, nodes, stateOf };
}

test('what is small travels with its offer, to everybody in one message', async (t) => {
  const { central, nodes, folder, stateOf } = await fleet(t, ['t1', 't2', 't3']);
  const id = await central.publish({ path: fileOf(folder, 300_000) });
  await until('complete', () => stateOf(id) === 'complete');
  for (const { cameBytes, parcels, said } of nodes) {
    assert.deepEqual([cameBytes, parcels], [300_000, 1]);
    assert.deepEqual(
      said.filter(({ kind }) => kind !== 'discover'),
      [],
    );
  }
  assert.equal(await central.publish({ path: join(folder, '补丁.bin') }), id, 'it was distributed already');
  assert.equal(central.distributions().length, 1);
});

test('chunks are sent when all are ready; what is lost is asked for and sent again, and nothing else', async (t) => {
  const { central, nodes, folder, stateOf, book } = await fleet(t, ['t1', 't2']);
  book.setFact('ways site east', JSON.stringify(quickAmqp));
  nodes[0]?.faults.loses.add(3).add(7);
  const id = await central.publish({ path: fileOf(folder, 3_000_000) });
  await until('complete', () => stateOf(id) === 'complete');
  for (const { cameBytes } of nodes) assert.equal(cameBytes, 3_000_000);
  assert.ok(book.fact('ways site east') !== JSON.stringify(quickAmqp), 'something was learned');
});

test('relays first, then the terminals, which are told of them', async (t) => {
  const { central, nodes, folder, stateOf, book } = await fleet(t, ['r1', 't1', 't2']);
  const id = await central.publish({ path: fileOf(folder, 300_000_000) });
  await until('complete', () => stateOf(id) === 'complete');
  const [relay, first, second] = nodes.map(({ said }) => said.flatMap((m) => (m.kind === 'start' ? [m] : []))[0]);
  assert.equal(relay?.givers[0]?.ip, '127.74.0.1');
  assert.deepEqual(first?.givers, [{ ip: '127.74.0.9', port: 1 }]);
  assert.deepEqual([first?.slot, second?.slot].sort(), [0, 1], 'one dials the other');
  assert.deepEqual(first?.nodes, second?.nodes);
  assert.equal(book.targets(id).length, 3);
});

test('who does not answer is asked again, who refuses is told of, who comes late gets it too', async (t) => {
  const { central, nodes, folder, stateOf, rabbit, book } = await fleet(t, ['t1', 't2']);
  nodes[1]!.faults.refuses = 'not-signed';
  const id = await central.publish({ path: fileOf(folder, 50_000) }, { quorum: 0.5 });
  await until('partial', () => stateOf(id) === 'partial');
  assert.deepEqual(
    book.targets(id).map(({ node, state, why }) => [node, state, why]),
    [
      ['t1', 'done', null],
      ['t2', 'refused', 'not-signed'],
    ],
  );
  nodes[1]!.faults.refuses = undefined;
  central.retry(id);
  await until('complete', () => stateOf(id) === 'complete');
  const late = new ScriptedNode(t, rabbit, 't9');
  await until('the late one has it', () => late.whole.has(id));
  await until('complete again', () => stateOf(id) === 'complete');
  assert.deepEqual(
    central
      .notes({})
      .reverse()
      // It is passed through, or not, by who answers first.
      .filter(({ code }) => code !== 'converged')
      .map(({ code, node, why, detail }) => [code, node, why, detail]),
    [
      ['central-started', null, null, null],
      ['node-came', 't1', null, 'terminal of east'],
      ['node-came', 't2', null, 'terminal of east'],
      ['published', null, null, '补丁.bin, revision 1, 50000 bytes'],
      ['refused', 't2', 'not-signed', null],
      ['partial', null, 'not-signed', '1 of 2 have it; not-signed: t2'],
      ['retried', null, null, null],
      ['complete', null, null, '2 of 2 have it'],
      ['node-came', 't9', null, 'terminal of east'],
      ['complete', null, null, '3 of 3 have it'],
    ],
  );
});

test('a central that is killed at any moment goes on where it was', async (t) => {
  for (const afterMs of [0, 5, 20, 60, 150]) {
    const { central, nodes, folder, stop, rabbit } = await fleet(t, ['t1', 't2']);
    nodes[0]!.faults.mute = 1;
    const id = await central.publish({ path: fileOf(folder, 900_000) });
    await new Promise((resolve) => setTimeout(resolve, afterMs));
    await stop();
    nodes[0]!.faults.mute = 0;
    const again = await centralOn(t, rabbit, folder);
    for (const node of nodes) node.hello(0);
    await until(`complete after ${afterMs} ms`, () => again.central.distributions()[0]?.state === 'complete');
    for (const node of nodes) assert.ok(node.whole.has(id));
    await again.stop();
  }
});

test('while there is no broker nobody is silent, and a central that begins anew gives what was begun time, and nothing twice', async (t) => {
  const folder = temporary(t);
  const rabbit = new FakeRabbit();
  let aheadMs = 0;
  const clock = { ...realClock, nowMs: () => Date.now() + aheadMs };
  const first = await centralOn(t, rabbit, folder, { clock });
  const node = new ScriptedNode(t, rabbit, 't1');
  node.faults.deaf = 99;
  await until('it is here', () => first.central.nodes().length === 1);
  const id = await first.central.publish({ path: fileOf(folder, 200_000) });
  await until('it is sent', () => node.parcels === 1);
  await until('the broker has said that it has it', () => first.book.unsent().length === 0);
  rabbit.stop();
  const target = (book = first.book) => book.target(id, 't1');
  for (let i = 0; i < 3; i++) {
    aheadMs += PLAN_LIMITS.stalledMs;
    await sleep(1_100);
    assert.deepEqual([target()?.state, target()?.tries], ['receiving', 0]);
  }
  rabbit.start();
  await until('the broker is back', () => first.central.notes({}).some(({ code }) => code === 'broker-back'));
  await sleep(1_100);
  assert.equal(target()?.tries, 0, 'it has its time from now on');
  await first.stop();
  aheadMs += PLAN_LIMITS.stalledMs;
  const { book, central } = await centralOn(t, rabbit, folder, { clock });
  await sleep(1_100);
  assert.equal(target(book)?.tries, 0);
  node.faults.deaf = 0;
  aheadMs += PLAN_LIMITS.stalledMs;
  await until('complete', () => central.distributions()[0]?.state === 'complete');
  assert.deepEqual(
    [node.cameBytes, node.parcels],
    [200_000, 1],
    'whoever did not take it with its offer is asked first',
  );
});

test('who gets on has all his tries again', async (t) => {
  const { central, nodes, folder, book } = await fleet(t, ['t1']);
  nodes[0]!.faults.deaf = 99;
  const id = await central.publish({ path: fileOf(folder, 50_000) });
  const said = async (haveBytes: number) => {
    book.putTarget(id, 't1', Date.now(), { state: 'receiving', tries: 5, haveBytes: 1_000 });
    nodes[0]?.say({ kind: 'progress', id, haveBytes });
    await until('it is heard', () => book.target(id, 't1')?.haveBytes === haveBytes);
    return book.target(id, 't1')?.tries;
  };
  assert.equal(await said(2_000), 0);
  assert.equal(await said(999), 5);
});

test('who is away is not asked who he is: his inbox does not fill, which would refuse for all', async (t) => {
  const folder = temporary(t);
  const rabbit = new FakeRabbit();
  let aheadMs = 0;
  const clock = { ...realClock, nowMs: () => Date.now() + aheadMs };
  const { central, book } = await centralOn(t, rabbit, folder, { clock });
  const [staying, going] = [new ScriptedNode(t, rabbit, 't1'), new ScriptedNode(t, rabbit, 't2')];
  await until('all are here', () => central.nodes().length === 2);
  await going.leave();
  const asked = (): number => staying.said.filter(({ kind }) => kind === 'discover').length;
  for (let i = 0; i < 7; i++) {
    const before = asked();
    aheadMs += 30_000;
    await until('it is asked', () => asked() > before);
  }
  assert.ok(rabbit.depth(controlInbox('t2')) <= 3, `${rabbit.depth(controlInbox('t2'))} wait for who is away`);
  assert.deepEqual(book.unsent(), [], 'nor is it kept to be sent again');
});

test('the diary tells of a node that begins anew, goes, comes back, and warns', async (t) => {
  const folder = temporary(t);
  const rabbit = new FakeRabbit();
  let aheadMs = 0;
  const clock = { ...realClock, nowMs: () => Date.now() + aheadMs };
  const { central } = await centralOn(t, rabbit, folder, { clock });
  const node = new ScriptedNode(t, rabbit, 't1');
  node.faults.deaf = 99;
  const told = (...codes: string[]) =>
    until(codes.join(), () => {
      const here = central.notes({ node: 't1' }).map(({ code, why, detail }) => [code, why, detail].join(' ').trim());
      return here.reverse().join() === codes.join();
    });
  await told('node-came  terminal of east');
  node.beganMs++;
  node.hello(0);
  await told('node-came  terminal of east', 'node-restarted');
  const id = await central.publish({ path: fileOf(folder, 2_000) });
  node.say({ kind: 'warn', id, code: 'wrong-pieces', detail: '10.0.0.9' });
  const sofar = ['node-came  terminal of east', 'node-restarted', 'warned wrong-pieces 10.0.0.9'];
  await told(...sofar);
  await node.leave();
  aheadMs += 200_000;
  await told(...sofar, 'node-went');
  const again = new ScriptedNode(t, rabbit, 't1');
  await told(...sofar, 'node-went', 'node-came');
  await again.leave();
});

test('a seed that does not fit into an offer follows it', async (t) => {
  const { central, nodes, folder, stateOf } = await fleet(t, ['t1']);
  const many = join(folder, 'many');
  mkdirSync(many);
  for (let i = 0; i < 700; i++) writeFileSync(join(many, `${'long name '.repeat(18)}${i}`), 'x');
  const id = await central.publish({ path: many });
  await until('complete', () => stateOf(id) === 'complete');
  const kinds = nodes[0]?.said.map(({ kind }) => kind).filter((kind) => kind !== 'discover');
  assert.ok(kinds?.includes('seed'));
});

test('what is cancelled is not tried on, and originals that change are not sent as what was signed', async (t) => {
  const { central, nodes, folder, stateOf } = await fleet(t, ['t1']);
  nodes[0]!.faults.deaf = 9;
  const id = await central.publish({ path: fileOf(folder, 50_000) });
  central.cancel(id);
  await until('it is told', () => nodes[0]?.said.some(({ kind }) => kind === 'cancel') ?? false);
  assert.equal(stateOf(id), 'cancelled');
  nodes[0]!.faults.deaf = 0;
  appendFileSync(join(folder, '补丁.bin'), 'more');
  const other = await central.publish({ path: join(folder, '补丁.bin') });
  assert.notEqual(other, id);
  await until('complete', () => stateOf(other) === 'complete');
  assert.deepEqual(
    central.distributions().map(({ rev }) => rev),
    [2, 1],
  );
});

test('what nobody can read is thrown away, and said by nobody else', async (t) => {
  const { nodes, rabbit, central } = await fleet(t, ['t1']);
  const broker = rabbit.connect({
    topology: () => ({ exchanges: [], queues: [], bindings: [] }),
    onError: (error) => assert.fail(String(error)),
  });
  t.after(() => broker.close());
  const send = (key: string, type: string, body: string, contentType = 'x') =>
    broker.publish(
      {
        exchange: 'fleet.up',
        key,
        type,
        messageId: `${key}${body}`,
        contentType,
        persistent: true,
        body: Buffer.from(body),
      },
      false,
    );
  await until('up', () => broker.state.kind === 'up');
  for (const body of ['', '{', '{"id":1}', 'null']) await send('t1.done', 'done', body);
  await send('t1.hello', 'done', '{}');
  await send('no.such.key', 'hello', '{}');
  nodes[0]?.say({ kind: 'done', id: 'ab'.repeat(32), ms: 1, amqpBytes: 0, swarmBytes: 0 });
  nodes[0]?.say({ kind: 'want', id: 'ab'.repeat(32), pieces: [[0, 1e15]] });
  await until('all is read', () => rabbit.depth('central.up') === 0);
  assert.equal(central.nodes().length, 1);
  assert.equal(decodeUp({ type: 'done', contentType: 'x', body: Buffer.alloc(0) }).kind, 'unsupported');
});

/** Of a site where AMQP is as good as nothing to wait for. */
const quickAmqp = {
  amqp: { w: 1e6, x: 1e7, y: 1e4, xx: 1e9, xy: 1e5 },
  swarm: { w: 1, x: 50, y: 100, xx: 5_000, xy: 5_000 },
  like: {},
};
