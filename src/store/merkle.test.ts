import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { BLOCK_BYTES } from '#base/units.ts';
import { digestsOf, passed, workOf } from './digests.ts';
import { gappedMaker, hybridSampleOf, naiveRoot, pieceWith, v2SampleOf } from './fixtures.ts';
import { Layout } from './layout.ts';
import { merkleRoot } from './merkle.ts';

const parts = (data: Buffer): Buffer[] => pieceWith(0, data).payloadParts();

test('the root of any data in a tree of any width is the one BEP 52 describes', () => {
  const size = fc.oneof(fc.integer({ min: 1, max: 9 * BLOCK_BYTES }), fc.constantFrom(1, BLOCK_BYTES, 2 * BLOCK_BYTES));
  fc.assert(
    fc.property(size, fc.nat(4), (bytes, wider) => {
      const data = randomBytes(bytes);
      const leaves = 2 ** (Math.ceil(Math.log2(Math.ceil(bytes / BLOCK_BYTES))) + wider);
      assert.deepEqual(Buffer.from(merkleRoot(parts(data), leaves)), naiveRoot(data, leaves));
    }),
  );
});

test('a tree with more blocks than leaves, or a width that is no power of two, is a bug', () => {
  for (const leaves of [0, 1, 3]) assert.throws(() => merkleRoot(parts(randomBytes(2 * BLOCK_BYTES)), leaves), /bug/);
  assert.throws(() => merkleRoot([], 1), /bug/);
});

test('what pads a piece is covered by SHA-1 and by no leaf', () => {
  const sample = hybridSampleOf([randomBytes(BLOCK_BYTES + 100), randomBytes(5)], 4 * BLOCK_BYTES);
  const checks = sample.shape.checksOf(0);
  const work = workOf(checks, sample.shape.sizeOf(0));
  assert.equal(passed(checks, digestsOf(sample.piece(0).payloadParts(), work)), 'all');
  const otherPadding = Buffer.from(sample.payload(0));
  otherPadding[2 * BLOCK_BYTES] = 1;
  assert.equal(passed(checks, digestsOf(parts(otherPadding), work)), 'some');
  const otherData = Buffer.from(sample.payload(0));
  otherData[BLOCK_BYTES + 99] = (otherData[BLOCK_BYTES + 99] as number) ^ 1;
  assert.equal(passed(checks, digestsOf(parts(otherData), work)), 'none');
});

test('a piece that nothing checks never passes', () => {
  assert.throws(() => workOf([], 5), /bug/);
  assert.equal(
    passed([], digestsOf(gappedMaker.allocate(0, 5).payloadParts(), { sha1: true, merkle: undefined })),
    'none',
  );
});

test('the places of any torrent’s pieces never overlap and never cross a segment', () => {
  const files = fc.array(fc.integer({ min: 1, max: 20 * BLOCK_BYTES }), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(files, fc.nat(3), fc.boolean(), (sizes, power, hybrid) => {
      const make = hybrid ? hybridSampleOf : v2SampleOf;
      const buffers = sizes.map((n) => Buffer.alloc(n));
      const { shape } = make(buffers, BLOCK_BYTES * 2 ** power);
      const layout = new Layout(shape);
      const ends = new Map<number, number>();
      for (let index = 0; index < shape.pieceCount; index++) {
        const { segment, offset, lengthBytes } = layout.place(index);
        const [first, end] = layout.piecesOf(segment);
        assert.ok(index >= first && index < end && segment < layout.segments);
        assert.equal(lengthBytes, shape.sizeOf(index));
        assert.ok(offset >= (ends.get(segment) ?? 0));
        ends.set(segment, offset + lengthBytes);
      }
    }),
    { numRuns: 40 },
  );
});

test('the layout of a v1 torrent says what it always said', () => {
  const layout = new Layout({
    infoHash: v2SampleOf([Buffer.alloc(1)], BLOCK_BYTES).shape.infoHash,
    pieceLength: 1_000_000,
    pieceCount: 3,
    totalBytes: 2_500_000,
    sizeOf: () => 1_000_000,
    checksOf: () => [],
  });
  assert.equal(layout.text(), '{"version":1,"pieceLength":1000000,"totalBytes":2500000,"segmentBytes":33000000}\n');
});
