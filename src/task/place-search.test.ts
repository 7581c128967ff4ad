import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Bitfield } from '#base/bitfield.ts';
import { LIMITS } from './limits.ts';
import { PlaceSearch } from './place-search.ts';

const PIECES = 2_000;
/** As short as can be found in time. */
const STRETCH = Math.ceil((2 * PIECES) / LIMITS.probes);

/** A client that takes what it is offered of one stretch. How many pieces are fetched until that is found. */
function find(begin: number, end: number, haveFirst: number): { place: number | undefined; fetched: number } {
  const search = new PlaceSearch();
  const have = new Bitfield(PIECES);
  const done = new Bitfield(PIECES);
  for (let piece = 0; piece < haveFirst; piece++) have.set(piece);
  let fetched = 0;
  for (let nowMs = 0; !search.over && fetched < PIECES; nowMs += LIMITS.answerMs) {
    const piece = search.next(have, done, nowMs);
    if (piece === undefined) continue;
    assert.ok(!have.has(piece), 'nothing is fetched twice');
    have.set(piece);
    fetched++;
    if (piece < begin || piece >= end) continue;
    search.asked(piece, (other) => have.has(other) && !done.has(other));
    done.set(piece);
  }
  return { place: search.place, fetched };
}

test('a player that wants all from some place on is found with as many pieces as the count has bits, or a few more', () => {
  fc.assert(
    fc.property(fc.integer({ min: 60, max: (PIECES * 3) / 4 }), (begin) => {
      const { place, fetched } = find(begin, PIECES, 50);
      assert.equal(place, begin);
      assert.ok(fetched <= 2 * Math.log2(PIECES), `${fetched}`);
    }),
  );
});

test('a player that wants a short stretch is found too', () => {
  fc.assert(
    fc.property(fc.integer({ min: 60, max: PIECES - STRETCH }), (begin) => {
      const { place, fetched } = find(begin, begin + STRETCH, 50);
      assert.equal(place, begin);
      assert.ok(fetched <= LIMITS.probes + Math.log2(PIECES), `${fetched}`);
    }),
  );
});

test('time for an answer is given before the next piece is fetched', () => {
  const search = new PlaceSearch();
  const have = new Bitfield(8);
  const done = new Bitfield(8);
  const first = search.next(have, done, 0);
  assert.equal(search.next(have, done, 9_000), first, 'it is still on its way');
  have.set(first as number);
  assert.equal(search.next(have, done, 9_001), undefined);
  assert.equal(search.next(have, done, 9_000 + LIMITS.answerMs), undefined);
  const second = search.next(have, done, 9_001 + LIMITS.answerMs);
  assert.notEqual(second, undefined);
  assert.notEqual(second, first);
});

test('where nothing is left to fetch there is nothing to find out', () => {
  const search = new PlaceSearch();
  const have = new Bitfield(8);
  have.setAll();
  assert.equal(search.next(have, new Bitfield(8), 0), undefined);
});

test('a client that comes back to where it was is there', () => {
  const search = new PlaceSearch();
  search.asked(5, (piece) => piece === 4);
  assert.equal(search.over, true);
  assert.equal(search.place, 5);
});
