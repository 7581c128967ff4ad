import assert from 'node:assert/strict';
import { test } from 'node:test';
import { at, Latest } from './demand.ts';
import { asking, demandOf } from './fixtures.ts';
import { WHAT_IF_LIMITS } from './limits.ts';

test('requests come in the order of time, those of one minute by the session that began first', () => {
  const demand = demandOf([asking(7, 10, [3, 1]), asking(9, 11, [0]), asking(7, 12, [3])]);
  assert.deepEqual(
    [...demand.order].map((place) => [at(demand.items, place), at(demand.minutes, place), at(demand.stayOf, place)]),
    [
      [3, 0, 0],
      [1, 1, 0],
      [8, 1, 1],
      [3, 2, 2],
    ],
  );
  assert.deepEqual([demand.torrents, demand.itemCount, demand.distinct], [2, 16, 3]);
});

test('a client that comes back within six hours is no visit, one that comes back later is', () => {
  const stays = demandOf([
    asking(1, 0, [0], 8, 'a'),
    asking(1, 360, [0], 8, 'a'),
    asking(1, 721, [0], 8, 'a'),
    asking(1, 722, [0], 8, 'b'),
    asking(2, 723, [0], 8, 'a'),
  ]).stays;
  assert.deepEqual(
    stays.map(({ isVisit }) => isVisit),
    [true, false, true, true, true],
  );
});

test('a torrent has as many segments as any session says', () => {
  const demand = demandOf([asking(1, 0, [0], 2), asking(1, 1, [5], 6), asking(2, 2, [0], 1)]);
  assert.deepEqual([...demand.firstItem], [0, 6, 7]);
});

test('what is too old, or written by a clock that was ahead, is left out and counted', () => {
  const latest = new Latest();
  for (const atMin of [5_000, 100, 4_000, 5_000 + WHAT_IF_LIMITS.aheadMin + 1]) latest.add(asking(1, atMin, [0]));
  assert.deepEqual(
    latest.sessions(5_000, 1_000).map(({ atMin }) => atMin),
    [4_000, 5_000],
  );
  assert.equal(latest.leftOut, 2);
});

test('of more than there is room for, the latest stay', () => {
  const latest = new Latest();
  const many = 65_536;
  const count = Math.ceil((2 * WHAT_IF_LIMITS.requests) / many);
  for (let i = 0; i < count; i++) latest.add({ ...asking(1, 1_000 - i, [0], many), asked: [0, 0, many] });
  const sessions = latest.sessions(1_000, 10_000);
  assert.equal(sessions.length, Math.floor(WHAT_IF_LIMITS.requests / many));
  assert.deepEqual([sessions[0]?.atMin, sessions.at(-1)?.atMin], [1_001 - sessions.length, 1_000]);
  assert.equal(latest.leftOut, count - sessions.length);
});

test('torrents that say they are huge fill no memory', () => {
  const latest = new Latest();
  const many = 65_536;
  for (let i = 0; i < 200; i++) latest.add(asking(i, 1_000 - i, [many - 1], many));
  const sessions = latest.sessions(1_000, 10_000);
  assert.equal(sessions.length, Math.floor(WHAT_IF_LIMITS.segments / many));
  assert.equal(sessions.at(-1)?.atMin, 1_000);
  assert.ok(demandOf(sessions).itemCount <= WHAT_IF_LIMITS.segments);
});
