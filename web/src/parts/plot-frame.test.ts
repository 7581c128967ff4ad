import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { niceScale, timeTicks, withHoles } from './plot-frame.ts';

test('the top is a round figure that everything fits below', () => {
  assert.deepEqual(niceScale(3_200_000), { top: 4_000_000, ticks: [2_000_000, 4_000_000] });
  assert.equal(niceScale(0).top, 100_000);
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1e13, noNaN: true }), (most) => {
      const { top } = niceScale(most);
      assert.ok(top >= most * 0.999_99 && top <= Math.max(100_000, most * 10));
    }),
  );
});

test('a hole is put where nothing was heard for too long', () => {
  const { atMs, columns } = withHoles([0, 1000, 9000], [[1, 2, 3]], 6000);
  assert.deepEqual(atMs, [0, 1000, 1001, 9000]);
  assert.deepEqual(columns, [[1, 2, null, 3]]);
});

test('times below the axis are within it, apart alike, and not too many', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 400 * 86_400 }), fc.integer({ min: 2, max: 20 }), (seconds, most) => {
      const until = 1_790_000_000_000;
      const from = until - seconds * 1000;
      const ticks = timeTicks(from, until, most);
      assert.ok(ticks.length <= most + 1, `${ticks.length} of ${most}`);
      for (const tick of ticks) assert.ok(tick >= from && tick <= until);
    }),
  );
});
