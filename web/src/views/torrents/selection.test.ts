import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MOST_SELECTED, toggled, withRange } from './selection.ts';

test('a press selects, a second one no more', () => {
  const one = toggled(new Set(), 'a');
  assert.deepEqual([...one], ['a']);
  assert.deepEqual([...toggled(one, 'a')], []);
});

test('a range goes both ways and leaves out what is not known', () => {
  const at = (i: number) => (i === 3 ? undefined : `r${i}`);
  assert.deepEqual([...withRange(new Set(), at, 2, 4)], ['r2', 'r4']);
  assert.deepEqual([...withRange(new Set(), at, 4, 2)], ['r4', 'r2']);
  assert.deepEqual([...withRange(new Set(['x']), at, 1, 1)], ['x', 'r1']);
});

test('no more than one request takes', () => {
  const all = withRange(new Set(), (i) => `r${i}`, 0, 5000);
  assert.equal(all.size, MOST_SELECTED);
  assert.equal(toggled(all, 'one more').size, MOST_SELECTED);
});
