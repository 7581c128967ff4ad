import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Bitfield } from '#base/bitfield.ts';
import { BLOCK_BYTES, MIB } from '#base/units.ts';
import type { BlockRequest } from './begun-piece.ts';
import { PiecePicker } from './piece-picker.ts';
import { URGENT_RANK } from './wanted-pieces.ts';

const all = (n: number): Bitfield => {
  const field = new Bitfield(n);
  field.setAll();
  return field;
};
const only = (n: number, ...pieces: number[]): Bitfield => {
  const field = new Bitfield(n);
  for (const piece of pieces) field.set(piece);
  return field;
};
const BLOCK = new Uint8Array(BLOCK_BYTES);
/** Nobody looks at it. */
const data = (request: BlockRequest): Uint8Array => BLOCK.subarray(0, request.length);
const limits = { begunBytes: 64 * MIB, begunPieces: 4, urgentRun: 3 };

function picker(pieceCount: number, blocksPerPiece = 2, tail = 0, some = limits) {
  const pieceLength = blocksPerPiece * BLOCK_BYTES;
  const sizeOf = (piece: number): number => (piece === pieceCount - 1 ? pieceLength - tail : pieceLength);
  const shape = { pieceLength, pieceCount, sizeOf };
  const made: number[] = [];
  const p = new PiecePicker(
    shape,
    new Bitfield(pieceCount),
    (index) => {
      made.push(index);
      return { putBlock: () => {} };
    },
    some,
  );
  return { p, made };
}

test('nothing is asked that nobody lacks; then the largest lack, then the lowest index', () => {
  const { p } = picker(5, 1);
  assert.equal(p.pick(1, all(5)), undefined);
  for (const [piece, lack] of [1, 3, 0, 3, 2].entries()) p.setLack(piece, lack);
  const order = Array.from({ length: 5 }, () => p.pick(1, all(5))?.piece);
  assert.deepEqual(order, [1, 3, 4, 0, undefined]);
});

test('what is needed soon comes first, and every fourth piece is one of the others', () => {
  const { p } = picker(12, 1);
  for (let piece = 0; piece < 12; piece++) p.setLack(piece, piece < 6 ? 1 : URGENT_RANK + 11 - piece);
  const order = Array.from({ length: 12 }, () => p.pick(1, all(12))?.piece);
  assert.deepEqual(order, [6, 7, 8, 0, 9, 10, 11, 1, 2, 3, 4, 5]);
});

test('where nothing else is wanted, nothing is left to the others', () => {
  const { p } = picker(6, 1);
  for (let piece = 0; piece < 6; piece++) p.setLack(piece, URGENT_RANK);
  const order = Array.from({ length: 6 }, () => p.pick(1, all(6))?.piece);
  assert.deepEqual(order, [0, 1, 2, 3, 4, 5]);
});

test('all origins help with the earliest begun piece, and a block is asked once', () => {
  const { p } = picker(3, 3);
  for (let i = 0; i < 3; i++) p.setLack(i, 1);
  const asked = [p.pick(1, all(3)), p.pick(2, all(3)), p.pick(3, only(3, 2)), p.pick(1, all(3)), p.pick(2, all(3))];
  assert.deepEqual(
    asked.map((r) => [r?.piece, (r?.begin ?? 0) / BLOCK_BYTES]),
    [
      [0, 0],
      [0, 1],
      [2, 0],
      [0, 2],
      [2, 1],
    ],
  );
});

test('the last block is as long as what is left', () => {
  const { p } = picker(1, 2, BLOCK_BYTES - 7);
  p.setLack(0, 1);
  assert.equal(p.pick(1, all(1))?.length, BLOCK_BYTES);
  assert.deepEqual(p.pick(1, all(1)), { piece: 0, begin: BLOCK_BYTES, length: 7 });
  assert.equal(p.pick(1, all(1)), undefined);
});

