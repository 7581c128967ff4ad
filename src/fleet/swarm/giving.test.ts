import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BLOCK_BYTES } from '#base/units.ts';
import { FramedPiece } from '#wire/framed-piece.ts';
import { decodeMessage, FrameSplitter } from '#wire/frames.ts';
import { Giving, type GivingWorld } from './giving.ts';
import { SWARM_LIMITS } from './limits.ts';

const SIZE = 3 * BLOCK_BYTES + 100;

function pieceOf(index: number): FramedPiece {
  const piece = FramedPiece.allocate(index, SIZE);
  for (let begin = 0; begin < SIZE; begin += BLOCK_BYTES)
    piece.putBlock(begin, Buffer.alloc(Math.min(BLOCK_BYTES, SIZE - begin), index + 1));
  return piece;
}

function giving(over: Partial<GivingWorld> = {}) {
  const writes: Buffer[] = [];
  const gave: number[] = [];
  const given = new Giving({
    piece: pieceOf,
    release: () => {},
    write: (parts, written) => {
      writes.push(Buffer.concat(parts));
      written();
      return true;
    },
    leaves: () => {},
    gave: (_piece, bytes) => void gave.push(bytes),
    wake: () => {},
    ...over,
  });
  return { given, writes, gave };
}

const blocksIn = (writes: readonly Buffer[]): string[] => {
  const found: string[] = [];
  new FrameSplitter(1 << 20).push(Buffer.concat(writes), (frame) => {
    const read = decodeMessage(frame);
    assert.ok(read.kind === 'ok' && read.value.kind === 'piece');
    const { piece, begin, data } = read.value;
    assert.ok(data.every((byte) => byte === piece + 1));
    found.push(`${piece} ${begin} ${data.length}`);
  });
  return found;
};
const block = (piece: number, n: number) => ({
  piece,
  begin: n * BLOCK_BYTES,
  length: Math.min(BLOCK_BYTES, SIZE - n * BLOCK_BYTES),
});

test('blocks in a row of one piece leave in one write, in the order they were asked for', () => {
  const { given, writes, gave } = giving();
  for (const n of [0, 1, 2, 3]) given.push(block(4, n));
  given.push(block(5, 1));
  while (given.give(1 << 20));
  assert.equal(writes.length, 2);
  assert.deepEqual(blocksIn(writes), ['4 0 16384', '4 16384 16384', '4 32768 16384', '4 49152 100', '5 16384 16384']);
  assert.deepEqual(gave, [SIZE, BLOCK_BYTES]);
});

test('odd requests are answered as they were asked', () => {
  const { given, writes } = giving();
  given.push({ piece: 1, begin: 100, length: 20_000 });
  while (given.give(1 << 20));
  assert.deepEqual(blocksIn(writes), ['1 100 20000']);
});

test('a socket that takes no more is waited for, and what is taken back meanwhile is not given', () => {
  let roomy = false;
  const { given, gave } = giving({ write: () => roomy });
  for (const n of [0, 2]) given.push(block(1, n));
  given.push(block(2, 0));
  while (given.give(1 << 20));
  assert.deepEqual(gave, [BLOCK_BYTES]);
  given.cancel(block(1, 2));
  roomy = true;
  given.drained();
  while (given.give(1 << 20));
  assert.equal(gave.length, 2);
  assert.equal(given.waiting, 0);
});

test('a piece that comes late keeps its place, and one that cannot be had is left out', async () => {
  const late = Promise.withResolvers<FramedPiece | undefined>();
  const woken = Promise.withResolvers<void>();
  const { given, writes } = giving({
    wake: () => woken.resolve(),
    piece: (index) => (index === 1 ? late.promise : index === 2 ? undefined : pieceOf(index)),
  });
  for (const piece of [1, 2, 3]) given.push(block(piece, 0));
  while (given.give(1 << 20));
  assert.equal(writes.length, 0);
  assert.equal(given.give(1 << 20), false);
  late.resolve(pieceOf(1));
  await woken.promise;
  while (given.give(1 << 20));
  assert.deepEqual(blocksIn(writes), ['1 0 16384', '3 0 16384']);
});

test('a piece is given back once what was written of it has left, or the neighbour has gone', async () => {
  const [inUse, leaves] = [new Set<number>(), [] as (() => void)[]];
  const late = Promise.withResolvers<FramedPiece | undefined>();
  const had = (index: number): FramedPiece => {
    inUse.add(index);
    return pieceOf(index);
  };
  const { given } = giving({
    piece: (index) => (index === 2 ? late.promise : had(index)),
    release: ({ index }) => assert.ok(inUse.delete(index)),
    write: (_parts, written) => leaves.push(written) > 0,
  });
  for (const piece of [0, 1, 2]) given.push(block(piece, 0));
  while (given.give(1 << 20));
  assert.deepEqual([...inUse], [0, 1]);
  leaves[0]?.();
  assert.deepEqual([...inUse], [1]);
  given.close();
  late.resolve(had(2));
  await new Promise(setImmediate);
  assert.deepEqual([...inUse], [1]);
  leaves[1]?.();
  assert.equal(inUse.size, 0);
  assert.equal(leaves.length, 2);
});

test('a run is no longer than may go now, but for its last block', () => {
  const { given, gave } = giving();
  for (const n of [0, 1, 2, 3]) given.push(block(1, n));
  assert.ok(given.give(1));
  assert.deepEqual(gave, [BLOCK_BYTES]);
  assert.ok(given.give(BLOCK_BYTES + 1));
  assert.deepEqual(gave, [BLOCK_BYTES, 2 * BLOCK_BYTES]);
  assert.ok(given.give(1));
  assert.equal(given.give(1), false);
});

test('who asks for too much at once goes', () => {
  const { given } = giving({ write: () => false });
  let why: string | undefined;
  for (let i = 0; i <= SWARM_LIMITS.requests; i++) why = given.push(block(1, 0));
  assert.match(why ?? '', /too much/);
});
