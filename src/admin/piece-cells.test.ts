import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Bitfield } from '#base/bitfield.ts';
import { cellsOf, meanMap, pieceMap } from './piece-cells.ts';

const bits = (size: number, has: (i: number) => boolean): Bitfield => {
  const field = new Bitfield(size);
  for (let i = 0; i < size; i++) if (has(i)) field.set(i);
  return field;
};

test('a cell is 0 when it has none of its pieces, 9 when it has all, and neither when it has some', () => {
  const sets = fc.integer({ min: 1, max: 5_000 }).chain((size) => fc.tuple(fc.constant(size), fc.nat(7), fc.nat(size)));
  fc.assert(
    fc.property(sets, ([size, salt, from]) => {
      const has = (i: number) => i >= from || Math.imul(i + salt, 2_654_435_761) >>> 28 > 7;
      const map = pieceMap(bits(size, has));
      const cells = cellsOf(size);
      assert.equal(map.length, cells);
      assert.ok(cells <= 1_000);
      for (let cell = 0; cell < cells; cell++) {
        const pieces = [];
        for (let i = Math.floor((cell * size) / cells); i < Math.floor(((cell + 1) * size) / cells); i++)
          pieces.push(has(i));
        assert.ok(pieces.length > 0);
        assert.equal(map[cell] === '0', !pieces.includes(true));
        assert.equal(map[cell] === '9', !pieces.includes(false));
      }
    }),
    { numRuns: 60 },
  );
  assert.equal(pieceMap(new Bitfield(0)), '');
});

test('what clients hold is their mean, and of who speaks of other pieces nothing counts', () => {
  const [all, none] = [bits(4, () => true), bits(4, () => false)];
  assert.equal(meanMap([all, none], 4), '5555');
  assert.equal(meanMap([all, all], 4), '9999');
  assert.equal(meanMap([all, bits(5, () => true)], 4), '9999');
  assert.equal(meanMap([], 4), '');
});
