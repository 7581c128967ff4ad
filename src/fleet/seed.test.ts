import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { encode } from '#wire/bencode.ts';
import { LIMITS } from './limits.ts';
import type { Manifest } from './manifest.ts';
import { isPiece, openSeed, pieceLengthFor, readSeed, SeedMaker } from './seed.ts';

const PIECE = 65_536;
const content = randomBytes(3 * PIECE + 100);
const files = [
  { path: ['补丁', 'a.bin'], lengthBytes: 2 * PIECE + 7 },
  { path: ['b.txt'], lengthBytes: content.length - 2 * PIECE - 7 },
];

function seedOf(bytes: Buffer, cut: number): Buffer {
  const maker = new SeedMaker('patch', files, PIECE);
  for (let at = 0; at < bytes.length; at += cut) maker.push(bytes.subarray(at, at + cut));
  return maker.finish();
}

function manifestOf(seed: Buffer): Manifest {
  const read = readSeed(seed);
  assert.ok(read.kind === 'ok');
  const { infoHash, totalBytes, pieceLength } = read.value.meta;
  return {
    v: 1,
    kind: 'files',
    name: 'patch',
    rev: 1,
    createdMs: 0,
    sizeBytes: totalBytes,
    fileCount: files.length,
    pieceLength,
    infoHash,
    seedSha256: createHash('sha256').update(seed).digest('hex'),
    seedBytes: seed.length,
  };
}

test('however the bytes come, the seed is the same, and says what each piece is', () => {
  const seed = seedOf(content, 10_007);
  for (const cut of [1_000, PIECE, PIECE + 1, content.length]) assert.deepEqual(seedOf(content, cut), seed);
  const read = openSeed(seed, manifestOf(seed));
  assert.ok(read.kind === 'ok');
  const { meta } = read.value;
  assert.equal(meta.isPrivate, true);
  assert.deepEqual(
    meta.files.map(({ path, lengthBytes }) => ({ path: path.slice(-files.length), lengthBytes }))[0]?.lengthBytes,
    files[0]?.lengthBytes,
  );
  for (let piece = 0; piece < meta.pieceCount; piece++) {
    const bytes = content.subarray(piece * PIECE, (piece + 1) * PIECE);
    assert.ok(isPiece(read.value, piece, [bytes.subarray(0, 50), bytes.subarray(50)]));
    assert.ok(!isPiece(read.value, piece, [bytes.subarray(1)]));
  }
});

test('one file alone is a torrent of one file', () => {
  const maker = new SeedMaker('film.mkv', [{ path: [], lengthBytes: 5 }], PIECE);
  maker.push(Buffer.from('hello'));
  const read = readSeed(maker.finish());
  assert.ok(read.kind === 'ok');
  assert.deepEqual(
    [read.value.meta.name, read.value.meta.totalBytes, read.value.meta.files.length],
    ['film.mkv', 5, 1],
  );
});

test('a folder with one file is a folder', () => {
  const maker = new SeedMaker('补丁', [{ path: ['补丁'], lengthBytes: 5 }], PIECE);
  maker.push(Buffer.from('hello'));
  const read = readSeed(maker.finish());
  assert.ok(read.kind === 'ok');
  assert.deepEqual(read.value.meta.files[0]?.path, ['补丁', '补丁']);
});

test('files that grow or shrink while they are read make no seed', () => {
  const maker = new SeedMaker('patch', files, PIECE);
  maker.push(content.subarray(1));
  assert.throws(() => maker.finish(), /changed while they were read/);
});

test('a seed that is not the one that was signed is not read', () => {
  const seed = seedOf(content, PIECE);
  const manifest = manifestOf(seed);
  const why = (bytes: Buffer, of: Manifest = manifest): string => {
    const read = openSeed(bytes, of);
    return read.kind === 'bad' ? read.why : 'ok';
  };
  const other = seedOf(Buffer.concat([content.subarray(1), Buffer.alloc(1)]), PIECE);
  assert.match(why(other), /not the one that was signed/);
  assert.match(why(seed.subarray(1)), /bytes, not/);
  assert.match(why(seed, { ...manifest, sizeBytes: manifest.sizeBytes + 1 }), /not what its manifest says/);
  assert.match(why(seed, { ...manifest, fileCount: 3 }), /not what its manifest says/);
});

test('a torrent without a SHA-256 for each piece is no seed', () => {
  const seed = seedOf(content, PIECE);
  assert.equal(readSeed(seed).kind, 'ok');
  const name = seed.indexOf('x_swarmbox_pieces_sha256');
  const renamed = Buffer.from(seed);
  renamed[name] = 'y'.charCodeAt(0);
  assert.equal(readSeed(renamed).kind, 'bad');
  assert.equal(readSeed(encode({ info: {} })).kind, 'bad');
});

test('any bytes are answered', () => {
  const seed = seedOf(content, PIECE);
  fc.assert(
    fc.property(fc.nat(seed.length - 1), fc.nat(255), (at, byte) => {
      const bytes = Buffer.from(seed);
      bytes[at] = byte;
      const read = readSeed(bytes);
      assert.ok(read.kind === 'bad' || read.value.pieceSha256.length === read.value.meta.pieceCount * 32);
    }),
  );
});

test('pieces are so large that there are about a thousand, and never too large to trade', () => {
  assert.equal(pieceLengthFor(1), LIMITS.leastPieceBytes);
  const sizes = [1, 2, 5, 50, 100].map((mb) => pieceLengthFor(mb * 1_000_000));
  assert.deepEqual(sizes, [16_384, 32_768, 65_536, 65_536, 131_072]);
  assert.equal(pieceLengthFor(1_000_000_000), 1_048_576);
  assert.equal(pieceLengthFor(1e12), LIMITS.mostPieceBytes);
});
