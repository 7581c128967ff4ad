/** Bundles, hours and rates, over a broker in memory, with nodes that do as they are told. */
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import { realClock } from '#base/clock.ts';
import type { Orders } from '../config-types.ts';
import { FakeRabbit } from '../fake-broker.ts';
import { centralOn, fileOf, keys, ScriptedNode, temporary, until } from './fixtures.ts';

type Over = Parameters<typeof centralOn>[3];

const BOXES = ['b1', 'b2', 'b3'];
/** Each of three has a wave of its own. */
const ONE_BY_ONE: Orders = { waves: { shares: [0.3, 0.6, 1], mostFailed: 0.02 } };
const firmware = (version: string) => ({ compatible: 'box', version });

async function fleet(t: TestContext, over: Over = {}, names: readonly string[] = BOXES) {
  const folder = temporary(t);
  const rabbit = new FakeRabbit();
  const world = { firmwareKey: () => keys.privateKey, ...over };
  const it = await centralOn(t, rabbit, folder, world);
  const nodes = new Map(names.map((name) => [name, new ScriptedNode(t, rabbit, name, { site: `of-${name}` })]));
  await until('all are here', () => it.central.nodes().length === names.length);
  const restart = async () => {
    await it.stop();
    return centralOn(t, rabbit, folder, world);
  };
  const publish = (version: string, orders: Orders = ONE_BY_ONE) =>
    it.central.publish({ path: fileOf(folder, 20_000), kind: 'firmware', firmware: firmware(version) }, orders);
  return { ...it, folder, rabbit, nodes, publish, restart };
}
type Central = Awaited<ReturnType<typeof fleet>>['central'];

const of = (central: Central, id: string) => central.distributions().find((d) => d.id === id);
const installs = (central: Central, id: string): string[] =>
  of(central, id)?.targets.map(({ node, install }) => `${node} ${install?.wave} ${install?.state}`) ?? [];
const isAt = (central: Central, id: string, state: string) => () => of(central, id)?.rollout?.state === state;
/** A message may come twice. */
const orderedTo = (node: ScriptedNode | undefined): number =>
  new Set(node?.said.flatMap((message) => (message.kind === 'install' ? [`${message.id} ${message.attempt}`] : [])))
    .size;

test('a bundle is brought to all, then installed wave after wave', async (t) => {
  const { central, publish, nodes } = await fleet(t);
  const id = await publish('2.0');
  await until('it is over', isAt(central, id, 'over'));
  assert.deepEqual(installs(central, id), ['b1 0 healthy', 'b2 1 healthy', 'b3 2 healthy']);
  for (const node of nodes.values()) assert.equal(orderedTo(node), 1);
  const notes = central.notes({ distribution: id }).reverse();
  assert.deepEqual(
    notes
      .filter(({ code }) => code.startsWith('wave') || code === 'rolled-out')
      .map(({ code, detail }) => [code, detail]),
    [
      ['wave-opened', 'wave 1 of 3: b1'],
      ['wave-opened', 'wave 2 of 3: b2'],
      ['wave-opened', 'wave 3 of 3: b3'],
      ['rolled-out', '3 of 3 are healthy'],
    ],
  );
});

test('a failure stops it, over a restart too, until a person says that it goes on', async (t) => {
  const { central, publish, nodes, restart } = await fleet(t);
  nodes.get('b2')!.faults.installs = 'rolled-back';
  const id = await publish('2.0');
  await until('it stopped', isAt(central, id, 'stopped'));
  const { why, node, wave } = of(central, id)?.rollout ?? {};
  assert.deepEqual([why, node, wave], ['rolled-back', 'b2', 1]);
  const again = (await restart()).central;
  for (const node of nodes.values()) node.hello(0);
  await until('all are here', () => again.nodes().every(({ online }) => online));
  assert.deepEqual(installs(again, id), ['b1 0 healthy', 'b2 1 rolled-back', 'b3 2 waiting']);
  assert.equal(orderedTo(nodes.get('b3')), 0);
  nodes.get('b2')!.faults.installs = 'healthy';
  again.retry(id as never);
  assert.equal(of(again, id)?.rollout?.state, 'stopped');
  again.resume(id as never);
  await until('it is over', isAt(again, id, 'over'));
  assert.deepEqual(installs(again, id), ['b1 0 healthy', 'b2 1 healthy', 'b3 2 healthy']);
  assert.equal(orderedTo(nodes.get('b2')), 2);
});

test('a later revision takes the place of one that stopped', async (t) => {
  const { central, publish, nodes } = await fleet(t);
  nodes.get('b1')!.faults.installs = 'unhealthy';
  const bad = await publish('2.0');
  await until('it stopped', isAt(central, bad, 'stopped'));
  nodes.get('b1')!.faults.installs = 'healthy';
  const mended = await publish('2.0.1');
  await until('the mended one is over', isAt(central, mended, 'over'));
  await until('the bad one is over', isAt(central, bad, 'over'));
  assert.equal(of(central, bad)?.rollout?.why, 'replaced');
  assert.deepEqual(installs(central, bad), ['b1 0 failed', 'b2 1 waiting', 'b3 2 waiting']);
  assert.deepEqual(installs(central, mended), ['b1 0 healthy', 'b2 1 healthy', 'b3 2 healthy']);
});

