import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LineRate } from './line-rate.ts';

test('an even flow has its rate from the second reading on, a change is there after some time constants', () => {
  const rate = new LineRate(500);
  assert.equal(rate.read(7_000, 0), undefined);
  for (let i = 1; i <= 10; i++) assert.equal(Math.round(rate.read(7_000 + i * 200, i * 200) ?? 0), 1_000);
  let last: number | undefined;
  for (let i = 1; i <= 15; i++) last = rate.read(9_000 + i * 2_000, 2_000 + i * 200);
  assert.ok(last && last > 9_900 && last < 10_000, `${last}`);
});

test('a counter that began anew counts nothing, and without one there is no rate', () => {
  const rate = new LineRate(500);
  rate.read(1_000_000, 0);
  assert.equal(rate.read(5, 200), 0);
  assert.equal(rate.read(undefined, 400), undefined);
  assert.equal(rate.read(5, 600), undefined);
  assert.equal(rate.read(205, 800), 1_000);
});
