import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BLOCK_BYTES } from '#base/units.ts';
import { Blame } from './blame.ts';

const blocks = (...fill: number[]): Uint8Array[] => fill.map((byte) => new Uint8Array(BLOCK_BYTES).fill(byte));
const by = (...origins: number[]): Int32Array => Int32Array.from(origins);

test('a bad piece from one origin alone bans it', () => {
  assert.deepEqual(new Blame(4).bad(0, by(7, 7), undefined), [7]);
});

test('of two origins, the one that did not send the good version lied', () => {
  const blame = new Blame(4);
  assert.deepEqual(blame.bad(3, by(1, 2, 1), undefined), []);
  assert.deepEqual(blame.good(3, by(2, 2, 2), undefined), [1]);
  assert.deepEqual(blame.good(3, by(2, 2, 2), undefined), []);
});

test('of many origins, nobody is banned on suspicion, and the next bad piece names the liar by its blocks', () => {
  const blame = new Blame(4);
  assert.equal(blame.sums(blocks(1, 2, 3)), undefined);
  assert.deepEqual(blame.bad(0, by(1, 2, 3), undefined), []);
  assert.deepEqual(blame.good(0, by(3, 3, 3), blame.sums(blocks(1, 2, 3))), []);
  assert.deepEqual(blame.bad(1, by(1, 2, 3), blame.sums(blocks(1, 99, 3))), []);
  assert.deepEqual(blame.good(1, by(1, 1, 1), blame.sums(blocks(1, 2, 3))), [2]);
});

test('an origin that lied and then told the truth is still found by its blocks', () => {
  const blame = new Blame(4);
  blame.bad(9, by(1, 2), undefined);
  blame.good(9, by(1, 1), undefined);
  assert.deepEqual(blame.bad(1, by(1, 2), blame.sums(blocks(0, 2))), []);
  assert.deepEqual(blame.good(1, by(1, 1), blame.sums(blocks(1, 2))), [1]);
});

test('views that are not cut at blocks give the same sums', () => {
  const blame = new Blame(4);
  blame.bad(0, by(1, 2), undefined);
  const whole = Buffer.concat(blocks(1, 2, 3)).subarray(0, 2 * BLOCK_BYTES + 5);
  assert.deepEqual(
    blame.sums([whole.subarray(0, 5), whole.subarray(5)]),
    blame.sums([whole.subarray(0, BLOCK_BYTES), whole.subarray(BLOCK_BYTES)]),
  );
});
