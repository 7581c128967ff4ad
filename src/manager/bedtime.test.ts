import assert from 'node:assert/strict';
import { test } from 'node:test';
import { putToRest } from './bedtime.ts';

const sleepers = (since: readonly (number | undefined)[]) => {
  const rested: (number | undefined)[] = [];
  const tasks = since.map((asleepSinceMs) => ({ asleepSinceMs, rest: () => void rested.push(asleepSinceMs) }));
  return { tasks, rested };
};

test('who has slept longest leaves memory, and nobody who is awake', () => {
  const { tasks, rested } = sleepers([7, undefined, 3, 9, undefined, 5]);
  putToRest(tasks, 2);
  assert.deepEqual(rested, [3, 5]);
});

test('with room for all nobody leaves', () => {
  const { tasks, rested } = sleepers([1, 2, undefined]);
  putToRest(tasks, 2);
  assert.deepEqual(rested, []);
});
