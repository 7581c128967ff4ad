import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { silentLog } from '#base/log.ts';
import { BLOCK_BYTES } from '#base/units.ts';
import { FramedPiece } from '#wire/framed-piece.ts';
import { pieceSize } from '#wire/metainfo.ts';
import { readSeed, type Seed, type SeedFile, SeedMaker } from '../seed.ts';
import { PieceFiles } from './piece-files.ts';

const PIECE = 64 * 1024;

function published(files: readonly SeedFile[], name = '补丁 7'): { seed: Seed; bytes: Buffer } {
  const bytes = randomBytes(files.reduce((sum, { lengthBytes }) => sum + lengthBytes, 0));
  const maker = new SeedMaker(name, files, PIECE);
  maker.push(bytes);
  const read = readSeed(maker.finish());
  assert.ok(read.kind === 'ok');
  return { seed: read.value, bytes };
}

const several: readonly SeedFile[] = [
  { path: ['a', '安装包.bin'], lengthBytes: 20 * PIECE + 5 },
  ...Array.from({ length: 200 }, (_, i) => ({ path: ['small', `${i}.txt`], lengthBytes: 1_000 + i })),
  { path: ['empty.txt'], lengthBytes: 0 },
  { path: ['last.bin'], lengthBytes: PIECE },
];

function pieceOf({ meta }: Seed, bytes: Buffer, index: number): FramedPiece {
  const size = pieceSize(meta, index);
  const piece = FramedPiece.allocate(index, size);
  for (let begin = 0; begin < size; begin += BLOCK_BYTES) {
    const from = index * PIECE + begin;
    piece.putBlock(begin, bytes.subarray(from, from + Math.min(BLOCK_BYTES, size - begin)));
  }
  return piece;
}

function temporary(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'swarmbox-pieces-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const contentOf = async (files: PieceFiles, seed: Seed): Promise<Buffer> => {
  const all: Buffer[] = [];
  for (let piece = 0; piece < seed.meta.pieceCount; piece++)
    all.push(...((await files.read(piece))?.payloadParts() ?? []));
  return Buffer.concat(all);
};

function assertPlaced(folder: string, { meta }: Seed, bytes: Buffer): void {
  let from = 0;
  for (const { path, lengthBytes } of meta.files) {
    assert.ok(readFileSync(join(folder, ...path)).equals(bytes.subarray(from, from + lengthBytes)), path.join('/'));
    from += lengthBytes;
  }
}

test('pieces in any order become the files, which take their place when all are there', async (t) => {
  const folder = temporary(t);
  const { seed, bytes } = published(several);
  await using files = await PieceFiles.open(seed, folder, silentLog);
  const order = [...Array(seed.meta.pieceCount).keys()].reverse();
  for (const piece of order.slice(0, -1)) assert.equal(await files.keep(pieceOf(seed, bytes, piece)), 'ok');
  assert.deepEqual(readdirSync(folder), ['.swarmbox-part'], 'nothing is in its place yet');
  await assert.rejects(files.place(), /not whole/);
  await files.keep(pieceOf(seed, bytes, 0));
  await files.place();
  assertPlaced(folder, seed, bytes);
  assert.ok((await contentOf(files, seed)).equals(bytes));
  await files.discard();
  assertPlaced(folder, seed, bytes);
});

test('whoever opens it again has what lies there, and nothing that was damaged', async (t) => {
  const folder = temporary(t);
  const { seed, bytes } = published(several);
  {
    await using files = await PieceFiles.open(seed, folder, silentLog);
    await Promise.all(
      [...Array(seed.meta.pieceCount).keys()].filter((p) => p !== 2).map((p) => files.keep(pieceOf(seed, bytes, p))),
    );
  }
  const part = join(folder, '.swarmbox-part', seed.meta.infoHash, '补丁 7', 'a', '安装包.bin');
  const damaged = readFileSync(part);
  damaged[10] = (damaged[10] as number) ^ 1;
  writeFileSync(part, damaged);
  await using again = await PieceFiles.open(seed, folder, silentLog);
  assert.deepEqual([again.has(0), again.has(1), again.has(2)], [false, true, false]);
  assert.equal(again.count, seed.meta.pieceCount - 2);
  for (const piece of [0, 2]) await again.keep(pieceOf(seed, bytes, piece));
  await again.place();
  assertPlaced(folder, seed, bytes);
  await using placed = await PieceFiles.open(seed, folder, silentLog);
  assert.ok(placed.whole);
  assert.ok((await contentOf(placed, seed)).equals(bytes));
});

