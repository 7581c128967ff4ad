import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AgingMap } from './aging-map.ts';

test('entries end with their time, and the oldest make room', () => {
  const map = new AgingMap<number>(3, 100);
  for (const [i, key] of ['a', 'b', 'c'].entries()) map.set(key, i, i);
  map.set('a', 9, 3);
  map.set('d', 4, 4);
  assert.deepEqual([...map.values(5)], [2, 9, 4], 'b was the oldest: a had been set again');
  assert.equal(map.get('b', 5), undefined);
  assert.equal(map.get('c', 101), 2);
  assert.equal(map.get('c', 102), undefined);
  assert.deepEqual([...map.values(103)], [4]);
  assert.equal(map.sizeAt(103), 1);
  map.set('e', 5, 200);
  assert.equal(map.sizeAt(200), 1);
});
