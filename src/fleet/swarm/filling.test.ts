import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BLOCK_BYTES } from '#base/units.ts';
import { BitWords } from './bit-words.ts';
import { Filling, type Giver } from './filling.ts';
import { SWARM_LIMITS } from './limits.ts';

const PIECE = 4 * BLOCK_BYTES;
const COUNT = 8;
const LAST = 1_000;
const sizeOf = (piece: number): number => (piece === COUNT - 1 ? LAST : PIECE);
const shape = { pieceCount: COUNT, sizeOf };

/** Gives what it was asked for when it is told to. */
class TestGiver implements Giver {
  readonly has: BitWords;
  window = 2 * PIECE;
  lateTimes = 0;
  owes: { piece: number; begin: number }[] = [];

  constructor(pieces: readonly number[]) {
    this.has = new BitWords(COUNT);
    for (const piece of pieces) this.has.set(piece);
  }

  get room(): number {
    return this.window - this.owes.length * BLOCK_BYTES;
  }

  ask(piece: number, begin: number, length: number, cancel = false): void {
    for (let at = begin; at < begin + length; at += BLOCK_BYTES) {
      if (cancel) this.owes = this.owes.filter((owed) => owed.piece !== piece || owed.begin !== at);
      else this.owes.push({ piece, begin: at });
    }
  }

  late(): void {
    this.lateTimes++;
    this.window = 0;
  }
}

function filled(givers: readonly TestGiver[], have: readonly number[] = []) {
  const filling = new Filling(
    shape,
    (piece) => have.includes(piece),
    () => 0,
  );
  for (const { has } of givers) for (let piece = 0; piece < COUNT; piece++) if (has.has(piece)) filling.seen(piece);
  const whole: number[] = [];
  let blocks = 0;
  /** One block comes. */
  const give = (giver: TestGiver): boolean => {
    const owed = giver.owes.shift();
    if (!owed) return false;
    const length = Math.min(BLOCK_BYTES, sizeOf(owed.piece) - owed.begin);
    const place = filling.target(owed.piece, owed.begin, length, giver);
    place?.fill(owed.piece + 1);
    blocks++;
    const done = filling.came(owed.piece, owed.begin, giver);
    if (!done) return true;
    for (const part of done.piece.payloadParts()) assert.ok(part.every((byte) => byte === owed.piece + 1));
    whole.push(owed.piece);
    return true;
  };
  return { filling, whole, give, blocks: () => blocks };
}

test('every piece that is lacked is asked of one neighbour, rare ones first, and put together whole', () => {
  const rare = new TestGiver([0, 1, 2, 3, 4, 5, 6, 7]);
  const other = new TestGiver([0, 1, 2, 3, 4, 5]);
  const { filling, whole, give } = filled([rare, other], [0]);
  filling.fill(rare, 0);
  assert.deepEqual([...new Set(rare.owes.map(({ piece }) => piece))].slice(0, 2), [6, 7]);
  for (let i = 0; i < 100; i++)
    for (const giver of [rare, other]) {
      filling.fill(giver, i);
      give(giver);
    }
  assert.deepEqual(whole.sort(), [1, 2, 3, 4, 5, 6, 7]);
  assert.equal(filling.wanted + filling.begun, 0);
});

test('what a neighbour owes when it goes is asked of others; what it sends later is not wanted', () => {
  const [going, staying] = [new TestGiver([1]), new TestGiver([1])];
  const { filling, whole, give } = filled([going, staying], [0, 2, 3, 4, 5, 6, 7]);
  filling.fill(going, 0);
  give(going);
  filling.gone(going);
  assert.equal(filling.wanted, 1);
  filling.fill(staying, 0);
  assert.equal(filling.target(1, BLOCK_BYTES, BLOCK_BYTES, going), undefined);
  while (give(staying));
  assert.deepEqual(whole, [1]);
});

test('at the end a piece that is late moves to who has it, one at a time, and only what is missing of it', () => {
  const [slow, quick] = [new TestGiver([0, 1]), new TestGiver([0, 1])];
  const { filling, whole, give } = filled([slow, quick], [2, 3, 4, 5, 6, 7]);
  filling.fill(slow, 0);
  assert.equal(slow.owes.length, 8);
  give(slow);
  filling.fill(quick, 100);
  assert.equal(quick.owes.length, 0, 'not late yet');
  filling.fill(quick, 600);
  assert.equal(quick.owes.length, 3);
  filling.fill(quick, 700);
  assert.equal(quick.owes.length, 3, 'one at a time');
  const [first] = quick.owes;
  assert.equal(filling.target(first?.piece as number, first?.begin as number, BLOCK_BYTES, slow), undefined);
  while (give(quick));
  filling.fill(quick, 800);
  while (give(quick));
  while (give(slow));
  assert.deepEqual(whole.sort(), [0, 1]);
});

