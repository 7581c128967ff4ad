import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { layOut } from './map-layout.ts';

test('every cell has its place within the width, and squares are no smaller than can be seen', () => {
  fc.assert(
    fc.property(fc.nat(4000), fc.integer({ min: 1, max: 1000 }), (width, count) => {
      const { columns, cellPx, heightPx } = layOut(width, count);
      assert.ok(columns * Math.ceil(heightPx / cellPx) >= count);
      assert.ok(columns * cellPx <= Math.max(7, width));
      assert.ok(cellPx >= 7 && cellPx <= 22);
    }),
  );
});
