/** Distributions as torrents of the box: its real store, index and manager, and neighbours on the loopback. */
import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { realClock } from '#base/clock.ts';
import { silentLog } from '#base/log.ts';
import { Scope } from '#base/scope.ts';
import {
  distribution,
  holds,
  nodeOf,
  offerOf,
  PIECE,
  pieceOf,
  piecesOf,
  ScriptedCentral,
  temporary,
} from '#fleet/node/fixtures.ts';
import { framed, type KeepBench, keepCompliance, neighbour } from '#fleet/node/keep-compliance.ts';
import { Index } from '#index/index.ts';
import { nobodyThere, openToAll } from '#manager/fixtures.ts';
import { Manager } from '#manager/manager.ts';
import { RestingTorrent } from '#manager/resting-torrent.ts';
import { Store } from '#store/store.ts';
import { FramedPiece } from '#wire/framed-piece.ts';
import { FleetTasks } from './fleet-tasks.ts';

const fail = (error: unknown): void => assert.fail(String(error));

function dial({ endpoint }: { endpoint: { ip: string; port: number } }): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const socket = connect({ host: endpoint.ip, port: endpoint.port });
  socket.once('connect', () => resolve(socket)).once('error', reject);
  return promise;
}

type Bench = KeepBench & {
  readonly tasks: FleetTasks;
  readonly manager: Manager;
  readonly index: Index;
  /** Why nothing may be fetched. */
  held: string | undefined;
};

/** `laterMs`: how far time is ahead. */
type BenchOptions = {
  readonly stop?: 'first' | 'clean';
  readonly floorBytes?: number;
  readonly laterMs?: () => number;
};

/** The parts of a house that a distribution lies in. */
async function benchIn(
  t: TestContext,
  folder: string,
  { stop = 'first', floorBytes = 0, laterMs = () => 0 }: BenchOptions = {},
): Promise<Bench> {
  const index = Index.open(join(folder, 'index.db'), silentLog);
  const config = { disks: [{ path: folder }], probeBytes: 0, cacheBytes: 64 << 20, floorBytes, hashWorkers: 1 };
  const store = await Store.open<FramedPiece>(config, FramedPiece, silentLog);
  const scope = new Scope(fail);
  const nowMs = (): number => Date.now() + laterMs();
  let tasks: FleetTasks | undefined;
  const manager: Manager = new Manager(
    { ...openToAll, isOwn: (infoHash) => tasks?.isOpen(infoHash) ?? false },
    {
      ...nobodyThere(),
      clock: { nowMs, sleep: realClock.sleep },
      store,
      index,
      dial,
      pieceSha256: (infoHash) => tasks?.pieceSha256(infoHash),
    },
    silentLog,
  );
  manager.resume(stop);
  const living = (infoHash: Parameters<Manager['living']>[0]) => manager.living(infoHash);
  const bench = { held: undefined as string | undefined };
  tasks = new FleetTasks(
    {
      // Nobody waits for long.
      clock: { nowMs, sleep: (ms, signal) => realClock.sleep(Math.min(ms, 20), signal) },
      index,
      manager,
      store,
      claim: (arriving) => manager.claim(arriving),
      held: () => bench.held,
      drop: async (infoHash) => {
        await manager.dismiss([infoHash], 'removed');
        await (await RestingTorrent.open(infoHash, { clock: realClock, index, store, living }))?.drop();
      },
      room: () => store.freeBytes(),
      seedOf: () => undefined,
    },
    scope,
  );
  let ending: Promise<void> | undefined;
  const end = (): Promise<void> => {
    ending ??= (async () => {
      await scope.close();
      await manager.close();
      await store.close();
      index.close();
    })();
    return ending;
  };
  t.after(end);
  const restart = async (): Promise<Bench> => {
    await end();
    return benchIn(t, folder, { stop: 'clean' });
  };
  return Object.assign(bench, { keep: tasks, tasks, manager, index, restart });
}

keepCompliance('tasks', (t) => benchIn(t, temporary(t)));

/** As a node opens it. */
function worldOf(t: TestContext) {
  const scope = new Scope(fail);
  t.after(() => scope.close());
  const stopped: string[] = [];
  const cannotKeep = (why: string): void => void stopped.push(why);
  return { log: silentLog, scope, wasWhole: false, gained: () => {}, cannotKeep, lied: () => {}, stopped };
}

test('nothing comes while nothing may be fetched ahead, and that is no trouble', async (t) => {
  const bench = await benchIn(t, temporary(t));
  const patch = distribution(8 * PIECE);
  const giver = await neighbour(t, patch, 'all');
  bench.held = 'window-shut';
  const kept = await bench.keep.open(patch.seed, worldOf(t));
  kept.start([giver.place]);
  assert.equal(kept.waits, true);
  // Small ones come by AMQP at any hour.
  assert.equal(await kept.keepRun(0, 1, pieceOf(patch, 0)), 'ok');
  bench.held = undefined;
  await holds('it goes on', () => !kept.waits);
  await holds('it is whole', () => kept.whole);
  assert.equal(kept.swarmBytes, 7 * PIECE);
  assert.equal(bench.manager.living(patch.seed.meta.infoHash)?.public, false, 'nobody is told of it');
});

