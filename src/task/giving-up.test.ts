import assert from 'node:assert/strict';
import { test } from 'node:test';
import { leastLost, meanStake } from './giving-up.ts';

test('what is lost with a segment is what is lost with one of its pieces; what is not had keeps nothing', () => {
  const has = (piece: number) => piece !== 2;
  assert.equal(
    meanStake([1, 2, 3], has, (piece) => piece),
    2,
  );
  assert.equal(
    meanStake([1, 2, 3], has, (piece) => (piece === 3 ? undefined : 0)),
    undefined,
  );
  assert.equal(
    meanStake([1, 2, 3], has, (piece) => (piece === 2 ? undefined : 1)),
    1,
  );
  assert.equal(
    meanStake([2], has, () => 0),
    undefined,
  );
});

test('those with which the least is lost go first, the last one before the others', () => {
  const stakes: (number | undefined)[] = [2, 0.5, undefined, 0.5, 3];
  assert.deepEqual(
    leastLost([0, 1, 2, 3, 4], (segment) => stakes[segment]),
    { stake: 0.5, segments: [3, 1] },
  );
  assert.equal(
    leastLost([2], (segment) => stakes[segment]),
    undefined,
  );
  assert.equal(
    leastLost([], () => 0),
    undefined,
  );
});
