import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Bitfield } from '#base/bitfield.ts';
import { LackCounts } from './lack-counts.ts';

const PIECES = 12;
const bits = (set: readonly number[]): Bitfield => {
  const field = new Bitfield(PIECES);
  for (const piece of set) field.set(piece);
  return field;
};
const anyBits = fc.uniqueArray(fc.nat(PIECES - 1));
const anyPart = fc
  .tuple(fc.nat(PIECES), fc.nat(PIECES))
  .map(([a, b]) => ({ first: Math.min(a, b), end: Math.max(a, b) }));

test('a piece counts for each client that lacks it and does not skip it, and is ready where the box has it', () => {
  const holders = fc.array(fc.record({ has: fc.option(anyBits, { nil: undefined }), skip: anyPart }), { maxLength: 5 });
  fc.assert(
    fc.property(holders, anyBits, fc.nat(PIECES), (clients, had, sample) => {
      const counts = new LackCounts(PIECES, (piece) => piece === sample);
      const needs = counts.recount(
        clients.map(({ has, skip }) => ({
          ip: 'a',
          pieces: has && bits(has),
          skips: [skip],
          interested: true,
          knows: () => true,
        })),
        bits(had),
      );
      const wants = ({ has, skip }: (typeof clients)[number], piece: number): boolean =>
        !has?.includes(piece) && (piece === sample || piece < skip.first || piece >= skip.end);
      const all = Array.from({ length: PIECES }, (_, piece) => piece);
      for (const piece of all) assert.equal(counts.of(piece), clients.filter((c) => wants(c, piece)).length);
      const expected = clients.map((c) => ({
        lacked: all.filter((piece) => wants(c, piece) && !had.includes(piece)).length,
        ready: all.filter((piece) => wants(c, piece) && had.includes(piece)).length,
      }));
      assert.deepEqual(needs, expected);
      assert.equal(counts.wanting, expected.filter(({ lacked, ready }) => lacked + ready > 0).length);
    }),
  );
});

test('one who has come and said nothing counts as when all are counted anew', () => {
  const clients = fc.array(fc.option(anyBits, { nil: undefined }), { maxLength: 8 });
  const holderOf = (has: readonly number[] | undefined) => ({
    ip: 'a',
    pieces: has && bits(has),
    skips: [],
    interested: true,
    knows: () => true,
  });
  const seen = (lack: LackCounts) => [lack.wanting, ...Array.from({ length: PIECES }, (_, piece) => lack.of(piece))];
  fc.assert(
    fc.property(clients, (all) => {
      const [added, counted] = [new LackCounts(PIECES), new LackCounts(PIECES)];
      added.recount(all.map(holderOf), undefined);
      added.joined();
      counted.recount([...all, undefined].map(holderOf), undefined);
      assert.deepEqual(seen(added), seen(counted));
    }),
  );
});
