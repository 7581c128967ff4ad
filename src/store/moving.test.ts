import assert from 'node:assert/strict';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Bitfield } from '#base/bitfield.ts';
import { silentLog } from '#base/log.ts';
import {
  type GappedPiece,
  gappedMaker,
  payloadOf,
  RANDOM_SAMPLES,
  randomSample,
  type Sample,
  smallDisk,
  temporaryFolder,
} from './fixtures.ts';
import type { Pace } from './moving.ts';
import { sharedHashes } from './shared-hashes.ts';
import { Store } from './store.ts';

const never = new AbortController().signal;
const hashes = sharedHashes();
const atOnce: Pace = async () => {};

class Machine implements Disposable {
  readonly #folder = temporaryFolder();
  readonly paths = ['a', 'b'].map((name) => join(this.#folder.path, name)) as [string, string];

  constructor() {
    for (const path of this.paths) mkdirSync(path);
  }

  open(paths: readonly string[] = this.paths): Promise<Store<GappedPiece>> {
    const disks = paths.map((path) => ({ path }));
    return Store.open(
      { disks, probeBytes: 0, cacheBytes: 0, floorBytes: 0, hashWorkers: 1 },
      gappedMaker,
      silentLog,
      hashes,
    );
  }

  folderOf(disk: 0 | 1, { shape }: Sample): string {
    return join(this.paths[disk], 'swarmbox', shape.infoHash);
  }

  /** What lies on a disk beside its marker. */
  lyingOn(disk: 0 | 1): string[] {
    return readdirSync(join(this.paths[disk], 'swarmbox')).filter((name) => name !== 'disk.json');
  }

  [Symbol.dispose](): void {
    this.#folder[Symbol.dispose]();
  }
}

const keep = async (store: Store<GappedPiece>, sample: Sample, pieces: readonly number[]): Promise<void> => {
  for (const index of pieces)
    assert.equal((await store.task(sample.shape).accept(sample.piece(index))).kind, 'durable');
};
const all = ({ shape }: Sample): number[] => Array.from({ length: shape.pieceCount }, (_, i) => i);
const held = async (store: Store<GappedPiece>, sample: Sample): Promise<number[]> => {
  const found: number[] = [];
  for (const index of all(sample)) {
    const read = await store.task(sample.shape).read(index);
    if (read.kind !== 'ok') continue;
    assert.ok(payloadOf(read.piece).equals(sample.payload(index)), `piece ${index}`);
    found.push(index);
  }
  return found;
};
/** A store whose first disk takes nothing new, with a torrent that lies there. */
async function drained(machine: Machine, sample: Sample, pieces: readonly number[]): Promise<Store<GappedPiece>> {
  const [a, b] = machine.paths;
  const store = await machine.open();
  store.drainDisk(b, true);
  await keep(store, sample, pieces);
  assert.equal(store.home(sample.shape.infoHash), a);
  store.drainDisk(b, false);
  store.drainDisk(a, true);
  return store;
}

for (const [kind, sampleOf] of Object.entries(RANDOM_SAMPLES))
  test(`a torrent (${kind}) moves whole, with its holes and what lies beside its pieces, and is found there again`, async () => {
    using machine = new Machine();
    const sample = sampleOf(40, 65_536);
    const pieces = all(sample).filter((index) => index % 3 !== 1);
    await using store = await drained(machine, sample, pieces);
    await store.task(sample.shape).writeMetainfo(Buffer.from('info'), Buffer.from('layers'));
    const moved = await store.move(sample.shape, atOnce, never);
    assert.equal(moved.kind, 'moved');
    assert.equal(store.home(sample.shape.infoHash), machine.paths[1]);
    assert.deepEqual(machine.lyingOn(0), []);
    assert.deepEqual(machine.lyingOn(1), [sample.shape.infoHash]);
    assert.deepEqual(await held(store, sample), pieces);
    const kept = await store.metainfo(sample.shape.infoHash);
    assert.deepEqual([String(kept.info), String(kept.layers)], ['info', 'layers']);
    const { blocks } = statSync(join(machine.folderOf(1, sample), 'segment-00000'));
    assert.ok(blocks * 512 < pieces.length * 65_536 + 65_536, 'what is not had takes no room');
    await store.close();
    await using again = await machine.open();
    assert.deepEqual(await held(again, sample), pieces);
    await again.close();
  });

test('whoever reads and writes while a torrent moves notices nothing', async () => {
  using machine = new Machine();
  const sample = randomSample(60, 65_536);
  const before = all(sample).filter((index) => index % 2 === 0);
  await using store = await drained(machine, sample, before);
  const task = store.task(sample.shape);
  const moving = { over: false };
  const accepted: number[] = [];
  const write = async (): Promise<void> => {
    for (const index of all(sample).filter((i) => i % 2 === 1)) {
      assert.equal((await task.accept(sample.piece(index))).kind, 'durable');
      accepted.push(index);
    }
  };
  let reads = 0;
  const read = async (): Promise<void> => {
    while (!moving.over) {
      for (const index of [...before, ...accepted]) {
        const found = await task.read(index);
        assert.equal(found.kind, 'ok', `piece ${index} while it moves`);
        reads++;
      }
      await nextTurn();
    }
  };
  const readers = [read(), read(), read()];
  const writing = write();
  const moved = await store.move(sample.shape, async () => void (await nextTurn()), never);
  moving.over = true;
  await Promise.all([...readers, writing]);
  assert.equal(moved.kind, 'moved');
  assert.ok(reads > 0);
  assert.equal(store.home(sample.shape.infoHash), machine.paths[1]);
  assert.deepEqual(await held(store, sample), all(sample), 'what was written meanwhile has come along');
  assert.deepEqual(machine.lyingOn(0), []);
  await store.close();
});

test('a piece that has rotted is left behind', async () => {
  using machine = new Machine();
  const sample = randomSample(8, 65_536);
  await using store = await drained(machine, sample, all(sample));
  await store.close();
  const segment = join(machine.folderOf(0, sample), 'segment-00000');
  const bytes = readFileSync(segment);
  bytes.fill(7, 3 * 65_536, 3 * 65_536 + 100);
  writeFileSync(segment, bytes);
  truncateSync(segment, bytes.length - 10);
  await using again = await machine.open();
  assert.equal((await again.move(sample.shape, atOnce, never)).kind, 'moved');
  assert.deepEqual(await held(again, sample), [0, 1, 2, 4, 5, 6]);
  await again.close();
});

test('a move that ends half-way leaves the torrent where it was, and nothing elsewhere', async () => {
  using machine = new Machine();
  const sample = randomSample(20, 65_536);
  await using store = await drained(machine, sample, all(sample));
  const stop = new AbortController();
  let pieces = 0;
  const stopAt7: Pace = async () => {
    if (++pieces === 7) stop.abort();
  };
  await assert.rejects(store.move(sample.shape, stopAt7, stop.signal), { name: 'AbortError' });
  assert.deepEqual(machine.lyingOn(1), []);
  assert.equal(store.home(sample.shape.infoHash), machine.paths[0]);
  // The power goes: the copy so far stays, under a name that is rubbish.
  let seen: string[] = [];
  const looks: Pace = async () => {
    if (seen.length === 0) seen = machine.lyingOn(1);
    if (++pieces > 20) throw new Error('broken');
  };
  assert.equal((await store.move(sample.shape, looks, never)).kind, 'failed');
  const [name = ''] = seen;
  await store.close();
  cpSync(machine.folderOf(0, sample), join(machine.paths[1], 'swarmbox', name), { recursive: true });
  await using again = await machine.open();
  assert.deepEqual(machine.lyingOn(1), []);
  assert.deepEqual(await held(again, sample), all(sample));
  await again.close();
});

test('the power goes between the new name and the end of the old folder: one of them is left, and it is whole', async () => {
  using machine = new Machine();
  using aside = temporaryFolder();
  const sample = randomSample(12, 65_536);
  await using store = await drained(machine, sample, all(sample));
  const old = join(aside.path, 'old');
  cpSync(machine.folderOf(0, sample), old, { recursive: true, preserveTimestamps: true });
  await nextTurn();
  assert.equal((await store.move(sample.shape, atOnce, never)).kind, 'moved');
  await store.close();
  cpSync(old, machine.folderOf(0, sample), { recursive: true, preserveTimestamps: true });
  for (const paths of [machine.paths, machine.paths.toReversed()]) {
    await using again = await machine.open(paths);
    assert.deepEqual([machine.lyingOn(0), machine.lyingOn(1)], [[], [sample.shape.infoHash]]);
    assert.deepEqual(await held(again, sample), all(sample));
    await again.close();
  }
});

test('a torrent that is removed, looked through or evicted from while it moves', async () => {
  using machine = new Machine();
  const sample = randomSample(20, 65_536);
  await using store = await drained(machine, sample, all(sample));
  const task = store.task(sample.shape);
  const kinds: string[] = [];
  const during =
    (work: () => Promise<unknown>): Pace =>
    async () => {
      if (kinds.length === 0) kinds.push(String(await work()));
    };
  const [segment] = await task.segments();
  assert.ok(segment);
  const dropped = await store.move(
    sample.shape,
    during(() => task.drop(segment, () => true)),
    never,
  );
  assert.deepEqual([dropped.kind, kinds.pop()], ['moved', 'false'], 'it would come back');
  store.drainDisk(machine.paths[0], false);
  const twice = await store.move(
    sample.shape,
    during(async () => (await store.move(sample.shape, atOnce, never)).kind),
    never,
  );
  assert.deepEqual([twice.kind, kinds.pop()], ['moved', 'not-now']);
  const found: number[] = [];
  const looked = store.move(sample.shape, atOnce, never);
  const rechecked = task.recheck(new Bitfield(sample.shape.pieceCount), (index) => found.push(index), never);
  const { kind } = await looked;
  await rechecked;
  assert.deepEqual([kind === 'moved' || kind === 'not-now', found], [true, all(sample)]);
  const removing: Promise<unknown>[] = [];
  const removed = await store.move(
    sample.shape,
    during(async () => void removing.push(task.remove())),
    never,
  );
  assert.equal(removed.kind, 'not-now');
  assert.deepEqual(
    (await Promise.all(removing)).map((r) => (r as { kind: string }).kind),
    ['ok'],
  );
  assert.deepEqual([machine.lyingOn(0), machine.lyingOn(1)], [[], []]);
  await store.close();
});

test('what another torrent shares is no longer shared, and neither loses a byte', async () => {
  using machine = new Machine();
  const file = randomSample(8, 65_536);
  const other = { ...file, shape: { ...file.shape, infoHash: randomSample(1).shape.infoHash } };
  const [a, b] = machine.paths;
  await using store = await drained(machine, file, all(file));
  store.drainDisk(a, false);
  const root = Buffer.alloc(32, 5);
  const shared = { root, firstPiece: 0, lengthBytes: file.shape.totalBytes };
  const lender = { infoHash: file.shape.infoHash, firstPiece: 0, pieceLength: 65_536 };
  assert.equal(await store.task(other.shape).borrow(shared, lender), true);
  assert.equal((await store.move(other.shape, atOnce, never)).kind, 'moved');
  assert.equal(store.home(other.shape.infoHash), b);
  assert.deepEqual([await held(store, other), await held(store, file)], [all(other), all(file)]);
  const third = { ...file.shape, infoHash: randomSample(1).shape.infoHash };
  store.drainDisk(a, true);
  assert.equal(await store.task(third).borrow(shared, lender), false, 'nothing new comes to a disk that is drained');
  await store.close();
});

test('without another disk with room a torrent stays; where the room ends meanwhile, too', {
  skip: process.getuid?.() !== 0,
}, async () => {
  using machine = new Machine();
  using small = smallDisk(3 * 1024 * 1024);
  const [a] = machine.paths;
  const sample = randomSample(46, 65_536);
  await using store = await machine.open([a]);
  await keep(store, sample, all(sample));
  store.drainDisk(a, true);
  assert.equal((await store.move(sample.shape, atOnce, never)).kind, 'no-room');
  assert.equal(await store.freeBytes(), 0, 'nothing new comes');
  assert.equal((await store.task(randomSample(1).shape).writeMetainfo(Buffer.from('x'))).kind, 'full');
  await store.addDisk({ path: small.path });
  assert.equal((await store.move(sample.shape, atOnce, never)).kind, 'no-room', 'it would leave too little');
  const half = randomSample(30, 65_536);
  store.drainDisk(a, false);
  store.drainDisk(small.path, true);
  await keep(store, half, all(half));
  store.drainDisk(small.path, false);
  const filler = join(small.path, 'filler');
  const fill: Pace = async () => {
    if (!existsSync(filler)) writeFileSync(filler, Buffer.alloc(2 * 1024 * 1024));
  };
  assert.ok(['no-room', 'failed'].includes((await store.move(half.shape, fill, never)).kind));
  assert.deepEqual(readdirSync(join(small.path, 'swarmbox')), ['disk.json']);
  assert.deepEqual(await held(store, half), all(half));
  await store.close();
});