test('a crash while files take their place loses nothing', async (t) => {
  const folder = temporary(t);
  const { seed, bytes } = published(several);
  {
    await using files = await PieceFiles.open(seed, folder, silentLog);
    for (let piece = 0; piece < seed.meta.pieceCount; piece++) await files.keep(pieceOf(seed, bytes, piece));
    await files.place();
  }
  // As it was in the middle: some are in their place already.
  const part = join(folder, '.swarmbox-part', seed.meta.infoHash);
  mkdirSync(join(part, '补丁 7', 'small'), { recursive: true });
  for (const name of ['0.txt', '7.txt'])
    renameSync(join(folder, '补丁 7', 'small', name), join(part, '补丁 7', 'small', name));
  writeFileSync(join(part, '.placing'), '');
  await using again = await PieceFiles.open(seed, folder, silentLog);
  assert.ok(again.whole);
  assertPlaced(folder, seed, bytes);
  assert.ok(!existsSync(part));
});

test('files of the same names and lengths that are others stay until all of it has come', async (t) => {
  const folder = temporary(t);
  const { seed, bytes } = published([{ path: [], lengthBytes: PIECE + 9 }], 'one.bin');
  writeFileSync(join(folder, 'one.bin'), Buffer.alloc(PIECE + 9, 7));
  await using files = await PieceFiles.open(seed, folder, silentLog);
  assert.equal(files.count, 0);
  await files.keep(pieceOf(seed, bytes, 0));
  assert.ok(readFileSync(join(folder, 'one.bin')).equals(Buffer.alloc(PIECE + 9, 7)));
  await files.keep(pieceOf(seed, bytes, 1));
  await files.place();
  assertPlaced(folder, seed, bytes);
});

test('a file that its owner changes afterwards is given to nobody', async (t) => {
  const folder = temporary(t);
  const { seed, bytes } = published([{ path: [], lengthBytes: 3 * PIECE }], 'one.bin');
  {
    await using files = await PieceFiles.open(seed, folder, silentLog);
    for (const piece of [0, 1, 2]) await files.keep(pieceOf(seed, bytes, piece));
    await files.place();
  }
  await using files = await PieceFiles.open(seed, folder, silentLog);
  assert.ok(files.whole);
  const own = readFileSync(join(folder, 'one.bin'));
  own[PIECE] = (own[PIECE] as number) ^ 1;
  writeFileSync(join(folder, 'one.bin'), own);
  assert.ok(await files.read(0));
  assert.equal(await files.read(1), undefined);
  assert.equal(files.has(1), false);
});

test('the memory of a piece becomes another’s when nobody looks at it, and not before', async (t) => {
  const { seed, bytes } = published([{ path: [], lengthBytes: 2 * PIECE }], 'one.bin');
  const files = await PieceFiles.open(seed, temporary(t), silentLog);
  for (const piece of [0, 1]) await files.keep(pieceOf(seed, bytes, piece));
  const lent = [files.read(0), files.read(0)] as FramedPiece[];
  await files.discard();
  const is = (): boolean => Buffer.concat((lent[0] as FramedPiece).payloadParts()).equals(bytes.subarray(0, PIECE));
  assert.ok(is());
  files.release(lent[0] as FramedPiece);
  assert.ok(is());
  files.release(lent[1] as FramedPiece);
  assert.equal(lent[1]?.buffer.length, 0);
  assert.throws(() => files.release(lent[1] as FramedPiece), /bug/);
});

test('a place that cannot be written is said, and throwing away leaves nothing', async (t) => {
  const folder = temporary(t);
  const { seed, bytes } = published([
    { path: ['a'], lengthBytes: 16 * PIECE },
    { path: ['a', 'b'], lengthBytes: PIECE },
  ]);
  await using files = await PieceFiles.open(seed, folder, silentLog);
  assert.equal(await files.keep(pieceOf(seed, bytes, 0)), 'ok');
  assert.equal(await files.keep(pieceOf(seed, bytes, 16)), 'failed');
  await files.discard();
  assert.deepEqual(readdirSync(join(folder, '.swarmbox-part')), []);
  mkdirSync(join(folder, 'x'));
  writeFileSync(join(folder, 'x', 'file'), '');
  await assert.rejects(PieceFiles.open(seed, join(folder, 'x', 'file'), silentLog));
  assert.ok(statSync(join(folder, 'x')).isDirectory());
});

test('a file that is here whole takes its place at once, and nothing else is left', async (t) => {
  const folder = join(temporary(t), 'new');
  const { seed, bytes } = published([{ path: [], lengthBytes: 2 * PIECE + 7 }], '补丁.bin');
  assert.equal(await PieceFiles.put(seed, folder, bytes), true);
  assert.ok(readFileSync(join(folder, '补丁.bin')).equals(bytes));
  assert.deepEqual(readdirSync(join(folder, '.swarmbox-part')), []);
  await using files = await PieceFiles.open(seed, folder, silentLog);
  assert.ok(files.whole);
  writeFileSync(join(folder, '补丁.bin'), 'another');
  assert.equal(await PieceFiles.put(seed, folder, bytes), true, 'what had its place before is replaced');
  assert.ok(readFileSync(join(folder, '补丁.bin')).equals(bytes));
});

