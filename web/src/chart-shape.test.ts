import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { RateSample } from '#admin/contract.ts';
import { CHART_MS, nearest, niceScale, paths, runs } from './chart-shape.ts';

test('the scale is round, holds the highest value and keeps a quiet line quiet', () => {
  assert.equal(niceScale(0).top, 100_000);
  assert.deepEqual(niceScale(27_600_000), { top: 40_000_000, ticks: [20_000_000, 40_000_000] });
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1e11, noNaN: true }), (most) => {
      const { top } = niceScale(most);
      return top >= most && (top <= 2.5 * most || top === 100_000);
    }),
  );
});

test('a gap breaks the line; what is too old or in the future is not drawn', () => {
  const now = 1_000_000;
  const at = (ms: number): RateSample => [now - ms, 1, 2];
  const found = runs([at(CHART_MS + 1), at(9000), at(8000), at(1000), at(0), at(-5000)], now);
  assert.deepEqual(
    found.map((run) => run.map((s) => now - s[0])),
    [
      [9000, 8000],
      [1000, 0],
    ],
  );
});

test('paths run from left to right within the frame', () => {
  const now = 300_000;
  const shape = { width: 300, height: 100, nowMs: now, top: 10 };
  const { line, area } = paths(
    [
      [now - 2000, 0, 5],
      [now, 10, 20],
    ],
    2,
    shape,
  );
  assert.equal(line, 'M298.0 50.0L300.0 0.0');
  assert.equal(area, 'M298.0 100L298.0 50.0L300.0 0.0L300.0 100Z');
  assert.equal(paths([], 1, shape).line, '');
});

test('the sample under the pointer is the nearest one, or none', () => {
  const now = CHART_MS;
  const samples: RateSample[] = [
    [now - 1000, 1, 1],
    [now, 2, 2],
  ];
  assert.equal(nearest(samples, now, 1)?.[1], 2);
  assert.equal(nearest(samples, now, 0.2), undefined);
  assert.equal(nearest([], now, 1), undefined);
});