test('who is silent has failed, and is mended by what he says at last', async (t) => {
  const { central, publish, nodes } = await fleet(t, { installSilentMs: 300 });
  nodes.get('b1')!.faults.installs = 'silent';
  const id = await publish('2.0');
  await until('it stopped', isAt(central, id, 'stopped'));
  assert.equal(of(central, id)?.rollout?.why, 'silent');
  nodes.get('b1')?.say({ kind: 'installed', id, attempt: 1, healthy: true });
  await until('it is healthy', () => installs(central, id)[0] === 'b1 0 healthy');
  assert.equal(of(central, id)?.rollout?.state, 'stopped', 'a stop is a stop');
  central.resume(id as never);
  await until('it is over', isAt(central, id, 'over'));
});

test("that a central could hear nobody for long is nobody's silence", async (t) => {
  let skewMs = 0;
  const clock = { ...realClock, nowMs: () => Date.now() + skewMs };
  const { central, publish, nodes, restart } = await fleet(t, { clock });
  nodes.get('b1')!.faults.installs = 'silent';
  const id = await publish('2.0');
  await until('it is asked', () => orderedTo(nodes.get('b1')) === 1);
  assert.equal(of(central, id)?.rollout?.state, 'rolling');
  skewMs += 86_400_000;
  const again = (await restart()).central;
  for (const node of nodes.values()) node.hello(0);
  await until('all are here', () => again.nodes().every(({ online }) => online));
  nodes.get('b1')?.say({ kind: 'installed', id, attempt: 1, healthy: true });
  await until('it is over', isAt(again, id, 'over'));
  assert.ok(!again.notes({ distribution: id }).some(({ code }) => code === 'wave-stopped'));
});

test('who comes late is in the last wave', async (t) => {
  const { central, publish, rabbit } = await fleet(t);
  const id = await publish('2.0');
  await until('it is over', isAt(central, id, 'over'));
  const late = new ScriptedNode(t, rabbit, 'b9', { site: 'of-b9' });
  await until('it has it', () => late.whole.has(id));
  await until('it is asked', () => orderedTo(late) === 1);
  await until('it is healthy', () => installs(central, id).includes('b9 2 healthy'));
});

test('firmware needs a key of its own, a device, a version, and one file', async (t) => {
  const { central, folder } = await fleet(t, { firmwareKey: undefined as never }, ['b1']);
  const path = fileOf(folder, 100);
  const kind = 'firmware' as const;
  await assert.rejects(central.publish({ path, kind, firmware: firmware('1') }), /no "firmwareKey"/);
  const other = generateKeyPairSync('ed25519').privateKey;
  const { central: keyed, folder: its } = await fleet(t, { firmwareKey: () => other }, ['b1']);
  await assert.rejects(keyed.publish({ path: fileOf(its, 100), kind }), /for which device/);
  await assert.rejects(keyed.publish({ path: its, kind, firmware: firmware('1') }), /no bundle/);
  await assert.rejects(keyed.publish({ path: fileOf(its, 1) }, ONE_BY_ONE), /only firmware/);
  const falling = { waves: { shares: [0.5, 0.2, 1], mostFailed: 0 } };
  await assert.rejects(keyed.publish({ path: fileOf(its, 1), kind, firmware: firmware('1') }, falling), /must rise/);
});

test('outside its hours nothing is offered and nothing installed; in them it goes on', async (t) => {
  const noon = new Date(2026, 5, 1, 12).getTime();
  let skewMs = noon - Date.now();
  const clock = { ...realClock, nowMs: () => Date.now() + skewMs };
  const { central, publish, nodes } = await fleet(t, { clock });
  const id = await publish('2.0', { ...ONE_BY_ONE, window: { from: '23:00', until: '06:00' } });
  await until('it waits', () => of(central, id)?.targets.every(({ why }) => why === 'window') ?? false);
  for (const node of nodes.values()) assert.ok(!node.said.some(({ kind }) => kind === 'offer'));
  skewMs += 12 * 3_600_000;
  for (const node of nodes.values()) node.hello(1);
  await until('it is over', isAt(central, id, 'over'), 40_000);
});

test('what a site may get is sent at its rate, once, and others do not wait for it', async (t) => {
  const sites = { 'of-b1': { rateBytesPerS: 400_000 } };
  const { central, folder, nodes, book } = await fleet(t, { sites }, ['b1', 'b2']);
  const quick = {
    amqp: { w: 1e6, x: 1e7, y: 1e4, xx: 1e9, xy: 1e5 },
    swarm: { w: 1, x: 50, y: 100, xx: 5_000, xy: 5_000 },
    like: {},
  };
  for (const site of ['of-b1', 'of-b2']) book.setFact(`ways site ${site}`, JSON.stringify(quick));
  const startMs = Date.now();
  const id = await central.publish({ path: fileOf(folder, 1_200_000) });
  await until('the other one has it', () => nodes.get('b2')?.whole.has(id) ?? false);
  assert.ok(!nodes.get('b1')?.whole.has(id), 'nobody waited');
  await until('complete', () => of(central, id)?.state === 'complete');
  const rate = 1_200_000 / ((Date.now() - startMs) / 1_000);
  assert.ok(rate < 450_000, `${rate} bytes a second`);
  for (const node of nodes.values()) assert.equal(node.cameBytes, 1_200_000);
});