test('several files, and what was begun, are not put at once', async (t) => {
  const folder = temporary(t);
  const many = published(several);
  assert.equal(await PieceFiles.put(many.seed, folder, many.bytes), false);
  const { seed, bytes } = published([{ path: [], lengthBytes: 2 * PIECE + 7 }], 'one.bin');
  const files = await PieceFiles.open(seed, folder, silentLog);
  assert.equal(await files.keep(pieceOf(seed, bytes, 1)), 'ok');
  await files[Symbol.asyncDispose]();
  assert.equal(await PieceFiles.put(seed, folder, bytes), false);
  assert.ok(!existsSync(join(folder, 'one.bin')));
  await using again = await PieceFiles.open(seed, folder, silentLog);
  assert.equal(again.count, 1, 'what lay there is still had');
});

test('when it cannot take its place it stays where what is begun lies', async (t) => {
  const folder = temporary(t);
  const { seed, bytes } = published([{ path: [], lengthBytes: PIECE }], 'one.bin');
  mkdirSync(join(folder, 'one.bin', 'full'), { recursive: true });
  await assert.rejects(PieceFiles.put(seed, folder, bytes));
  rmSync(join(folder, 'one.bin'), { recursive: true });
  await using files = await PieceFiles.open(seed, folder, silentLog);
  // It lies where what has begun lies, and is verified as that.
  assert.equal(files.count, 1);
});

test('originals that the seed was made of just now are not read again, and each piece is verified when it is given', async (t) => {
  const folder = temporary(t);
  const { seed, bytes } = published([{ path: [], lengthBytes: 3 * PIECE + 9 }], 'one.bin');
  writeFileSync(join(folder, 'one.bin'), bytes);
  await using files = PieceFiles.openFresh(seed, folder, silentLog);
  const into = Buffer.alloc(seed.meta.totalBytes);
  assert.deepEqual(await files.readRun(0, into), []);
  assert.ok(into.equals(bytes));
  const changed = Buffer.from(bytes);
  changed[PIECE] = (changed[PIECE] as number) ^ 1;
  writeFileSync(join(folder, 'one.bin'), changed.subarray(0, -5));
  assert.deepEqual(await files.readRun(0, into), [1, 3]);
  assert.deepEqual([files.has(0), files.has(1), files.has(3)], [true, false, false]);
});

const small: readonly SeedFile[] = [{ path: [], lengthBytes: 5 * PIECE + 9 }];

test('the pieces of a small distribution are written when all are here', async (t) => {
  const folder = temporary(t);
  const { seed, bytes } = published(small, 'one.bin');
  await using files = await PieceFiles.open(seed, folder, silentLog);
  for (const piece of [3, 0, 5, 4, 1, 2]) {
    assert.deepEqual(readdirSync(folder), []);
    assert.equal(await files.keep(pieceOf(seed, bytes, piece)), 'ok');
  }
  assert.ok((await contentOf(files, seed)).equals(bytes), 'they can be given to others meanwhile');
  await files.place();
  assertPlaced(folder, seed, bytes);
});

test('what is had of a small distribution is there when it is opened again', async (t) => {
  const folder = temporary(t);
  const { seed, bytes } = published(small, 'one.bin');
  {
    await using files = await PieceFiles.open(seed, folder, silentLog);
    for (const piece of [5, 0, 1, 3]) await files.keep(pieceOf(seed, bytes, piece));
    assert.equal(await files.keepRun(2, bytes.subarray(2 * PIECE, 3 * PIECE)), 'ok');
  }
  await using again = await PieceFiles.open(seed, folder, silentLog);
  assert.equal(again.count, 5);
  await again.keep(pieceOf(seed, bytes, 4));
  await again.place();
  assertPlaced(folder, seed, bytes);
});

test('a small distribution that the disk does not take has no place, and says why', async (t) => {
  const folder = temporary(t);
  const { seed, bytes } = published(small, 'one.bin');
  await using files = await PieceFiles.open(seed, folder, silentLog);
  for (let piece = 0; piece < 6; piece++) await files.keep(pieceOf(seed, bytes, piece));
  writeFileSync(join(folder, '.swarmbox-part'), '');
  await assert.rejects(files.place(), { code: 'ENOTDIR' });
  assert.deepEqual(readdirSync(folder), ['.swarmbox-part']);
});
