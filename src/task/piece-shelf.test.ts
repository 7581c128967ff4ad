import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Bitfield } from '#base/bitfield.ts';
import { silentLog } from '#base/log.ts';
import { BLOCK_BYTES } from '#base/units.ts';
import type { Lent } from '#client/client-world.ts';
import { turn } from '#client/fixtures.ts';
import { FakeStore } from '#store/fake-store.ts';
import { FramedPiece } from '#wire/framed-piece.ts';
import { oneFileTorrent } from '#wire/made-torrent.ts';
import { pieceSize } from '#wire/metainfo.ts';
import { shapeOf } from '#wire/piece-shape.ts';
import { quietShelfWorld } from './fixtures.ts';
import { PieceShelf } from './piece-shelf.ts';

const torrent = oneFileTorrent(5 * BLOCK_BYTES + 100, 2 * BLOCK_BYTES);

function pieceOf(index: number, spoil = false): FramedPiece {
  const { meta, content } = torrent;
  const bytes = Buffer.from(
    content.subarray(index * meta.pieceLength, index * meta.pieceLength + pieceSize(meta, index)),
  );
  if (spoil) bytes[0] = (bytes[0] as number) ^ 1;
  const piece = FramedPiece.allocate(index, bytes.length);
  for (let at = 0; at < bytes.length; at += BLOCK_BYTES) piece.putBlock(at, bytes.subarray(at, at + BLOCK_BYTES));
  return piece;
}

function shelf(known?: Uint8Array, { indexFails = false } = {}) {
  const store = new FakeStore(FramedPiece);
  const gained: number[] = [];
  const lost: number[] = [];
  const refused: string[] = [];
  const disks: string[] = [];
  const world = {
    gained: (i: number) => gained.push(i),
    lost: (i: number) => lost.push(i),
    cannotKeep: (why: string) => refused.push(why),
    keptBeside: () => {},
    contradicted: () => {},
    forgets: () => !indexFails,
    disk: (what: string) => disks.push(what),
    log: silentLog,
  };
  return {
    store,
    gained,
    lost,
    refused,
    disks,
    shelf: new PieceShelf(torrent.meta, known, store.task(shapeOf(torrent.meta)), world),
  };
}

const framed = (lent: Lent | undefined): Buffer => Buffer.concat([...(lent?.parts ?? [])]);
const payload = (lent: Lent | undefined): Buffer => framed(lent).subarray(13);

test('a piece is not had, and nobody is told, before the disk has answered', async () => {
  const { store, gained, shelf: s } = shelf();
  const disk = Promise.withResolvers<void>();
  store.faults.pause = () => disk.promise;
  const accepting = s.accept(pieceOf(0));
  await turn();
  assert.deepEqual([s.have.has(0), gained], [false, []]);
  assert.equal(await s.block(0, 0, 100, true), undefined, 'and nothing of it is served');
  disk.resolve();
  assert.equal(await accepting, 'ok');
  assert.deepEqual([s.have.has(0), gained], [true, [0]]);
});

test('a piece with a wrong byte is never had', async () => {
  const { gained, shelf: s } = shelf();
  assert.equal(await s.accept(pieceOf(1, true)), 'bad');
  assert.deepEqual([s.have.count, gained], [0, []]);
});

test('a full disk and a failing one are told apart; a busy one takes more later', async () => {
  const { store, refused, shelf: s } = shelf();
  store.faults.full = true;
  assert.equal(await s.accept(pieceOf(0)), 'full');
  store.faults.error = new Error('EIO');
  assert.equal(await s.accept(pieceOf(0)), 'failed');
  assert.deepEqual(refused, ['disk-full', 'disk-failed']);
  store.faults.error = Object.assign(new Error('busy'), { code: 'EBUSY' });
  assert.equal(await s.accept(pieceOf(0)), 'failed');
  assert.equal(refused.length, 2);
  assert.equal(s.have.count, 0);
});

test('a piece that rotted on the disk reaches nobody and is wanted again', async () => {
  const { store, lost, shelf: s } = shelf();
  await s.accept(pieceOf(0));
  const { meta, content } = torrent;
  assert.deepEqual(payload(await s.block(0, 100, 50, true)), content.subarray(100, 150));
  store.damage(meta.infoHash, 0);
  store.forgetMemory();
  assert.equal(await s.block(0, 100, 50, true), undefined);
  assert.deepEqual([s.have.has(0), lost], [false, [0]]);
});

