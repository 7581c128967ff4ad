import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Bitfield } from '#base/bitfield.ts';
import { Announcer } from './announcer.ts';

const bitfieldOf = (size: number, on: readonly number[]): Bitfield => {
  const field = new Bitfield(size);
  for (const i of on) field.set(i);
  return field;
};

test('the last piece but one is said together with the last, and before it', () => {
  const { announcer } = Announcer.open(4, undefined, 0);
  const said = [2, 0, 3, 1].map((piece) => announcer.gained(piece, 0));
  assert.deepEqual(said, [[2], [0], [], [3, 1]]);
});

test('a client that comes when one piece is missing is not told of all the others', () => {
  const { announcer, bits } = Announcer.open(10, bitfieldOf(10, [0, 1, 2, 3, 4, 5, 6, 7, 8]), 0);
  assert.deepEqual([...bits], [0b1111_1111, 0]);
  assert.deepEqual(announcer.gained(9, 0), [8, 9]);
});

test('a held piece is said when the last one does not come', () => {
  const { announcer } = Announcer.open(3, undefined, 0);
  announcer.gained(0, 0);
  announcer.gained(1, 100);
  assert.deepEqual(announcer.overdue(1_000, 1_099), []);
  assert.deepEqual(announcer.overdue(1_000, 1_100), [1]);
  assert.deepEqual(announcer.gained(2, 2_000), [2]);
});

test('every piece is said exactly once, and no client is brought from one missing to a seed by a lone have', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 40 }), fc.nat(40), fc.infiniteStream(fc.nat()), (size, first, random) => {
      const order = Array.from({ length: size }, (_, i) => i).sort(() => (random.next().value & 1) - 0.5);
      const had = order.slice(0, Math.min(first, size));
      const { announcer, bits } = Announcer.open(size, bitfieldOf(size, had), 0);
      const told = Bitfield.from(bits, size);
      assert.ok(told);
      for (const piece of order.slice(had.length)) {
        const said = announcer.gained(piece, 0);
        for (const p of said) assert.equal(told.set(p), true, 'said twice');
        if (told.full && size > 1) assert.equal(said.length, 2);
      }
      assert.ok(told.full);
    }),
  );
});
