import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { EarlyPieces } from './early-pieces.ts';

const LIMITS = { earlyBytes: 100, earlyMs: 1_000 };

test('they are had once, and each once', () => {
  const early = new EarlyPieces(LIMITS);
  early.put('a', 1, Buffer.from('one'), 0);
  early.put('a', 1, Buffer.from('two'), 0);
  early.put('a', 0, Buffer.from('nil'), 0);
  assert.deepEqual(early.take('a'), [
    [1, Buffer.from('one')],
    [0, Buffer.from('nil')],
  ]);
  assert.deepEqual(early.take('a'), []);
  assert.equal(early.bytes, 0);
});

test('when there are too many, the distribution that came first goes', () => {
  const early = new EarlyPieces(LIMITS);
  early.put('a', 0, Buffer.alloc(50), 0);
  early.put('b', 0, Buffer.alloc(40), 0);
  early.put('a', 1, Buffer.alloc(10), 0);
  early.put('b', 1, Buffer.alloc(1), 0);
  assert.deepEqual([early.take('a').length, early.take('b').length], [0, 2]);
  early.put('c', 0, Buffer.alloc(101), 0);
  assert.equal(early.bytes, 0);
});

test('they go after a while', () => {
  const early = new EarlyPieces(LIMITS);
  early.put('a', 0, Buffer.alloc(1), 0);
  early.put('b', 0, Buffer.alloc(1), 1);
  early.tick(1_000);
  assert.deepEqual([early.take('a').length, early.take('b').length], [0, 1]);
});

test('there are never more bytes than are allowed, and no byte is counted that is not there', () => {
  const put = fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.nat(5), fc.nat(120));
  fc.assert(
    fc.property(fc.array(put, { maxLength: 50 }), (puts) => {
      const early = new EarlyPieces(LIMITS);
      for (const [id, piece, bytes] of puts) {
        early.put(id, piece, Buffer.alloc(bytes), 0);
        assert.ok(early.bytes <= LIMITS.earlyBytes);
      }
      let left = early.bytes;
      for (const id of ['a', 'b', 'c']) for (const [, { length }] of early.take(id)) left -= length;
      assert.deepEqual([left, early.bytes], [0, 0]);
    }),
  );
});
