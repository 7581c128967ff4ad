import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { scrollFor, windowOf } from './window.ts';

test('what is in sight is drawn, and little more', () => {
  fc.assert(
    fc.property(
      fc.nat(20_000_000),
      fc.integer({ min: 100, max: 4000 }),
      fc.integer({ min: 20, max: 120 }),
      fc.integer({ min: 1, max: 10_000_000 }),
      (scroll, view, rowPx, count) => {
        const { first, last, heightPx, shiftPx } = windowOf(scroll, view, rowPx, count);
        const top = Math.max(0, Math.min(scroll, heightPx - view));
        assert.ok(first * rowPx - shiftPx <= top, 'the first row in sight is drawn');
        assert.ok(last === count - 1 || (last + 1) * rowPx - shiftPx >= top + view, 'and the last one');
        assert.ok(last - first <= Math.ceil(view / rowPx) + 14);
        assert.ok(first >= 0 && last < count && heightPx <= 12_000_000);
      },
    ),
  );
});

test('an empty list draws nothing', () => {
  const { first, last, heightPx } = windowOf(0, 600, 58, 0);
  assert.ok(last < first);
  assert.equal(heightPx, 0);
});

test('a list that no browser could lay out is scrolled in larger steps, to its very end', () => {
  const count = 1_000_000;
  const { heightPx } = windowOf(0, 600, 58, count);
  const { first, last, shiftPx } = windowOf(heightPx - 600, 600, 58, count);
  assert.equal(last, count - 1);
  assert.ok(first > count - 30);
  assert.equal(Math.round(count * 58 - shiftPx), heightPx, 'the last row ends where the list ends');
  fc.assert(
    fc.property(fc.nat(count - 1), fc.nat(12_000_000 - 600), (index, scrollPx) => {
      const at = { viewPx: 600, rowPx: 58, count };
      const scrolled = scrollFor(index, { ...at, scrollPx }) ?? scrollPx;
      const { shiftPx } = windowOf(scrolled, 600, 58, count);
      const top = index * 58 - shiftPx - scrolled;
      assert.ok(top > -0.01 && top + 58 < 600.01, `row ${index} is in sight, at ${top}`);
    }),
  );
});

test('the list is scrolled no further than needed', () => {
  const at = (scrollPx: number) => ({ scrollPx, viewPx: 600, rowPx: 58, count: 100 });
  assert.equal(scrollFor(2, at(0)), undefined);
  assert.equal(scrollFor(0, at(100)), 0);
  assert.equal(scrollFor(20, at(0)), 21 * 58 - 600);
});
