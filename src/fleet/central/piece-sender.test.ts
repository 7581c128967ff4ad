import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KIB } from '#base/units.ts';
import { runsOf } from './piece-sender.ts';

test('small pieces that follow one another go together, a quarter of a megabyte at most', () => {
  assert.deepEqual(runsOf([0, 1, 2, 3, 4, 5], 64 * KIB), [
    [0, 1, 2, 3],
    [4, 5],
  ]);
  assert.deepEqual(runsOf([0, 2, 3, 7], 128 * KIB), [[0], [2, 3], [7]]);
  assert.deepEqual(runsOf([], 64 * KIB), []);
});

test('a large piece goes alone', () => {
  for (const pieceLength of [256 * KIB, 4_096 * KIB]) assert.deepEqual(runsOf([0, 1], pieceLength), [[0], [1]]);
});