test('what does not come in time is asked of others, and its giver rests', () => {
  const [dead, alive] = [new TestGiver([0]), new TestGiver([0])];
  const { filling, whole, give } = filled([dead, alive], [1, 2, 3, 4, 5, 6, 7]);
  filling.fill(dead, 0);
  filling.tick(SWARM_LIMITS.pieceMs);
  assert.deepEqual([dead.lateTimes, dead.owes.length, filling.wanted, filling.lateBytes], [1, 0, 1, PIECE]);
  filling.fill(alive, SWARM_LIMITS.pieceMs);
  while (give(alive));
  assert.deepEqual(whole, [0]);
});

test('who gives little at a time is not late: a piece comes whole over a slow line, and those behind it', () => {
  const slow = new TestGiver([0, 1]);
  const { filling, whole, give } = filled([slow], [2, 3, 4, 5, 6, 7]);
  filling.fill(slow, 0);
  assert.equal(slow.owes.length, 8);
  let nowMs = 0;
  for (; whole.length < 2 && nowMs < 20 * SWARM_LIMITS.pieceMs; nowMs += SWARM_LIMITS.tickMs) {
    if (nowMs % (SWARM_LIMITS.pieceMs - SWARM_LIMITS.tickMs) === 0) give(slow);
    filling.tick(nowMs);
  }
  assert.deepEqual([whole.sort(), slow.lateTimes, filling.lateBytes], [[0, 1], 0, 0]);
});

test('a bad piece of one neighbour names the liar; one of several is had of one alone next', () => {
  const [a, b] = [new TestGiver([0]), new TestGiver([0])];
  const { filling, give } = filled([a, b], [1, 2, 3, 4, 5, 6, 7]);
  const wholeOf = (giver: TestGiver) => {
    let done: ReturnType<Filling['came']>;
    for (let owed = giver.owes.shift(); owed; owed = giver.owes.shift())
      done = filling.came(owed.piece, owed.begin, giver) ?? done;
    assert.ok(done);
    return done;
  };
  filling.fill(a, 0);
  give(a);
  filling.fill(b, 600);
  assert.equal(filling.bad(wholeOf(b)), undefined);
  filling.fill(a, 700);
  filling.fill(b, 5_000);
  assert.equal(b.owes.length, 0, 'it is not moved');
  assert.equal(filling.bad(wholeOf(a)), a);
  assert.equal(filling.wanted, 1);
});

test('nothing but whole blocks of what is asked for has a place', () => {
  const giver = new TestGiver([0, 7]);
  const { filling } = filled([giver], [1, 2, 3, 4, 5, 6]);
  filling.fill(giver, 0);
  const has = (piece: number, begin: number, length: number): boolean =>
    filling.target(piece, begin, length, giver) !== undefined;
  assert.deepEqual(
    [
      has(0, 0, BLOCK_BYTES),
      has(7, 0, LAST),
      has(7, 0, LAST + 1),
      has(0, 0, 5),
      has(0, 7, BLOCK_BYTES),
      has(0, PIECE, BLOCK_BYTES),
      has(1, 0, BLOCK_BYTES),
      has(99, 0, 1),
    ],
    [true, true, false, false, false, false, false, false],
  );
});

test('whoever gives, dawdles, goes or comes, everything is had in the end, and little of it twice', () => {
  const steps = fc.array(fc.record({ who: fc.nat(3), what: fc.constantFrom('give', 'give', 'give', 'go', 'wait') }), {
    maxLength: 150,
  });
  fc.assert(
    fc.property(steps, (all) => {
      const all8 = [0, 1, 2, 3, 4, 5, 6, 7];
      let givers = [new TestGiver(all8), new TestGiver(all8), new TestGiver([0, 1, 2, 3]), new TestGiver([4, 5, 6, 7])];
      const { filling, whole, give, blocks } = filled(givers);
      let [nowMs, left] = [0, 0];
      for (const { who, what } of all) {
        nowMs += what === 'wait' ? 1_000 : 10;
        const giver = givers[who];
        if (!giver) continue;
        if (what === 'go' && givers.length > 2) {
          left += giver.owes.length;
          filling.gone(giver);
          givers = givers.filter((g) => g !== giver);
        } else if (what === 'give') give(giver);
        filling.tick(nowMs);
        for (const g of givers) filling.fill(g, nowMs);
      }
      const fresh = new TestGiver(all8);
      for (const piece of all8) filling.seen(piece);
      for (let i = 0; i < 400 && whole.length < COUNT; i++) {
        nowMs += 100;
        filling.tick(nowMs);
        filling.fill(fresh, nowMs);
        give(fresh);
      }
      assert.deepEqual([...whole].sort(), all8);
      assert.ok(blocks() >= 29 && left >= 0);
    }),
    { numRuns: 300 },
  );
});
