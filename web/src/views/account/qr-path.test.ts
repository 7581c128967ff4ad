import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { inFours, qrPicture } from './qr-path.ts';

/** The modules that a path paints. */
function painted(path: string, side: number): string[] {
  const grid = Array.from({ length: side }, () => Array<string>(side).fill('0'));
  for (const [, x, y, width] of path.matchAll(/M(\d+) (\d+)h(\d+)v1h-\3z/g))
    for (let i = 0; i < Number(width); i++) grid[Number(y)]![Number(x) + i] = '1';
  return grid.map((row) => row.join(''));
}

test('the path paints each dark module, within four of quiet', () => {
  const square = fc
    .integer({ min: 1, max: 25 })
    .chain((side) => fc.array(fc.stringMatching(new RegExp(`^[01]{${side}}$`)), { minLength: side, maxLength: side }));
  fc.assert(
    fc.property(square, (rows) => {
      const picture = qrPicture(rows)!;
      const inner = painted(picture.path, picture.side)
        .slice(4, -4)
        .map((row) => row.slice(4, -4));
      assert.deepEqual(inner, rows);
      assert.equal(picture.side, rows.length + 8);
    }),
  );
});

test('what is no square of noughts and ones is not drawn', () => {
  for (const rows of [[], ['10'], ['1', '1'], ['1x', '11'], Array<string>(178).fill('1'.repeat(178))])
    assert.equal(qrPicture(rows), undefined);
});

test('a secret is read in fours', () => {
  assert.equal(inFours('ABCDEFGHIJ'), 'ABCD EFGH IJ');
  assert.equal(inFours('ABCD'), 'ABCD');
});
