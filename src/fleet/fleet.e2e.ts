/** The central and real nodes over a broker in memory: whole distributions, with files and swarms as they are. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Clock, realClock } from '#base/clock.ts';
import { silentLog } from '#base/log.ts';
import { Scope } from '#base/scope.ts';
import { FleetBook } from '#index/fleet-book.ts';
import { centralOn, keys, until } from './central/fixtures.ts';
import { PLAN_LIMITS } from './central/plan.ts';
import type { SiteConfig, Window } from './config-types.ts';
import { FakeRabbit } from './fake-broker.ts';
import type { Role } from './message-types.ts';
import { controlTopology, dataTopology } from './names.ts';
import { FleetNode } from './node/fleet-node.ts';
import type { Installer } from './node/installer.ts';

const onError = (error: unknown): void => assert.fail(String(error));
let addresses = 1;

/** A node in a folder of its own, on an address of its own. */
async function nodeOn(
  t: TestContext,
  rabbit: FakeRabbit,
  folder: string,
  name: string,
  role: Role = 'terminal',
  site = 'east',
  installer?: Installer,
) {
  const ip = `127.72.${Math.floor(addresses / 250)}.${(addresses++ % 250) + 1}`;
  const run = async () => {
    const scope = new Scope(onError);
    const book = FleetBook.open(join(folder, `${name}.db`));
    const control = rabbit.connect({ topology: () => controlTopology(name, site), onError, parent: scope });
    const data = rabbit.connect({ topology: () => dataTopology(name, site), onError, parent: scope });
    await FleetNode.start({
      name,
      role,
      site,
      version: 'test',
      trusted: [{ key: keys.publicKey, kinds: ['files', 'firmware'] }],
      ...(installer && { installer }),
      folder: join(folder, name),
      book,
      control,
      data,
      swarm: { ip, port: 6_881 },
      clock: realClock,
      log: silentLog,
      scope,
      freeBytes: () => 1e12,
    });
    return async () => {
      await scope.close();
      book[Symbol.dispose]();
    };
  };
  let stop = await run();
  t.after(() => stop());
  return {
    name,
    file: (path: string) => join(folder, name, path),
    restart: async () => {
      await stop();
      stop = await run();
    },
  };
}

function folderFor(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'swarmbox-fleet-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function fleetOf(
  t: TestContext,
  names: readonly string[],
  over: { readonly sites?: Record<string, SiteConfig>; readonly clock?: Clock } = {},
) {
  const folder = folderFor(t);
  const rabbit = new FakeRabbit();
  const it = await centralOn(t, rabbit, folder, over);
  const nodes: Awaited<ReturnType<typeof nodeOn>>[] = [];
  for (const name of names)
    nodes.push(await nodeOn(t, rabbit, folder, name, name.startsWith('r') ? 'relay' : 'terminal'));
  await until('all are here', () => it.central.nodes().length === names.length);
  const published = async (bytes: number) => {
    const content = randomBytes(bytes);
    writeFileSync(join(folder, '补丁.bin'), content);
    const id = await it.central.publish({ path: join(folder, '补丁.bin') });
    return { id, content };
  };
  const stateOf = (id: string): string | undefined => it.central.distributions().find((d) => d.id === id)?.state;
  const allHave = (content: Buffer): void => {
    for (const { file, name } of nodes) assert.ok(readFileSync(file('补丁.bin')).equals(content), name);
  };
  return { ...it, rabbit, folder, nodes, published, stateOf, allHave };
}

for (const [way, bytes] of [
  ['with the offer', 500_000],
  ['in chunks or by the swarm, whatever is believed', 5_000_000],
] as const)
  test(`a file travels ${way}, and is in its place everywhere`, async (t) => {
    const { published, stateOf, allHave, nodes } = await fleetOf(t, ['t1', 't2', 't3']);
    const { id, content } = await published(bytes);
    await until('complete', () => stateOf(id) === 'complete');
    allHave(content);
    assert.equal(nodes.length, 3);
  });

test('a large file goes to the relay, and from there to the terminals, by swarms', async (t) => {
  const { published, stateOf, allHave, book } = await fleetOf(t, ['r1', 't1', 't2', 't3']);
  // AMQP is slow here, as far as is known.
  for (const group of ['relays', 'site east'])
    book.setFact(
      `ways ${group}`,
      JSON.stringify({
        amqp: { w: 1, x: 50, y: 100, xx: 5_000, xy: 5_000 },
        swarm: { w: 1e6, x: 1e7, y: 1e4, xx: 1e9, xy: 1e5 },
        like: {},
      }),
    );
  const { id, content } = await published(12_000_000);
  await until('complete', () => stateOf(id) === 'complete', 60_000);
  allHave(content);
});