test('pieces that were verified by less before it was known what was signed are verified once more', async (t) => {
  const bench = await benchIn(t, temporary(t));
  const patch = distribution(4 * PIECE);
  const { meta, pieceSha256 } = patch.seed;
  bench.manager.change({ ...openToAll, servePrivate: true, spareFlash: false });
  const early = bench.manager.order(meta.infoHash);
  assert.ok(typeof early !== 'string');
  early.learn(meta.infoBytes);
  for (const index of piecesOf(patch)) assert.equal(await early.put(framed(patch, index)), 'ok');
  assert.equal(early.isSigned, false);
  const other = Buffer.from(pieceSha256);
  other.fill(0, 32, 64);
  const kept = await bench.keep.open({ ...patch.seed, pieceSha256: other }, worldOf(t));
  assert.equal(bench.manager.living(meta.infoHash)?.isSigned, true);
  assert.deepEqual(piecesOf(patch).map((piece) => kept.has(piece)), [true, false, true, true]); // biome-ignore format: one line
});

test('the index knows of all pieces once they are in their place, whatever comes then', async (t) => {
  const bench = await benchIn(t, temporary(t));
  const patch = distribution(5 * PIECE);
  const kept = await bench.keep.open(patch.seed, worldOf(t));
  for (const index of piecesOf(patch)) assert.equal(await kept.keepRun(index, 1, pieceOf(patch, index)), 'ok');
  await kept.place();
  assert.equal(bench.index.task(patch.seed.meta.infoHash)?.haveCount, 5);
});

test('what the operator blocks has no place, and what he blocks later stops', async (t) => {
  const bench = await benchIn(t, temporary(t));
  const [first, second] = [distribution(PIECE), distribution(PIECE)];
  const world = worldOf(t);
  const kept = await bench.keep.open(first.seed, world);
  kept.start([{ ip: '127.74.9.9', port: 9 }]);
  const block = [first, second].map(({ manifest }) => manifest.infoHash);
  bench.manager.change({ ...openToAll, block, spareFlash: false });
  await assert.rejects(bench.keep.open(second.seed, worldOf(t)), { code: 'blocked' });
  await holds('it is told', () => world.stopped.includes('blocked'));
});

test('two boxes get a distribution from the central once, and from each other', async (t) => {
  const central = await ScriptedCentral.start(t);
  const patch = distribution(64 * PIECE + 5);
  const giver = await neighbour(t, patch, 'all');
  // Narrower than the line between the boxes; a giver whose line is wide gives more.
  giver.swarm.limit(2_000_000);
  const boxes = await Promise.all(
    ['r1', 'r2'].map(async (name, i) => {
      const { keep, manager } = await benchIn(t, temporary(t));
      const swarm = { ip: `127.74.1.${i + 1}`, port: 0 };
      const bench = await nodeOf(t, central, name, { role: 'relay', swarm, keep });
      return { ...bench, name, manager };
    }),
  );
  const places = boxes.map(({ node }) => ({ ...node.swarm }));
  for (const { name } of boxes) {
    await central.say(`node.${name}`, offerOf(patch, 'swarm'));
    await central.next(name, 'ready');
  }
  for (const [slot, { name }] of boxes.entries()) await central.start(name, patch, [giver.place], places, slot);
  for (const { name } of boxes) {
    const { swarmBytes, amqpBytes } = await central.next(name, 'done');
    assert.deepEqual([swarmBytes, amqpBytes], [patch.bytes.length, 0]);
  }
  const copies = giver.swarm.counts.gaveBytes / patch.bytes.length;
  t.diagnostic(JSON.stringify({ copies }));
  assert.ok(copies < 1.5, `the central gave ${copies} copies to two`);
  assert.deepEqual(central.unasked(), []);
});

test('a disk that makes no room is told of, at once of a piece that came, later of what others offer', async (t) => {
  let laterMs = 0;
  const bench = await benchIn(t, temporary(t), { floorBytes: 1e15, laterMs: () => laterMs });
  const patch = distribution(4 * PIECE);
  const giver = await neighbour(t, patch, 'all');
  const world = worldOf(t);
  const kept = await bench.keep.open(patch.seed, world);
  assert.equal(await kept.keepRun(0, 1, pieceOf(patch, 0)), 'full');
  kept.start([giver.place]);
  await holds('it has tried', () => {
    laterMs += 50;
    return bench.manager.living(patch.seed.meta.infoHash)?.view().why === 'disk-full';
  });
  assert.deepEqual(world.stopped, []);
  await holds('it is told', () => {
    laterMs += 10_000;
    return world.stopped.includes('full');
  });
});
