import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Bitfield } from '#base/bitfield.ts';
import { type Holder, LackCounts } from './lack-counts.ts';

const PIECES = 20;

function holderOf(pieces: readonly number[] | undefined): Holder {
  const field = pieces && new Bitfield(PIECES);
  for (const piece of pieces ?? []) field?.set(piece);
  return { pieces: () => field, skips: [] };
}
const holder = fc.option(fc.uniqueArray(fc.nat(PIECES - 1)), { nil: undefined }).map(holderOf);
const seen = (lack: LackCounts) => [
  lack.holders,
  lack.wanting,
  ...Array.from({ length: PIECES }, (_, piece) => lack.of(piece)),
];

test('one who has come and said nothing counts as when all are counted anew', () => {
  fc.assert(
    fc.property(fc.array(holder, { maxLength: 8 }), (holders) => {
      const [added, counted] = [new LackCounts(PIECES), new LackCounts(PIECES)];
      added.recount(holders);
      added.joined();
      counted.recount([...holders, holderOf(undefined)]);
      assert.deepEqual(seen(added), seen(counted));
    }),
  );
});
