import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { silentLog } from '#base/log.ts';
import { BLOCK_BYTES, MIB } from '#base/units.ts';
import { gappedMaker, hybridSampleOf, naiveRoot, type Sample, temporaryFolder, v2SampleOf } from './fixtures.ts';
import { Layout } from './layout.ts';
import { Places } from './places.ts';
import { Store } from './store.ts';

const config = (dataDir: string) => ({
  disks: [{ path: dataDir }],
  probeBytes: 0,
  cacheBytes: 0,
  floorBytes: 0,
  hashWorkers: 1,
});
const file = randomBytes(3 * MIB + 5);
const root = naiveRoot(file, 256);
const theirs = v2SampleOf([randomBytes(10), file], 256 * 1024);
const ours = v2SampleOf([file], MIB);
const shared = { root, firstPiece: 0, lengthBytes: file.length };
const lender = { infoHash: theirs.shape.infoHash, firstPiece: 1, pieceLength: 256 * 1024 };

/** Bytes that the disk spends on the folder's files, each counted once however many names it has. */
function diskBytes(folder: string): number {
  const inodes = new Map<number, number>();
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const { ino, blocks } = statSync(join(entry.parentPath, entry.name));
    inodes.set(ino, blocks * 512);
  }
  return [...inodes.values()].reduce((sum, bytes) => sum + bytes, 0);
}

async function acceptAll(store: Store<ReturnType<typeof gappedMaker.allocate>>, sample: Sample): Promise<void> {
  for (let i = 0; i < sample.shape.pieceCount; i++)
    assert.equal((await store.task(sample.shape).accept(sample.piece(i))).kind, 'durable');
}

test('a borrowed file takes no second room on the disk, and is freed with the last torrent that has it', async () => {
  using folder = temporaryFolder();
  await using stack = new AsyncDisposableStack();
  const store = await Store.open(config(folder.path), gappedMaker, silentLog);
  stack.defer(() => store.close());
  await acceptAll(store, theirs);
  const once = diskBytes(folder.path);
  assert.equal(await store.task(ours.shape).borrow(shared, lender), true);
  assert.ok(diskBytes(folder.path) - once < 32 * 1024, 'two small files of our own');
  await store.task(theirs.shape).remove();
  assert.ok(diskBytes(folder.path) >= file.length);
  assert.equal((await store.task(ours.shape).read(2)).kind, 'ok');
  await store.task(ours.shape).remove();
  assert.ok(diskBytes(folder.path) < 32 * 1024);
});

test('what was borrowed is lent on, and outlives both', async () => {
  using folder = temporaryFolder();
  await using stack = new AsyncDisposableStack();
  const store = await Store.open(config(folder.path), gappedMaker, silentLog);
  stack.defer(() => store.close());
  await acceptAll(store, theirs);
  assert.equal(await store.task(ours.shape).borrow(shared, lender), true);
  const third = hybridSampleOf([file, randomBytes(9)], 64 * 1024);
  const from = { infoHash: ours.shape.infoHash, firstPiece: 0, pieceLength: MIB };
  assert.equal(await store.task(third.shape).borrow(shared, from), true);
  await store.task(theirs.shape).remove();
  await store.task(ours.shape).remove();
  for (const index of [0, 47, 48]) assert.equal((await store.task(third.shape).read(index)).kind, 'ok');
});

test('a borrowed piece that went bad is replaced where it lies, for both torrents', async () => {
  using folder = temporaryFolder();
  await using stack = new AsyncDisposableStack();
  const store = await Store.open(config(folder.path), gappedMaker, silentLog);
  stack.defer(() => store.close());
  await acceptAll(store, theirs);
  assert.equal(await store.task(ours.shape).borrow(shared, lender), true);
  writeFileSync(join(folder.path, 'swarmbox', theirs.shape.infoHash, 'segment-00000'), randomBytes(MIB), {
    flag: 'r+',
  });
  assert.equal((await store.task(theirs.shape).read(2)).kind, 'corrupt');
  assert.equal((await store.task(ours.shape).read(0)).kind, 'corrupt');
  assert.equal((await store.task(ours.shape).accept(ours.piece(0))).kind, 'durable');
  assert.equal((await store.task(theirs.shape).read(2)).kind, 'ok');
});

test('who is not there lends nothing, and a list that is not ours is as good as none', async () => {
  using folder = temporaryFolder();
  await using stack = new AsyncDisposableStack();
  const store = await Store.open(config(folder.path), gappedMaker, silentLog);
  stack.defer(() => store.close());
  assert.equal(await store.task(ours.shape).borrow(shared, lender), false);
  mkdirSync(join(folder.path, 'swarmbox', ours.shape.infoHash));
  writeFileSync(join(folder.path, 'swarmbox', ours.shape.infoHash, 'borrowed.json'), '[{"root":"../../etc"}]');
  assert.equal((await store.task(ours.shape).accept(ours.piece(1))).kind, 'durable');
  assert.equal((await store.task(ours.shape).read(1)).kind, 'ok');
});

test('the extents of a borrowed file’s pieces are its bytes, in order, each once, none across a segment', () => {
  const power = fc.nat(3).map((n) => BLOCK_BYTES * 2 ** n);
  const made = fc.record({
    lengthBytes: fc.integer({ min: 1, max: 40 * BLOCK_BYTES }),
    pieceLength: power,
    theirPieces: fc.nat(5),
    segmentBytes: power,
  });
  fc.assert(
    fc.property(made, ({ lengthBytes, pieceLength, theirPieces, segmentBytes }) => {
      const { shape } = v2SampleOf([Buffer.alloc(1), Buffer.alloc(lengthBytes)], pieceLength);
      const startBytes = theirPieces * BLOCK_BYTES;
      const borrowed = { root: '0'.repeat(64), firstPiece: 1, lengthBytes, startBytes, segmentBytes };
      const places = new Places(shape, new Layout(shape), [borrowed]);
      assert.deepEqual(places.extents(0), [{ name: 'segment-00000', offset: 0, lengthBytes: 1 }]);
      let at = startBytes;
      for (let index = 1; index < shape.pieceCount; index++)
        for (const extent of places.extents(index)) {
          assert.equal(Number(extent.name.slice(-5)) * segmentBytes + extent.offset, at);
          assert.ok(extent.lengthBytes > 0 && extent.offset + extent.lengthBytes <= segmentBytes);
          at += extent.lengthBytes;
        }
      assert.equal(at, startBytes + lengthBytes);
      const grouped = [...places.groups()].flatMap(({ pieces }) => pieces);
      assert.deepEqual(
        grouped.toSorted((a, b) => a - b),
        [...Array(shape.pieceCount).keys()],
      );
    }),
  );
});
