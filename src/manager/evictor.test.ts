import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { BLOCK_BYTES, type InfoHash, infoHashOf } from '#base/units.ts';
import type { Metainfo } from '#wire/metainfo.ts';
import { shapeOf } from '#wire/piece-shape.ts';
import { Evictor, type EvictWorld } from './evictor.ts';
import { StoreBench } from './fixtures.ts';
import { LIMITS } from './limits.ts';

const { evictAgainMs } = LIMITS;
const evictBelow = { share: 0.05, least: 1_000, most: 10 ** 9 };
const evictTo = { share: 0.08, least: 1_000, most: 10 ** 9 };
/** Of a disk so large that the bounds are absolute. */
const USABLE = 10 ** 15;

/** Disks whose free space is what a test says, less what it took; living tasks that give up what they are told to. */
class EvictBench extends StoreBench {
  readonly free = new Map<string, number>();
  readonly asked: [InfoHash, number][] = [];
  readonly evictor: Evictor;

  constructor(t: TestContext, { disks = ['/a'], pinned = [] as InfoHash[], looks = (_: string): void => {} } = {}) {
    super(t, disks);
    const { clock, index } = this;
    const store: EvictWorld['store'] = {
      ...this.store,
      freeBytes: async () => 0,
      disks: () =>
        [...this.states].map(([path, state]) => {
          looks(path);
          return { path, state, freeBytes: this.free.get(path) ?? USABLE, usableBytes: USABLE };
        }),
      torrentsOn: (path) => [...this.homes].filter(([, home]) => home === path).map(([infoHash]) => infoHash),
    };
    const living: EvictWorld['living'] = (infoHash) => this.living.get(infoHash) as ReturnType<EvictWorld['living']>;
    this.evictor = new Evictor(pinned, { clock, index, store, living }, this.log, { evictBelow, evictTo });
  }

  /** So many bytes are wanted. */
  short(bytes: number, path = '/a'): Promise<void> {
    this.free.set(path, evictTo.most - bytes);
    return this.evictor.look();
  }

  /** It has a task, whose clients would lose so much of it, and which gives up so many bytes. */
  lives({ infoHash }: Metainfo, { stake, bytes: most }: { stake: number | undefined; bytes: number }): void {
    this.living.set(infoHash, {
      verify: async () => undefined,
      leastStake: stake,
      evict: async (bytes: number) => {
        this.asked.push([infoHash, bytes]);
        return Math.min(bytes, most);
      },
    } as never);
  }

  visits(meta: Metainfo, clients: number): void {
    for (let i = 0; i <= clients; i++) this.index.heats.visited(meta.infoHash, this.clock.nowMs());
  }

  held(meta: Metainfo): number {
    return this.index.task(meta.infoHash)?.haveCount ?? 0;
  }

  async onDisk(meta: Metainfo): Promise<number> {
    const store = this.disk(this.homes.get(meta.infoHash)).task(shapeOf(meta));
    let found = 0;
    for (let piece = 0; piece < meta.pieceCount; piece++) if ((await store.verify(piece)).kind === 'ok') found++;
    return found;
  }
}

test('with room nothing goes; without, whole segments of what is asked for least, and no more than is wanted', async (t) => {
  const bench = new EvictBench(t);
  const [asked, dull] = [await bench.put(12, 30), await bench.put(12, 30)];
  bench.visits(asked, 5);
  bench.visits(dull, 0);
  bench.free.set('/a', evictBelow.most);
  await bench.evictor.look();
  assert.deepEqual([bench.held(asked), bench.held(dull)], [12, 12]);
  await bench.short(11 * BLOCK_BYTES);
  assert.deepEqual([bench.held(asked), bench.held(dull)], [12, 0]);
  await bench.short(8 * BLOCK_BYTES + 1);
  assert.deepEqual([bench.held(asked), bench.held(dull)], [0, 0]);
  assert.equal(bench.index.task(dull.infoHash), undefined, 'an empty one leaves the index');
  const { pieceCount, have } = bench.index.task(asked.infoHash) ?? {};
  assert.deepEqual([pieceCount, have], [0, undefined]);
  const warmth = bench.index.heats.of(asked.infoHash, bench.clock.nowMs())?.laterClients;
  assert.equal(warmth, 5, 'of one that was asked for again stays how much');
  const evicted = bench.lines.filter(({ event }) => event === 'evicted').map(({ fields }) => fields.infoHash);
  assert.deepEqual(evicted, [dull.infoHash, asked.infoHash]);
  assert.ok(bench.index.total('evictedBytes') > 20 * BLOCK_BYTES);
});

