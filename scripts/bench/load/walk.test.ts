import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BLOCK_BYTES } from '#base/units.ts';
import { type Block, inOrder, rarestFirst, type Walk } from './walk.ts';

/** Four pieces of two blocks, and a last one that is half a block. */
const shape = { totalBytes: 8.5 * BLOCK_BYTES, pieceLength: 2 * BLOCK_BYTES };
const taken = (walk: Walk, count: number): (Block | undefined)[] => Array.from({ length: count }, () => walk.next());

test('in order: from its own part, round and round, whole blocks alone', () => {
  const seen = taken(inOrder(shape, 1, 2), 9).map((b) => b && b.piece * 2 + b.begin / BLOCK_BYTES);
  assert.deepEqual(seen, [4, 5, 6, 7, 0, 1, 2, 3, 4]);
});

test('rarest first: what was told of, every whole piece once, its blocks one after the other', () => {
  const walk = rarestFirst(shape, Math.random);
  assert.equal(walk.next(), undefined);
  for (const piece of [3, 1, 4]) walk.told?.(piece);
  const first = taken(walk, 4);
  for (const piece of [0, 2]) walk.told?.(piece);
  const seen = [...first, ...taken(walk, 4)];
  for (let i = 0; i < 8; i += 2) {
    assert.deepEqual([seen[i]?.begin, seen[i + 1]?.begin], [0, BLOCK_BYTES]);
    assert.equal(seen[i]?.piece, seen[i + 1]?.piece);
  }
  assert.deepEqual([...new Set(first.map((b) => b?.piece))].sort(), [1, 3]);
  assert.deepEqual([...new Set(seen.map((b) => b?.piece))].sort(), [0, 1, 2, 3]);
  assert.equal(walk.next(), undefined);
});
