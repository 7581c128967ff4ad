import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Session } from '#trace/session.ts';
import { bestHits } from './best.ts';
import { ByWorth } from './by-worth.ts';
import type { Demand } from './demand.ts';
import { asking, demandOf } from './fixtures.ts';
import { lru } from './lru.ts';
import { type Outcome, replayBox, replayDisk } from './replay.ts';
import type { SeatingRule } from './seating.ts';

const DAY_MIN = 24 * 60;
/** The lowest draw each time. */
const first = (): number => 0;

const current = (demand: Demand, capacity: number, over: Partial<SeatingRule> = {}): Outcome =>
  replayBox(
    demand,
    {
      keeper: new ByWorth(demand, capacity, first),
      pullsThrough: true,
      seating: { rule: 'priced', seats: 4, itemsPerMin: 2, through: 1, ahead: 'wanted', ...over },
    },
    first,
  );
const source = (demand: Demand, capacity: number, over: Partial<SeatingRule> = {}): Outcome =>
  replayBox(
    demand,
    {
      keeper: lru(demand.itemCount, capacity),
      pullsThrough: false,
      seating: { rule: 'plain', seats: 4, itemsPerMin: 2, through: 0, ahead: 'all', ...over },
    },
    first,
  );

test("the source's box fetches all of what anybody begins, and does not keep what its clients fetch", () => {
  // 0 is missed, then the box fetches 0 and 1; 1 is there, it fetches 2 and 3; the client leaves.
  assert.deepEqual(source(demandOf([asking(1, 0, [0, 1])]), 8), { hits: 1, fetched: 5 });
  // Without a seat it is no box at all.
  assert.deepEqual(source(demandOf([asking(1, 0, [0, 1])]), 8, { seats: 0 }), { hits: 0, fetched: 2 });
  // With one seat the second torrent has none while the first one's client is here: 0, 1, 2 and 3 of the first come in.
  const two = demandOf([asking(1, 0, [0, 1, 2]), asking(2, 0, [0, 1, 2])]);
  assert.deepEqual(source(two, 16, { seats: 1 }), { hits: 2, fetched: 4 + 6 });
});

test('this box keeps what passes through, and fetches ahead what two clients want', () => {
  assert.deepEqual(current(demandOf([asking(1, 0, [0, 1, 2, 3])]), 8), { hits: 0, fetched: 4 });
  // In the first minute 0 and 4 pass through, and 1 and 2 come in ahead.
  assert.deepEqual(current(demandOf([asking(1, 0, [0, 1, 2]), asking(1, 0, [4, 0, 1])]), 8), { hits: 4, fetched: 4 });
});

test('with one seat the next torrent has its turn when the first is whole', () => {
  const stays = { ...asking(1, 0, [0], 2), asked: [0, 0, 1, 9, 1, 1], stayMin: 9 };
  const next = { ...asking(2, 1, [0, 1, 2, 3], 4), asked: [0, 0, 1, 5, 1, 3], stayMin: 5 };
  // The first is missed, and comes in ahead with the second one; of the other torrent so does all, after its first was missed.
  assert.deepEqual(source(demandOf([stays, next]), 8, { seats: 1 }), { hits: 4, fetched: 1 + 2 + 1 + 4 });
});

test('what several came for stays where many are asked for once', () => {
  const sessions: Session[] = [0, 1, 2, 3].map((i) => asking(1, 10 * i, [0, 1, 2, 3, 4, 5]));
  // Each takes up all of the room but six segments.
  for (let i = 0; i < 20; i++) sessions.push(asking(100 + i, 1_000 + 100 * i, [0, 1, 2, 3]));
  sessions.push(asking(1, 4_000, [0, 1, 2, 3, 4, 5]));
  const demand = demandOf(sessions);
  const count = demand.items.length;
  assert.deepEqual(current(demand, 10), { hits: 24, fetched: count - 24 });
  assert.equal(replayDisk(demand, lru(demand.itemCount, 10)).hits, 18, 'LRU has lost it by then');
});

test('the last two segments of a torrent go at a time', () => {
  const before = [asking(1, 0, [0, 1, 2, 3, 4, 5]), asking(2, 100, [0, 1, 2, 3])];
  const hits = (segment: number): number => current(demandOf([...before, asking(1, 200, [segment])]), 8).hits;
  assert.deepEqual([0, 1, 2, 3, 4, 5].map(hits), [1, 1, 1, 1, 0, 0]);
});

test('a newcomer takes the place of what is worth less, and of nothing else', () => {
  const hot = (clients: number) => Array.from({ length: clients }, (_, i) => asking(1, i, [0, 1, 2, 3], 4));
  const again = (clients: number): number =>
    current(demandOf([...hot(clients), asking(2, 60, [0, 1, 2, 3], 4), asking(2, 500, [0, 1, 2, 3], 4)]), 4).fetched;
  assert.equal(again(1), 4 + 4);
  assert.equal(again(9), 4 + 8);
});

