import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { plain } from '../frame/format.ts';
import { readFigure } from './read-figure.ts';

test('a comma groups where the page itself would write it, and is a point elsewhere', () => {
  const read = ['1,000', '100,000', '1,048,576', '1,234.5', '1,5', '0,125', '12,50', ' 7 ', '-4,321'].map(readFigure);
  assert.deepEqual(read, [1000, 100_000, 1_048_576, 1234.5, 1.5, 0.125, 12.5, 7, -4321]);
  for (const text of ['', ' ', 'x', '1,00,000', '1e999', '1,2,3', '1.5.2']) assert.equal(readFigure(text), undefined);
});

test('what the page writes is read as what it was', () => {
  fc.assert(
    fc.property(fc.integer({ min: -1e9, max: 1e9 }), fc.constantFrom(1, 10, 100, 1000), (n, per) =>
      Object.is((readFigure(plain(n / per)) ?? 0) + 0, n / per + 0),
    ),
  );
});