test('a piece that rotted is found where it lies, though it is in memory; what is not had is not looked at', async () => {
  const { store, lost, shelf: s } = shelf();
  await s.accept(pieceOf(0));
  await s.accept(pieceOf(1));
  store.damage(torrent.meta.infoHash, 1);
  store.faults.busy = true;
  assert.equal((await s.verify(1)).kind, 'busy');
  store.faults.busy = false;
  assert.deepEqual(
    [(await s.verify(0)).kind, (await s.verify(1)).kind, (await s.verify(2)).kind],
    ['ok', 'corrupt', 'not-had'],
  );
  assert.deepEqual([s.have.has(0), s.have.has(1), lost], [true, false, [1]]);
  assert.equal(await s.block(1, 0, 50, true), undefined);
  store.faults.error = Object.assign(new Error('busy'), { code: 'EBUSY' });
  assert.equal((await s.verify(0)).kind, 'failed');
  assert.deepEqual(lost, [1]);
  store.faults.error = Object.assign(new Error('bad sector'), { code: 'EIO' });
  assert.equal((await s.verify(0)).kind, 'failed');
  assert.deepEqual(lost, [1, 0]);
});

test('a busy disk costs an answer, not a piece; a bad sector costs the piece', async () => {
  const { store, lost, shelf: s } = shelf();
  await s.accept(pieceOf(0));
  store.forgetMemory();
  store.faults.error = Object.assign(new Error('busy'), { code: 'EBUSY' });
  assert.equal(await s.block(0, 0, 50, true), undefined);
  assert.deepEqual([s.have.has(0), lost], [true, []]);
  store.faults.error = Object.assign(new Error('bad sector'), { code: 'EIO' });
  assert.equal(await s.block(0, 0, 50, true), undefined);
  assert.deepEqual([s.have.has(0), lost], [false, [0]]);
});

test('a run is one message per block, a single request one message, and nothing outside the piece is given', async () => {
  const { shelf: s } = shelf();
  await s.accept(pieceOf(2));
  await s.accept(pieceOf(0));
  const run = framed(await s.block(0, 0, 2 * BLOCK_BYTES, false));
  assert.equal(run.length, 2 * (13 + BLOCK_BYTES));
  const one = framed(await s.block(0, 0, 2 * BLOCK_BYTES, true));
  assert.equal(one.length, 13 + 2 * BLOCK_BYTES);
  assert.equal(await s.block(2, 0, 2 * BLOCK_BYTES, true), undefined);
  assert.equal(await s.block(1, 0, 1, true), undefined);
  assert.equal(s.haveBytes, 3 * BLOCK_BYTES + 100);
});

test('what the index remembers is had; a bitfield of another torrent is not believed', () => {
  assert.equal(shelf(Uint8Array.of(0b1010_0000)).shelf.have.count, 2);
  assert.equal(shelf(Uint8Array.of(0xff, 0xff)).shelf.have.count, 0);
});

test('with its disk every piece is gone, and what lay on it is found when it is back', async () => {
  const { store, disks, lost, shelf: s } = shelf();
  for (const index of [0, 1]) assert.equal(await s.accept(pieceOf(index)), 'ok');
  store.disk('gone');
  assert.deepEqual([s.have.count, s.haveBytes, disks], [0, 0, ['gone']]);
  assert.deepEqual(lost, [], 'not one by one');
  assert.equal(await s.block(0, 0, 100, true), undefined);
  store.disk('back');
  assert.deepEqual(disks, ['gone', 'back']);
  assert.equal(await s.recheck(new AbortController().signal), 2);
  assert.ok(s.have.has(0) && s.have.has(1));
});

test('what the index remembers of a disk that is not here is worth nothing', () => {
  const all = new Bitfield(torrent.meta.pieceCount);
  all.setAll();
  const store = new FakeStore(FramedPiece);
  store.disk('gone');
  const made = new PieceShelf(torrent.meta, all.bytes, store.task(shapeOf(torrent.meta)), quietShelfWorld);
  assert.equal(made.have.count, 0);
});

