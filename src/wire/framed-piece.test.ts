import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { BLOCK_BYTES } from '#base/units.ts';
import { FramedPiece } from './framed-piece.ts';
import { decodeMessage, FrameSplitter } from './frames.ts';

function filled(lengthBytes: number): { piece: FramedPiece; content: Buffer } {
  const content = randomBytes(lengthBytes);
  const piece = FramedPiece.allocate(77, lengthBytes);
  for (let at = 0; at < lengthBytes; at += BLOCK_BYTES) piece.putBlock(at, content.subarray(at, at + BLOCK_BYTES));
  return { piece, content };
}

/** What a client reads out of wire bytes: each message's place and its data, in order. */
function heard(bytes: Buffer[]): { begin: number; data: Buffer }[] {
  const seen: { begin: number; data: Buffer }[] = [];
  const splitter = new FrameSplitter(1 << 24);
  for (const part of bytes) {
    const why = splitter.push(part, (frame) => {
      const m = decodeMessage(frame);
      assert.ok(m.kind === 'ok' && m.value.kind === 'piece');
      assert.equal(m.value.piece, 77);
      seen.push({ begin: m.value.begin, data: m.value.data });
    });
    assert.equal(why, undefined);
  }
  assert.equal(splitter.heldBytes, 0);
  return seen;
}

const length = fc.oneof(fc.integer({ min: 1, max: 3 * BLOCK_BYTES }), fc.constantFrom(BLOCK_BYTES, 2 * BLOCK_BYTES, 1));

test('any request is answered with one message of just those bytes', () => {
  fc.assert(
    fc.property(length, fc.nat(), fc.nat(), (lengthBytes, a, b) => {
      const { piece, content } = filled(lengthBytes);
      const begin = a % lengthBytes;
      const wanted = 1 + (b % (lengthBytes - begin));
      const [only, ...more] = heard(piece.message(begin, wanted));
      assert.deepEqual(more, []);
      assert.deepEqual(only, { begin, data: content.subarray(begin, begin + wanted) });
    }),
  );
});

test('a run of blocks is one slice of whole messages', () => {
  fc.assert(
    fc.property(length, fc.nat(3), fc.nat(3), (lengthBytes, from, count) => {
      const { piece, content } = filled(lengthBytes);
      const begin = from * BLOCK_BYTES;
      const end = Math.min(lengthBytes, begin + (count + 1) * BLOCK_BYTES);
      const run = piece.run(begin, end - begin);
      if (begin >= lengthBytes) return assert.equal(run, undefined);
      assert.ok(run);
      assert.equal(run.buffer, piece.buffer.buffer);
      const seen = heard([run]);
      assert.deepEqual(
        seen.map((m) => m.begin),
        [...Array(Math.ceil((end - begin) / BLOCK_BYTES)).keys()].map((i) => begin + i * BLOCK_BYTES),
      );
      assert.deepEqual(Buffer.concat(seen.map((m) => m.data)), content.subarray(begin, end));
    }),
  );
});

test('what is not whole blocks is no run', () => {
  const { piece } = filled(2 * BLOCK_BYTES + 100);
  for (const [begin, size] of [
    [1, BLOCK_BYTES],
    [0, 100],
    [BLOCK_BYTES, BLOCK_BYTES + 50],
    [0, 0],
    [-BLOCK_BYTES, BLOCK_BYTES],
    [0, 3 * BLOCK_BYTES],
    [0.5, 1],
  ] as const) {
    assert.equal(piece.run(begin, size), undefined, `${begin}+${size}`);
  }
  assert.ok(piece.run(2 * BLOCK_BYTES, 100));
  assert.ok(piece.run(0, piece.lengthBytes));
  assert.throws(() => piece.message(2 * BLOCK_BYTES, 101), RangeError);
});

test('the parts are the content, in place', () => {
  const { piece, content } = filled(2 * BLOCK_BYTES + 5);
  const parts = piece.payloadParts();
  assert.deepEqual(
    parts.map((p) => p.length),
    [BLOCK_BYTES, BLOCK_BYTES, 5],
  );
  assert.deepEqual(Buffer.concat(parts), content);
  for (const part of parts) assert.equal(part.buffer, piece.buffer.buffer);
});

test('the memory can go to a worker and come back', () => {
  const { piece, content } = filled(BLOCK_BYTES + 9);
  const wire = Buffer.from(piece.run(0, piece.lengthBytes) as Buffer);
  assert.equal(piece.buffer.byteOffset, 0);
  assert.equal(piece.buffer.buffer.byteLength, piece.buffer.length);
  const moved = structuredClone(piece.buffer.buffer, { transfer: [piece.buffer.buffer] }) as ArrayBuffer;
  const back = FramedPiece.adopt(77, BLOCK_BYTES + 9, moved);
  assert.deepEqual(back.run(0, back.lengthBytes), wire);
  assert.deepEqual(Buffer.concat(back.payloadParts()), content);
  assert.throws(() => FramedPiece.adopt(1, BLOCK_BYTES, moved), RangeError);
});

test('the memory of a discarded piece becomes the next one’s, and a view that was kept is empty', () => {
  const length = 3 * BLOCK_BYTES + 7;
  const { piece, content } = filled(length);
  const kept = piece.run(0, length) as Buffer;
  FramedPiece.discard(piece);
  assert.equal(kept.length, 0);
  const next = FramedPiece.allocate(4, length);
  assert.deepEqual(next.payloadParts()[0], content.subarray(0, BLOCK_BYTES), 'the same memory');
  assert.equal((next.run(0, length) as Buffer).readUInt32BE(5), 4, 'with headers of its own');
  assert.equal(next.payloadParts().length, 4);
});

test('only whole blocks of this piece go in', () => {
  const piece = FramedPiece.allocate(0, BLOCK_BYTES + 10);
  for (const [begin, size] of [
    [0, 10],
    [BLOCK_BYTES, BLOCK_BYTES],
    [10, BLOCK_BYTES],
    [2 * BLOCK_BYTES, 10],
    [-BLOCK_BYTES, BLOCK_BYTES],
  ] as const) {
    assert.throws(() => piece.putBlock(begin, Buffer.alloc(size)), RangeError, `${begin}+${size}`);
  }
  assert.throws(() => FramedPiece.allocate(0, 0), RangeError);
});
