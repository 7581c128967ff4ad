import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { RateCap } from './rate-cap.ts';

test('without a limit everything goes; with one no more than it says, but for one run; and it can be changed', () => {
  const cap = new RateCap();
  cap.left(1e9);
  assert.equal(cap.room(0), Number.POSITIVE_INFINITY);
  assert.equal(cap.waitMs(0), 0);
  cap.set(1_000, 0);
  assert.ok(cap.room(0) > 0);
  cap.left(500);
  assert.equal(cap.room(499), 0);
  assert.equal(cap.waitMs(499), 1);
  assert.ok(cap.room(500) > 0);
  cap.left(10_000);
  cap.set(100_000, 501);
  assert.equal(cap.waitMs(501), 100);
  cap.set(undefined, 502);
  assert.equal(cap.room(502), Number.POSITIVE_INFINITY);
});

test('whatever is given and whenever, what leaves is the rate times the time and one run at most', () => {
  const steps = fc.array(fc.record({ ms: fc.nat(200), bytes: fc.integer({ min: 1, max: 5_000 }) }), { maxLength: 200 });
  fc.assert(
    fc.property(steps, (all) => {
      const cap = new RateCap();
      let [nowMs, gone, largest] = [1_000, 0, 0];
      cap.set(10_000, nowMs);
      for (const { ms, bytes } of all) {
        nowMs += ms;
        if (cap.room(nowMs) <= 0) continue;
        cap.left(bytes);
        gone += bytes;
        largest = Math.max(largest, bytes);
        assert.ok(gone <= 10 * (nowMs - 1_000) + largest + 1);
      }
    }),
  );
});