test('a released block goes to another; when the first answers late, the other is told', () => {
  const { p } = picker(1, 1);
  p.setLack(0, 1);
  const first = p.pick(1, all(1)) as BlockRequest;
  p.release(1, first);
  const second = p.pick(2, all(1)) as BlockRequest;
  assert.deepEqual(second, first);
  const put = p.put(1, 0, 0, data(first));
  assert.ok(put.kind === 'complete' && put.otherwise === 2);
  assert.equal(p.put(2, 0, 0, data(first)).kind, 'useless');
  assert.equal(p.state(0), 'verifying');
  p.verified(0, 'have');
  assert.equal(p.state(0), 'have');
});

test('a suspect piece comes from one origin alone, from its start when that one leaves', () => {
  const { p } = picker(1, 2);
  p.setLack(0, 1);
  p.put(1, 0, 0, data(p.pick(1, all(1)) as BlockRequest));
  p.put(2, 0, BLOCK_BYTES, data(p.pick(2, all(1)) as BlockRequest));
  p.fromOneOrigin(0);
  p.verified(0, 'again');
  const again = p.pick(2, all(1)) as BlockRequest;
  assert.equal(p.pick(1, all(1)), undefined);
  assert.equal(p.put(1, 0, again.begin, data(again)).kind, 'useless');
  assert.equal(p.put(2, 0, again.begin, data(again)).kind, 'kept');
  p.leave(2);
  assert.equal(p.pick(1, all(1))?.begin, 0);
  assert.equal(p.pick(2, all(1)), undefined);
});

test('begun pieces are bounded, and origins that left cannot block the room', () => {
  const { p, made } = picker(8, 2, 0, { ...limits, begunBytes: 0, begunPieces: 2 });
  for (let i = 0; i < 8; i++) p.setLack(i, 1);
  const ask = (origin: number, piece: number): BlockRequest | undefined => p.pick(origin, only(8, piece));
  p.put(1, 0, 0, data(ask(1, 0) as BlockRequest));
  ask(2, 1);
  assert.equal(ask(3, 2)?.piece, 2, 'piece 0 is asked of nobody and gives way');
  assert.equal(p.state(0), 'wanted');
  assert.equal(ask(4, 3), undefined, 'both begun pieces are being asked for');
  p.leave(2);
  assert.equal(ask(4, 3)?.piece, 3);
  assert.deepEqual(made, [0]);
});

test('a piece that was lost, was found, or could not be kept changes its state and no other', () => {
  const { p } = picker(3, 1);
  p.setLack(0, 1);
  p.gained(0);
  assert.equal(p.state(0), 'have');
  p.lost(0);
  assert.equal(p.state(0), 'wanted');
  p.gained(1);
  p.lost(1);
  assert.equal(p.state(1), 'unwanted');
  const r = p.pick(1, all(3)) as BlockRequest;
  p.put(1, 0, 0, data(r));
  p.setLack(0, 0);
  p.verified(0, 'again');
  assert.equal(p.state(0), 'unwanted');
});

test('pausing keeps what was begun first', () => {
  const { p } = picker(3, 2, 0, limits);
  for (let i = 0; i < 3; i++) p.setLack(i, 1);
  for (const piece of [2, 1, 0]) p.put(1, piece, 0, data(p.pick(1, only(3, piece)) as BlockRequest));
  p.leave(1);
  p.shed(2 * BLOCK_BYTES);
  assert.deepEqual(
    [0, 1, 2].map((i) => p.state(i)),
    ['wanted', 'wanted', 'begun'],
  );
});

/** Random strangers, and a record of who holds which request. */
const step = fc.record({
  origin: fc.nat(3),
  what: fc.constantFrom(
    'pick',
    'pick',
    'pick',
    'put',
    'put',
    'put',
    'late',
    'release',
    'leave',
    'verify',
    'bad',
    'lack',
  ),
  n: fc.nat(1000),
});

