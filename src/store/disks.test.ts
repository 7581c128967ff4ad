import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, renameSync, rmSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Bitfield } from '#base/bitfield.ts';
import { silentLog } from '#base/log.ts';
import { type GappedPiece, gappedMaker, payloadOf, randomSample, type Sample, temporaryFolder } from './fixtures.ts';
import { sharedHashes } from './shared-hashes.ts';
import { Store } from './store.ts';

const never = new AbortController().signal;
const hashes = sharedHashes();

/** Folders that play the disks; pulling one out renames what is in it. */
class Machine implements Disposable {
  readonly #folder = temporaryFolder();
  readonly paths: string[];

  constructor(count: number) {
    this.paths = Array.from({ length: count }, (_, i) => join(this.#folder.path, `disk${i}`));
    for (const path of this.paths) mkdirSync(path);
  }

  open(ids: readonly (string | undefined)[] = []): Promise<Store<GappedPiece>> {
    const disks = this.paths.map((path, i) => ({ path, id: ids[i] }));
    return Store.open(
      { disks, probeBytes: 0, cacheBytes: 0, floorBytes: 0, hashWorkers: 1 },
      gappedMaker,
      silentLog,
      hashes,
    );
  }

  pull(disk: number): void {
    renameSync(join(this.paths[disk] as string, 'swarmbox'), join(this.#folder.path, `pulled${disk}`));
  }

  plug(disk: number): void {
    renameSync(join(this.#folder.path, `pulled${disk}`), join(this.paths[disk] as string, 'swarmbox'));
  }

  /** Numbers of the disks that have a folder of the torrent. */
  holders(sample: Sample): number[] {
    return this.paths.flatMap((path, i) =>
      readdirSync(path).includes('swarmbox') &&
      readdirSync(join(path, 'swarmbox')).some((name) => name === sample.shape.infoHash)
        ? [i]
        : [],
    );
  }

  [Symbol.dispose](): void {
    this.#folder[Symbol.dispose]();
  }
}

async function keep(store: Store<GappedPiece>, sample: Sample): Promise<void> {
  for (let index = 0; index < sample.shape.pieceCount; index++)
    assert.equal((await store.task(sample.shape).accept(sample.piece(index))).kind, 'durable');
}

async function assertHeld(store: Store<GappedPiece>, sample: Sample): Promise<void> {
  for (let index = 0; index < sample.shape.pieceCount; index++) {
    const read = await store.task(sample.shape).read(index);
    assert.ok(read.kind === 'ok' && payloadOf(read.piece).equals(sample.payload(index)), `${index}: ${read.kind}`);
  }
}

async function found(store: Store<GappedPiece>, { shape }: Sample): Promise<number> {
  let count = 0;
  await store.task(shape).recheck(new Bitfield(shape.pieceCount), () => count++, never);
  return count;
}

const statesOf = (store: Store<GappedPiece>) => store.disks().map(({ state }) => state);

test('torrents spread over the disks, each whole on one of them, and are found there again', async () => {
  using machine = new Machine(3);
  const samples = Array.from({ length: 48 }, () => randomSample(2, 16_384));
  await using store = await machine.open();
  for (const sample of samples) await keep(store, sample);
  const homes = samples.map((sample) => machine.holders(sample));
  assert.ok(homes.every((home) => home.length === 1));
  assert.deepEqual([...new Set(homes.flat())].sort(), [0, 1, 2]);
  await store.close();
  await using again = await machine.open();
  for (const sample of samples) await assertHeld(again, sample);
  assert.equal(
    again.disks().reduce((sum, disk) => sum + disk.torrents, 0),
    samples.length,
  );
  await again.close();
});

test('a disk that is pulled out takes its torrents with it and nothing else, and gives them back', async () => {
  using machine = new Machine(2);
  await using store = await machine.open();
  const samples = Array.from({ length: 32 }, () => randomSample(2, 16_384));
  for (const sample of samples) await keep(store, sample);
  const [lost, kept] = [0, 1].map((disk) => samples.filter((sample) => machine.holders(sample)[0] === disk));
  assert.ok(lost?.[0] && lost[1] && kept?.length);
  const heard: string[] = [];
  // Held to the end: the store lets go of a task that nobody holds, and of who listens to it.
  const tasks = samples.map(({ shape }) => {
    const task = store.task(shape);
    task.onDisk((what) => heard.push(`${what} ${shape.infoHash}`));
    return task;
  });
  machine.pull(0);
  assert.equal((await store.task(lost[0].shape).read(0)).kind, 'failed', 'the first to notice');
  await store.watch();
  assert.deepEqual(statesOf(store), ['gone', 'good']);
  assert.deepEqual(new Set(heard), new Set(lost.map(({ shape }) => `gone ${shape.infoHash}`)));
  assert.ok(lost.every(({ shape }) => store.task(shape).empty));
  for (const sample of kept) await assertHeld(store, sample);
  // One of them is fetched again meanwhile: it has a newer home.
  const [again, idle] = lost;
  await keep(store, again);
  assert.deepEqual(machine.holders(again), [1]);
  heard.length = 0;
  machine.plug(0);
  await store.watch();
  assert.deepEqual(statesOf(store), ['good', 'good']);
  assert.ok(!heard.includes(`back ${again.shape.infoHash}`) && heard.includes(`back ${idle.shape.infoHash}`));
  assert.deepEqual(machine.holders(again), [1], 'the older copy is rubbish');
  assert.ok(tasks.every(({ empty }) => !empty));
  for (const sample of samples) await assertHeld(store, sample);
  assert.equal(await found(store, idle), 2);
  await store.close();
});

test('a piece at rest is verified while its disk has nothing else to do; of a disk that is gone nothing is said', async () => {
  using machine = new Machine(2);
  await using store = await machine.open();
  const samples = Array.from({ length: 32 }, () => randomSample(2, 16_384));
  for (const sample of samples) await keep(store, sample);
  const [[a, unread] = [], [b] = []] = [0, 1].map((disk) => samples.filter((s) => machine.holders(s)[0] === disk));
  assert.ok(a && unread && b);
  assert.deepEqual([store.home(a.shape.infoHash), store.home(b.shape.infoHash)], machine.paths);
  const [ours, theirs] = [store.task(a.shape), store.task(b.shape)];
  const kinds = async (...all: readonly Promise<{ kind: string }>[]) =>
    (await Promise.all(all)).map(({ kind }) => kind);
  assert.deepEqual(await kinds(ours.read(0), ours.verify(1), theirs.verify(1)), ['ok', 'busy', 'ok']);
  assert.deepEqual(
    await kinds(ours.verify(0), ours.verify(1), ours.read(1)),
    ['ok', 'busy', 'ok'],
    'clients never wait',
  );
  machine.pull(0);
  assert.deepEqual(await kinds(store.task(unread.shape).verify(0)), ['away'], 'the first to notice');
  await store.watch();
  assert.deepEqual(await kinds(ours.verify(0), theirs.verify(0)), ['away', 'ok']);
  assert.equal(store.home(a.shape.infoHash), undefined);
  machine.plug(0);
  await store.watch();
  assert.deepEqual(await kinds(ours.verify(0)), ['ok']);
  await store.close();
});

test('a disk that is missing at the start is waited for, and nothing is put into its empty mount point', async () => {
  using machine = new Machine(2);
  await using first = await machine.open();
  const samples = Array.from({ length: 32 }, () => randomSample(1, 16_384));
  for (const sample of samples) await keep(first, sample);
  const ids = first.disks().map(({ id }) => id);
  await first.close();
  const [lost, kept] = [0, 1].map((disk) => samples.filter((sample) => machine.holders(sample)[0] === disk));
  machine.pull(0);
  await using store = await machine.open(ids);
  assert.deepEqual(statesOf(store).sort(), ['gone', 'good']);
  for (const sample of kept ?? []) await assertHeld(store, sample);
  assert.ok(lost?.every(({ shape }) => store.task(shape).empty));
  await keep(store, randomSample(1, 16_384));
  assert.deepEqual(readdirSync(machine.paths[0] as string), []);
  machine.plug(0);
  await store.watch();
  for (const sample of samples) await assertHeld(store, sample);
  await store.close();
});

test('of two copies of a torrent the one begun last is the torrent', async () => {
  using machine = new Machine(2);
  const sample = randomSample(2, 16_384);
  await using first = await machine.open();
  await keep(first, sample);
  await first.close();
  const [old = 0] = machine.holders(sample);
  const from = join(machine.paths[old] as string, 'swarmbox', sample.shape.infoHash);
  const ids = first.disks().map(({ id }) => id);
  machine.pull(old);
  await using second = await machine.open(ids);
  await second.task(sample.shape).accept(sample.piece(1));
  await second.close();
  machine.plug(old);
  utimesSync(join(from, 'layout.json'), 0, 0);
  await using store = await machine.open(ids);
  assert.deepEqual(machine.holders(sample), [1 - old]);
  assert.equal((await store.task(sample.shape).read(0)).kind, 'corrupt');
  assert.equal((await store.task(sample.shape).read(1)).kind, 'ok');
  await store.close();
});

test('disks come and go while the store runs; a copy of a disk, and one too many, are refused', async () => {
  using machine = new Machine(1);
  using other = temporaryFolder();
  await using store = await machine.open();
  await store.addDisk({ path: other.path });
  assert.equal(store.disks().length, 2);
  await assert.rejects(store.addDisk({ path: `${other.path}/.` }), /the same disk/);
  const samples = Array.from({ length: 48 }, () => randomSample(1, 16_384));
  for (const sample of samples) await keep(store, sample);
  assert.equal(await store.removeDisk(other.path), true);
  assert.equal(await store.removeDisk(other.path), false);
  const left = samples.filter((sample) => machine.holders(sample).length === 1);
  assert.ok(left.length > 0 && left.length < samples.length);
  for (const sample of samples) assert.equal(store.task(sample.shape).empty, !left.includes(sample));
  await store.addDisk({ path: other.path });
  for (const sample of samples) await assertHeld(store, sample);
  await store.close();
});

test('without any disk the store does not start, with one of two it does', async () => {
  using machine = new Machine(2);
  for (const path of machine.paths) rmSync(path, { recursive: true });
  await assert.rejects(machine.open(), /mounted and writable/);
  mkdirSync(machine.paths[1] as string);
  await using store = await machine.open();
  await keep(store, randomSample(1, 16_384));
  assert.deepEqual(statesOf(store).sort(), ['gone', 'good']);
  await store.close();
});

test('a distrusted disk gets new torrents only where no other one is in order, and goes on serving', async () => {
  using machine = new Machine(2);
  await using store = await machine.open();
  const [worn, other] = machine.paths as [string, string];
  const before = Array.from({ length: 32 }, () => randomSample(2, 16_384));
  for (const sample of before) await keep(store, sample);
  assert.ok(before.some((sample) => machine.holders(sample)[0] === 0));
  store.distrustDisk(worn, 'says-failing');
  store.distrustDisk('/no/such/disk', 'says-failing');
  const meanwhile = Array.from({ length: 16 }, () => randomSample(2, 16_384));
  for (const sample of meanwhile) await keep(store, sample);
  assert.ok(meanwhile.every((sample) => machine.holders(sample)[0] === 1));
  for (const sample of before) await assertHeld(store, sample);
  assert.deepEqual(statesOf(store), ['good', 'good']);
  machine.pull(1);
  await store.watch();
  const alone = randomSample(2, 16_384);
  await keep(store, alone);
  assert.deepEqual(machine.holders(alone), [0], 'a worn disk is better than none');
  machine.plug(1);
  await store.watch();
  store.distrustDisk(worn, undefined);
  const after = Array.from({ length: 32 }, () => randomSample(2, 16_384));
  for (const sample of after) await keep(store, sample);
  assert.ok(after.some((sample) => machine.holders(sample)[0] === 0));
  await store.removeDisk(other);
  await store.close();
});