test('the last segments go first, forgotten by the index before their bytes go, and no more than is wanted', async (t) => {
  const bench = new EvictBench(t);
  const meta = await bench.put(10, 3);
  const forget = bench.index.forgetPieces.bind(bench.index);
  bench.index.forgetPieces = () => false;
  await bench.short(1);
  assert.deepEqual([bench.held(meta), await bench.onDisk(meta)], [10, 10], 'not forgotten: they stay');
  bench.index.forgetPieces = (...to) => {
    assert.equal(bench.disk().diskOf(meta.infoHash).pieces.size, 10);
    bench.index.forgetPieces = forget;
    return forget(...to);
  };
  await bench.pass(evictAgainMs + 1);
  await bench.short(1);
  assert.deepEqual([bench.held(meta), await bench.onDisk(meta)], [8, 8]);
  assert.ok(bench.has(meta, 7) && !bench.has(meta, 8) && !bench.has(meta, 9));
  await bench.short(3 * BLOCK_BYTES);
  assert.equal(bench.held(meta), 4);
});

test('what is pinned, doubtful or promised stays, and what a task does not give up in the end', async (t) => {
  const bench0 = new StoreBench(t);
  const pinned = await bench0.put(4, 3);
  const bench = new EvictBench(t, { pinned: [pinned.infoHash] });
  const [again, doubtful, lacked] = [await bench.put(4, 3), await bench.put(4, 3), await bench.put(4, 3)];
  assert.equal(again.infoHash, pinned.infoHash, 'the same made-up torrent');
  bench.index.doubts.mark(doubtful.infoHash);
  bench.lives(lacked, { stake: 0, bytes: 0 });
  const promised = await bench.put(4, 3);
  bench.lives(promised, { stake: undefined, bytes: 0 });
  await bench.short(30 * BLOCK_BYTES);
  assert.deepEqual(
    [again, doubtful, lacked, promised].map((meta) => bench.held(meta)),
    [4, 4, 4, 4],
  );
  assert.deepEqual(bench.asked, [[lacked.infoHash, 30 * BLOCK_BYTES]]);
  await bench.short(30 * BLOCK_BYTES);
  assert.equal(bench.asked.length, 1, 'in vain: it rests a while');
  await bench.pass(evictAgainMs + 1);
  await bench.short(30 * BLOCK_BYTES);
  assert.equal(bench.asked.length, 2);
});

test('a hybrid is pinned by each of its names', async (t) => {
  const other = infoHashOf(Buffer.alloc(20, 6));
  const bench = new EvictBench(t, { pinned: [other] });
  const meta = await bench.put(4, 3);
  bench.index.setIds([meta.infoHash, other]);
  await bench.short(30 * BLOCK_BYTES);
  assert.equal(bench.held(meta), 4);
});

test('a disk that is short takes nothing from another, and one that is gone is left alone', async (t) => {
  const bench = new EvictBench(t, { disks: ['/a', '/b', '/c'] });
  const [a, b, c] = [await bench.put(4, 3, '/a'), await bench.put(4, 3, '/b'), await bench.put(4, 3, '/c')];
  bench.states.set('/c', 'gone');
  bench.free.set('/c', 0);
  await bench.short(30 * BLOCK_BYTES, '/b');
  assert.deepEqual(
    [a, b, c].map((meta) => bench.held(meta)),
    [4, 0, 4],
  );
});

test('what the least is worth is known of all disks in order', async (t) => {
  const bench = new EvictBench(t, { disks: ['/a', '/b', '/c'] });
  assert.equal(bench.evictor.leastWorth(), undefined);
  const [asked, dull] = [await bench.put(4, 3, '/a'), await bench.put(4, 3, '/c')];
  bench.visits(asked, 3);
  bench.visits(dull, 0);
  const least = bench.evictor.leastWorth() ?? 1;
  bench.states.set('/c', 'gone');
  assert.ok(least < (bench.evictor.leastWorth() ?? 0));
});

test('what clients lack counts as much as as many that are expected; while it goes nothing is fetched ahead', async (t) => {
  const bench = new EvictBench(t);
  const [quiet, wanted] = [await bench.put(4, 3), await bench.put(4, 3)];
  bench.visits(quiet, 8);
  bench.lives(wanted, { stake: 1, bytes: 2 * BLOCK_BYTES });
  await bench.short(BLOCK_BYTES);
  assert.deepEqual([bench.held(quiet), bench.asked, bench.evictor.isSqueezed], [0, [], false]);
  await bench.short(3 * BLOCK_BYTES);
  const both = [3 * BLOCK_BYTES, BLOCK_BYTES].map((bytes) => [wanted.infoHash, bytes]);
  assert.deepEqual([bench.asked, bench.evictor.isSqueezed], [both, true]);
  await bench.pass(LIMITS.squeezedMs);
  assert.equal(bench.evictor.isSqueezed, false);
});

test('what is pinned meanwhile stays, and what is pinned no more may go', async (t) => {
  const bench = new EvictBench(t);
  const [one, other] = [await bench.put(4, 30), await bench.put(4, 30)];
  bench.evictor.pin([one.infoHash, other.infoHash]);
  await bench.short(BLOCK_BYTES);
  assert.deepEqual([bench.held(one), bench.held(other)], [4, 4]);
  bench.evictor.pin([one.infoHash]);
  await bench.short(BLOCK_BYTES);
  assert.deepEqual([bench.held(one), bench.held(other)], [4, 0], 'at once, though it was in vain a moment ago');
});
