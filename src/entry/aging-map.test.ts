import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from '#base/seeded-random.ts';
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

test('whatever is set, deleted and read, it keeps what a plain list would', () => {
  const [limit, forMs] = [8, 20];
  const map = new AgingMap<number>(limit, forMs);
  let plain: { key: string; value: number; untilMs: number }[] = [];
  const random = new Random(7);
  const next = (below: number): number => Math.floor(random.unit() * below);
  for (let nowMs = 0; nowMs < 5_000; nowMs++) {
    const key = `k${next(24)}`;
    plain = plain.filter((entry) => entry.key !== key && entry.untilMs > nowMs);
    if (next(4) === 0) map.delete(key);
    else {
      map.set(key, nowMs, nowMs);
      plain = [...plain.slice(-(limit - 1)), { key, value: nowMs, untilMs: nowMs + forMs }];
    }
    if (next(50) === 0) nowMs += next(30);
    const lasting = plain.filter(({ untilMs }) => untilMs > nowMs);
    assert.deepEqual(
      [...map.values(nowMs)],
      lasting.map(({ value }) => value),
    );
    if (next(3) === 0) assert.equal(map.sizeAt(nowMs), lasting.length);
  }
});
