import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LIMITS } from './limits.ts';
import { Perception } from './perception.ts';

const MIB = 1 << 20;

function setUp(pieceLength = MIB) {
  const audience = {
    size: 1,
    hungry: 1,
    lastMs: 0,
    leastReady: 0,
    ranks: [] as number[],
    rankOf: (piece: number) => audience.ranks[piece] ?? 0,
    stakes: () => (piece: number) => (piece === 9 ? undefined : audience.ranks[piece]),
  };
  const holdings = { checked: true, whole: false, shelf: { meta: { pieceLength } } };
  const clock = { ms: 0, nowMs: () => clock.ms };
  const line = { isFree: true };
  const loading: { is: { whole: boolean } | undefined } = { is: undefined };
  return {
    audience,
    holdings,
    clock,
    loading,
    line,
    perception: new Perception({
      clock,
      audience,
      holdings,
      loading: () => loading.is,
      mayFetchAhead: () => line.isFree,
    }),
  };
}

test('without a seat no further ahead than keeps the hungriest client busy, with one as far as there is', () => {
  const { perception, audience, line } = setUp();
  const lead = LIMITS.leadBytes / MIB;
  audience.leastReady = lead - 3;
  assert.deepEqual([perception.mayBegin(2), perception.mayBegin(3)], [true, false]);
  perception.seated = true;
  assert.equal(perception.mayBegin(1_000), true);
  line.isFree = false;
  assert.equal(perception.mayBegin(1_000), false);
});

test('what its clients say is lost with a piece; what a client that is expected would take first has to stay', () => {
  const { perception, audience } = setUp();
  audience.ranks = [3];
  const stakes = (...pieces: number[]) => pieces.map(perception.stakes());
  assert.deepEqual(stakes(0, 9), [3, undefined]);
  audience.size = 0;
  audience.ranks = [];
  assert.deepEqual(stakes(0), [0]);
  perception.expect();
  assert.deepEqual(stakes(0, LIMITS.expectBytes / MIB), [undefined, 0]);
});

test('what comes is ahead of everybody when the hungriest has enough to take, or nobody is here', () => {
  const { perception, audience } = setUp();
  assert.equal(perception.isAhead, false);
  audience.leastReady = LIMITS.leadBytes / MIB;
  assert.equal(perception.isAhead, true);
  Object.assign(audience, { size: 0, leastReady: 0 });
  assert.equal(perception.isAhead, true);
});

test('of large pieces some are always begun; and nobody here, for whom a client is expected, holds nothing back', () => {
  const { perception, audience } = setUp(LIMITS.leadBytes);
  assert.deepEqual([perception.mayBegin(LIMITS.leadPieces - 1), perception.mayBegin(LIMITS.leadPieces)], [true, false]);
  Object.assign(audience, { size: 0, hungry: 0, leastReady: Number.POSITIVE_INFINITY });
  assert.equal(perception.mayBegin(1_000), true);
});

test('what the operator orders is wanted whole, once nobody who is here lacks anything', () => {
  const { perception, audience } = setUp();
  perception.ordered = true;
  audience.ranks = [0, 1];
  assert.deepEqual(
    [0, 1].map((piece) => perception.wanted(piece)),
    [0, 1],
  );
  audience.hungry = 0;
  assert.deepEqual(
    [0, 1].map((piece) => perception.wanted(piece)),
    [1, 1],
  );
});

test('what the operator orders is fetched as fast as with a seat, and counts apart from what is guessed', () => {
  const { perception, audience, line } = setUp();
  line.isFree = false;
  audience.leastReady = LIMITS.leadBytes / MIB;
  assert.deepEqual([perception.mayBegin(1_000), perception.ahead], [false, 'guessed']);
  perception.ordered = true;
  assert.deepEqual([perception.mayBegin(1_000), perception.ahead], [true, 'ordered']);
  audience.leastReady = 0;
  assert.equal(perception.ahead, undefined);
});

test('an expected client wants the beginning; one that is here shows what it wants', () => {
  const { perception, audience, clock } = setUp();
  audience.size = 0;
  assert.equal(perception.wanted(0), 0);
  perception.expect();
  const edge = LIMITS.expectBytes / MIB;
  assert.deepEqual([perception.wanted(0), perception.wanted(edge - 1), perception.wanted(edge)], [1, 1, 0]);
  audience.size = 1;
  audience.ranks = [0, 2];
  assert.deepEqual([perception.wanted(0), perception.wanted(1)], [0, 2]);
  audience.size = 0;
  clock.ms = LIMITS.expectForMs;
  assert.equal(perception.wanted(0), 0);
});

test('while it is looked what the disk has, nothing is lacked; it stalls when nothing moves that somebody lacks', () => {
  const { perception, audience, holdings, clock, loading } = setUp();
  holdings.checked = false;
  assert.equal(perception.facts().lacking, 0);
  holdings.checked = true;
  loading.is = { whole: true };
  assert.deepEqual([perception.facts().complete, perception.facts().lacking, perception.awake], [true, 0, true]);
  loading.is = undefined;
  assert.equal(perception.stalled(), false);
  clock.ms = LIMITS.stalledMs - 1;
  perception.moved();
  clock.ms = 2 * LIMITS.stalledMs - 2;
  assert.equal(perception.stalled(), false);
  clock.ms++;
  assert.equal(perception.stalled(), true);
  audience.hungry = 0;
  assert.equal(perception.stalled(), false);
});