test('under random answers, losses, chokes and lies no block is asked twice and every piece completes', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), fc.nat(3), (steps, spread) => {
      const pieceCount = 7;
      const { p } = picker(pieceCount, 3, 5, { ...limits, begunBytes: 0, begunPieces: 4 });
      const has = [0, 1, 2, 3].map((o) =>
        o === 0
          ? all(pieceCount)
          : only(pieceCount, ...[0, 1, 2, 3, 4, 5, 6].filter((i) => (i + o) % (spread + 1) === 0)),
      );
      const held = new Map<string, number>();
      const key = (r: BlockRequest): string => `${r.piece}:${r.begin}`;
      const requests = new Map<string, BlockRequest>();
      const verifying: number[] = [];
      const put = (origin: number, r: BlockRequest): void => {
        const result = p.put(origin, r.piece, r.begin, data(r));
        if (result.kind === 'useless') return;
        if (result.otherwise !== undefined) assert.equal(held.get(key(r)), result.otherwise);
        held.delete(key(r));
        if (result.kind === 'complete') verifying.push(r.piece);
      };
      const pick = (origin: number): boolean => {
        const r = p.pick(origin, has[origin] as Bitfield);
        if (!r) return false;
        assert.ok(has[origin]?.has(r.piece));
        assert.ok(!held.has(key(r)), 'asked twice at once');
        held.set(key(r), origin);
        requests.set(key(r), r);
        return true;
      };
      const ofOrigin = (origin: number): BlockRequest[] =>
        [...held].filter(([, o]) => o === origin).map(([k]) => requests.get(k) as BlockRequest);
      for (let i = 0; i < pieceCount; i++) p.setLack(i, 1 + (i % 2));
      for (const { origin, what, n } of steps) {
        const mine = ofOrigin(origin);
        const one = mine[n % Math.max(1, mine.length)];
        if (what === 'pick') pick(origin);
        else if (what === 'put' && one) put(origin, one);
        else if (what === 'late')
          put(origin, [...requests.values()][n % Math.max(1, requests.size)] ?? { piece: 0, begin: 0, length: 1 });
        else if (what === 'release' && one) {
          p.release(origin, one);
          held.delete(key(one));
        } else if (what === 'leave') {
          p.leave(origin);
          for (const r of mine) held.delete(key(r));
        } else if (what === 'lack') p.setLack(n % pieceCount, n % 3);
        else if (what === 'verify' || what === 'bad') {
          const piece = verifying.shift();
          if (piece === undefined) continue;
          if (what === 'bad') p.fromOneOrigin(piece);
          p.verified(piece, what === 'bad' ? 'again' : 'have');
        }
        for (const piece of verifying) assert.equal(p.state(piece), 'verifying');
        for (const k of held.keys()) assert.equal(p.state(Number(k.split(':')[0])), 'begun');
      }
      // The others go; the seed alone must be able to finish everything.
      for (const origin of [1, 2, 3]) {
        p.leave(origin);
        for (const r of ofOrigin(origin)) held.delete(key(r));
      }
      for (let i = 0; i < pieceCount; i++) p.setLack(i, 1);
      for (let round = 0; round < 200; round++) {
        while (pick(0)) {}
        for (const r of ofOrigin(0)) put(0, r);
        for (const piece of verifying.splice(0)) p.verified(piece, 'have');
      }
      for (let i = 0; i < pieceCount; i++) assert.equal(p.state(i), 'have');
    }),
    { numRuns: 300 },
  );
});

test('100,000 pieces are asked for without a scan per block', () => {
  const n = 100_000;
  const { p } = picker(n, 4);
  for (let i = 0; i < n; i++) p.setLack(i, 1 + (i % 5));
  const has = all(n);
  has.clear(n - 1);
  const before = performance.now();
  let blocks = 0;
  for (let r = p.pick(1, has); r && blocks < 200_000; r = p.pick(1, has)) {
    blocks++;
    const put = p.put(1, r.piece, r.begin, data(r));
    if (put.kind === 'complete') p.verified(r.piece, 'have');
  }
  assert.equal(blocks, 200_000);
  // A scan of the pieces per block would take minutes; this bound is generous on purpose, it is no benchmark.
  assert.ok(performance.now() - before < 10_000);
});