const PIECES = torrent.meta.pieceCount;
const held = (s: PieceShelf): number[] =>
  Array.from({ length: s.meta.pieceCount }, (_, i) => i).filter((piece) => s.have.has(piece));

const nothing = (): number => 0;

test('whole segments are evicted, the last first, but for those with a piece that must stay', async () => {
  const { store, lost, shelf: s } = shelf();
  store.segmentPieces = 2;
  for (let piece = 0; piece < PIECES; piece++) await s.accept(pieceOf(piece));
  const before = s.haveBytes;
  assert.deepEqual([s.leastStake(() => undefined), await s.evict(1, () => () => undefined)], [undefined, 0]);
  const freed = await s.evict(1, () => (piece) => (piece < PIECES - 1 ? 0 : undefined));
  assert.ok(freed > 0 && s.haveBytes === before - freed);
  assert.deepEqual(
    lost,
    Array.from({ length: PIECES }, (_, i) => i).filter((piece) => !held(s).includes(piece)),
  );
  assert.ok(!lost.includes(PIECES - 1) && lost.length === 2);
  assert.equal(await s.evict(Number.POSITIVE_INFINITY, () => nothing), before - freed);
  assert.deepEqual([held(s), s.haveBytes], [[], 0]);
});

test('what clients lack goes last, and no more of it than is lost the least with', async () => {
  const { store, lost, shelf: s } = shelf();
  store.segmentPieces = 1;
  for (let piece = 0; piece < PIECES; piece++) await s.accept(pieceOf(piece));
  const stakes = Array.from({ length: PIECES }, (_, piece) => (piece === 1 ? 1 : 2));
  assert.equal(
    s.leastStake((piece) => stakes[piece]),
    1,
  );
  await s.evict(Number.POSITIVE_INFINITY, () => (piece) => stakes[piece]);
  assert.deepEqual(lost, [1]);
});

test('a piece that is not had is no reason for its neighbours to stay', async () => {
  const { store, shelf: s } = shelf();
  store.segmentPieces = 2;
  await s.accept(pieceOf(1));
  assert.ok((await s.evict(1, () => (piece) => (piece === 0 ? undefined : 0))) > 0);
  assert.deepEqual(held(s), []);
});

test('a segment stays when the index does not forget it, or a client asks for it in the last moment', async () => {
  const failing = shelf(undefined, { indexFails: true });
  await failing.shelf.accept(pieceOf(0));
  assert.equal(await failing.shelf.evict(1, () => nothing), 0);
  assert.equal(failing.store.diskOf(torrent.meta.infoHash).pieces.size, 1);

  const { shelf: s } = shelf();
  await s.accept(pieceOf(0));
  let asked = 0;
  assert.equal(await s.evict(1, () => () => (++asked === 1 ? 0 : undefined)), 0);
  assert.equal(asked, 2);
  assert.ok(s.have.has(0));
});

test('who reads from front to back finds the next piece in memory; others do not', async () => {
  const large = oneFileTorrent(8 * BLOCK_BYTES, BLOCK_BYTES);
  const store = new FakeStore(FramedPiece);
  const s = new PieceShelf(large.meta, undefined, store.task(shapeOf(large.meta)), quietShelfWorld);
  const reads = async (inOrder: boolean, pieces: readonly number[], memoryBytes = Infinity): Promise<number> => {
    for (let index = 0; index < 8; index++) {
      const piece = FramedPiece.allocate(index, BLOCK_BYTES);
      piece.putBlock(0, large.content.subarray(index * BLOCK_BYTES, (index + 1) * BLOCK_BYTES));
      await s.accept(piece);
    }
    store.forgetMemory();
    store.memoryBytes = memoryBytes;
    store.diskReads = 0;
    for (const index of pieces) assert.ok(await s.block(index, 0, BLOCK_BYTES, false, inOrder));
    await turn();
    return store.diskReads;
  };
  assert.equal(await reads(false, [0, 1, 2]), 3);
  assert.equal(await reads(true, [0, 1, 2]), 4);
  assert.equal(await reads(true, [0, 1, 2, 3, 4, 5, 6, 7]), 8, 'each once');
  assert.equal(await reads(true, [0, 1, 2], 2 * BLOCK_BYTES), 3, 'there is no room for it');
});