test('with its last segment the memory of its clients goes', () => {
  const visits = (torrent: number, atMin: number, clients: number, of: number): Session[] =>
    Array.from({ length: clients }, (_, i) => asking(torrent, atMin, [0, 1, 2, 3].slice(0, of), of, String(i)));
  const demand = demandOf([
    ...visits(1, 0, 2, 2),
    ...visits(2, 300, 2, 4),
    ...visits(3, 300, 5, 4),
    // The first goes for it, and leaves room for one segment, which it has when it comes back.
    ...visits(4, 600, 3, 1),
    asking(1, 700, [0], 2, 'once'),
    // Now it is a newcomer, and goes before the second, which two have come for.
    asking(5, 710, [0], 1),
    asking(2, 1_000, [0, 1, 2, 3], 4, 'late'),
  ]);
  const count = demand.items.length;
  assert.equal(count - current(demand, 10).fetched, 2 + 4 + 16 + 2 + 4);
});

test('when nothing may go, what comes is not kept, and nobody is worse off', () => {
  // Two clients still want all of the first torrent while another is asked for.
  const here = [asking(1, 0, [0, 1, 2, 3], 4), asking(1, 0, [0, 1, 2, 3], 4)];
  const wait = { ...asking(1, 0, [0, 1, 2, 3], 4), client: 'slow', asked: [0, 0, 4], stayMin: 50 };
  const late = { ...asking(1, 1, [0, 1, 2, 3], 4), client: 'late', asked: [40, 0, 4], stayMin: 40 };
  const demand = demandOf([...here, wait, late, asking(2, 10, [0, 1, 2, 3])]);
  // Two of its segments come in ahead of the slow client, the other two for who asks for them.
  assert.deepEqual(current(demand, 4), { hits: 14, fetched: 4 + 4 });
});

const anySessions = fc.array(
  fc.record({
    torrent: fc.nat(5),
    atMin: fc.nat(3 * DAY_MIN),
    client: fc.nat(3),
    segments: fc.uniqueArray(fc.nat(7), { minLength: 1 }),
    stepMin: fc.nat(20),
  }),
  { minLength: 1, maxLength: 40 },
);
const sessionsOf = (made: typeof anySessions extends fc.Arbitrary<infer T> ? T : never): Session[] =>
  made.map(({ torrent, atMin, client, segments, stepMin }) => ({
    ...asking(torrent, atMin, segments, 8, String(client)),
    asked: segments.flatMap((segment, i) => [i * stepMin, segment, 1]),
    stayMin: (segments.length - 1) * stepMin,
  }));

test('whatever is asked for: no rule beats the best, and this box fetches nothing that nobody asked for', () => {
  fc.assert(
    fc.property(anySessions, fc.integer({ min: 0, max: 50 }), (made, capacity) => {
      const demand = demandOf(sessionsOf(made));
      const count = demand.items.length;
      const best = bestHits(demand, capacity);
      const mine = current(demand, capacity);
      assert.ok(count - mine.fetched <= best, `${mine.fetched} of ${count} fetched, the best is ${count - best}`);
      assert.ok(mine.fetched >= demand.distinct && mine.fetched <= count);
      assert.ok(mine.hits >= count - mine.fetched);
      const theirs = source(demand, capacity);
      assert.ok(count - theirs.fetched <= best);
    }),
  );
});

test('with room for everything this box fetches each segment once', () => {
  fc.assert(
    fc.property(anySessions, (made) => {
      const demand = demandOf(sessionsOf(made));
      assert.equal(current(demand, demand.itemCount).fetched, demand.distinct);
    }),
  );
});

test('a disk never holds more than it can, and gives up no more than two segments for one', () => {
  fc.assert(
    fc.property(
      anySessions,
      fc.integer({ min: 1, max: 12 }),
      fc.array(fc.nat(47), { maxLength: 100 }),
      (made, capacity, comes) => {
        const demand = demandOf(sessionsOf(made));
        const keeper = new ByWorth(demand, capacity, first);
        for (const stay of demand.stays.slice(0, 3).keys()) keeper.joined(stay, 0);
        const held = (): number[] => Array.from({ length: demand.itemCount }, (_, i) => i).filter((i) => keeper.has(i));
        for (const [i, item] of comes.entries()) {
          const before = held();
          keeper.fetched(item % demand.itemCount, i);
          assert.ok(held().length <= capacity);
          assert.ok(before.filter((one) => !keeper.has(one)).length <= 2);
        }
      },
    ),
  );
});
