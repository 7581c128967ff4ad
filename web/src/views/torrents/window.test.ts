import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { mostRows, scrollFor, windowOf } from './window.ts';

test('what is in sight is drawn, and little more', () => {
  fc.assert(
    fc.property(
      fc.nat(20_000_000),
      fc.integer({ min: 100, max: 4000 }),
      fc.integer({ min: 20, max: 120 }),
      fc.integer({ min: 1, max: 10_000_000 }),
      (scroll, view, rowPx, count) => {
        const { first, last, heightPx, rows } = windowOf(scroll, view, rowPx, count);
        const top = Math.max(0, Math.min(scroll, heightPx - view));
        assert.ok(first * rowPx <= top, 'the first row in sight is drawn');
        assert.ok(last === rows - 1 || (last + 1) * rowPx >= top + view, 'and the last one');
        assert.ok(last - first <= Math.ceil(view / rowPx) + 14);
        assert.ok(first >= 0 && last < rows && rows <= count && heightPx <= 12_000_000);
      },
    ),
  );
});

test('an empty list draws nothing', () => {
  const { first, last, heightPx } = windowOf(0, 600, 58, 0);
  assert.ok(last < first);
  assert.equal(heightPx, 0);
});

test('more rows than a browser can lay out are cut', () => {
  assert.equal(windowOf(0, 600, 100, 10_000_000).rows, mostRows(100));
});

test('the list is scrolled no further than needed', () => {
  assert.equal(scrollFor(2, 0, 600, 58), undefined);
  assert.equal(scrollFor(0, 100, 600, 58), 0);
  assert.equal(scrollFor(20, 0, 600, 58), 21 * 58 - 600);
});