test('a node that is started anew in the middle, and one that comes late, get it too', async (t) => {
  const { published, stateOf, allHave, nodes, rabbit, folder } = await fleetOf(t, ['t1', 't2']);
  const { id, content } = await published(8_000_000);
  await nodes[0]?.restart();
  await until('complete', () => stateOf(id) === 'complete', 60_000);
  allHave(content);
  const late = await nodeOn(t, rabbit, folder, 't9');
  await until(
    'the late one has it',
    () => {
      try {
        return readFileSync(late.file('补丁.bin')).equals(content);
      } catch {
        return false;
      }
    },
    60_000,
  );
});

const clockTime = (ms: number): string => new Date(ms).toTimeString().slice(0, 5);

test('when the hours of a site are over what is on its way stands still, and goes on when they come again', async (t) => {
  const hourMs = 3_600_000;
  const open: Window = { from: clockTime(Date.now() - 2 * hourMs), until: clockTime(Date.now() + 2 * hourMs) };
  const shut: Window = { from: clockTime(Date.now() + 4 * hourMs), until: clockTime(Date.now() + 6 * hourMs) };
  const sites: Record<string, SiteConfig> = { east: { rateBytesPerS: 2_000_000, window: open } };
  let skewMs = 0;
  const clock = { ...realClock, nowMs: () => Date.now() + skewMs };
  const { published, central, stateOf, allHave } = await fleetOf(t, ['t1', 't2'], { sites, clock });
  const { id, content } = await published(8_000_000);
  const isAll = (state: string) => () => central.distributions()[0]?.targets.every((of) => of.state === state) ?? false;
  await until('it has begun', isAll('receiving'));
  sites.east = { ...sites.east, window: shut };
  // It is seen that nothing comes any more.
  skewMs += PLAN_LIMITS.stalledMs;
  await until('they wait', () => central.distributions()[0]?.targets.every(({ why }) => why === 'window') ?? false);
  assert.equal(stateOf(id), 'open');
  sites.east = { ...sites.east, window: open };
  await until('complete', () => stateOf(id) === 'complete', 60_000);
  allHave(content);
});

test('a bundle travels through a relay that is another device, and is installed as it was signed by those it is for', async (t) => {
  const folder = folderFor(t);
  const rabbit = new FakeRabbit();
  const { central } = await centralOn(t, rabbit, folder, { firmwareKey: () => keys.privateKey });
  const installed: Buffer[] = [];
  const installer = (compatible: string): Installer => ({
    running: async () => ({ compatible, version: '1.0' }),
    install: async ({ path = '' }) => {
      installed.push(readFileSync(path));
      return { kind: 'healthy' };
    },
    outcome: async () => undefined,
  });
  await nodeOn(t, rabbit, folder, 'r1', 'relay', 'east', installer('box'));
  await nodeOn(t, rabbit, folder, 't1', 'terminal', 'east', installer('pc'));
  await nodeOn(t, rabbit, folder, 't2', 'terminal', 'east', installer('pc'));
  await nodeOn(t, rabbit, folder, 't3', 'terminal', 'east', installer('box'));
  await nodeOn(t, rabbit, folder, 't4');
  await until('all are here', () => central.nodes().length === 5);
  const content = randomBytes(700_000);
  writeFileSync(join(folder, 'pc.bundle'), content);
  const firmware = { compatible: 'pc', version: '1.10' };
  const id = await central.publish({ path: join(folder, 'pc.bundle'), kind: 'firmware', firmware });
  const row = () => central.distributions().find((d) => d.id === id);
  await until('it is over', () => row()?.rollout?.state === 'over');
  assert.deepEqual(
    row()?.targets.map(({ node, state, why, install }) => [node, state, why, install?.state]),
    [
      ['r1', 'done', null, undefined],
      ['t1', 'done', null, 'healthy'],
      ['t2', 'done', null, 'healthy'],
      ['t3', 'refused', 'other-device', undefined],
      ['t4', 'refused', 'no-installer', undefined],
    ],
  );
  assert.equal(installed.length, 2);
  for (const bytes of installed) assert.ok(bytes.equals(content));
});
