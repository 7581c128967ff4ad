import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Carousel } from './carousel.ts';

/** A torrent that is all had, with these pieces in memory. */
function carouselOf(pieceCount: number, inMemory: readonly number[] = [], ringSize = 8) {
  const memory = new Set(inMemory);
  const had = new Set(Array.from({ length: pieceCount }, (_, i) => i));
  const carousel = new Carousel(
    { pieceCount, has: (p) => had.has(p), inMemory: (p) => memory.has(p), memory: () => memory },
    ringSize,
  );
  return { carousel, memory, had };
}
const all = () => true;
const but =
  (...got: number[]) =>
  (piece: number) =>
    !got.includes(piece);

test('a client is offered what is in memory, then what others are about to read, then what is under the head', () => {
  const { carousel } = carouselOf(20, [17, 11]);
  assert.deepEqual(carousel.next(4, all, true), [17, 11, 0, 1]);
  assert.deepEqual(carousel.next(4, all, true), [17, 11, 0, 1], 'the same for the next');
  assert.deepEqual(carousel.next(3, but(17, 11, 0, 1), true), [2, 3, 4], 'the first goes on');
  assert.deepEqual(carousel.next(2, but(17, 11, 0, 1), true), [2, 3], 'and the other follows');
});

test('what a client asks for by itself is followed as well', () => {
  const { carousel, memory } = carouselOf(20);
  carousel.asked(13);
  assert.deepEqual(carousel.next(2, all, true), [13, 0]);
  memory.add(13);
  assert.deepEqual(carousel.next(2, all, true), [13, 0]);
});

test('who is only to be told what comes cheap is offered nothing that is not read or asked for', () => {
  const { carousel } = carouselOf(20, [5]);
  carousel.asked(7);
  assert.deepEqual(carousel.next(8, all, false), [5, 7]);
});

test('the head goes round, and past what is not had', () => {
  const { carousel, had } = carouselOf(6);
  for (const piece of [1, 4]) had.delete(piece);
  assert.deepEqual(carousel.next(3, all, true), [0, 2, 3]);
  assert.deepEqual(carousel.next(2, but(2, 3), true), [0, 5]);
  assert.deepEqual(carousel.next(9, but(0, 2, 3, 5), true), []);
});

test('it remembers a bounded number of pieces that are about to be read, and forgets the oldest', () => {
  const { carousel } = carouselOf(100, [], 4);
  for (let piece = 50; piece < 60; piece++) carousel.asked(piece);
  assert.deepEqual(carousel.next(9, all, false), [56, 57, 58, 59]);
});

test('clients that take all they are offered get every piece once, each piece while it is in the small memory', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 20, max: 200 }),
      fc.integer({ min: 2, max: 6 }),
      fc.infiniteStream(fc.nat()),
      (pieceCount, clients, random) => {
        const { carousel, memory } = carouselOf(pieceCount, [], 32);
        const got = Array.from({ length: clients }, () => new Set<number>());
        let reads = 0;
        for (let left = clients * pieceCount; left > 0; ) {
          const mine = got[random.next().value % clients] as Set<number>;
          const [piece] = carousel.next(1, (p) => !mine.has(p), true);
          if (piece === undefined) {
            assert.equal(mine.size, pieceCount, 'nothing is offered only to who has everything');
            continue;
          }
          assert.ok(!mine.has(piece));
          mine.add(piece);
          left--;
          if (memory.has(piece)) continue;
          reads++;
          memory.add(piece);
          for (const oldest of memory) {
            if (memory.size <= 16) break;
            memory.delete(oldest);
          }
        }
        assert.ok(reads >= pieceCount && reads <= clients * pieceCount);
      },
    ),
    { numRuns: 30 },
  );
});
