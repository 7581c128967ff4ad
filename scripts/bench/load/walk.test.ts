import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BLOCK_BYTES } from '#base/units.ts';
import { inOrder, rarestFirst } from './walk.ts';

/** Four pieces of two blocks, and a last one that is half a block. */
const shape = { totalBytes: 8.5 * BLOCK_BYTES, pieceLength: 2 * BLOCK_BYTES };

test('in order: from its own part, round and round, whole blocks alone', () => {
  const walk = inOrder(shape, 1, 2);
  const seen = Array.from({ length: 9 }, walk).map(({ piece, begin }) => piece * 2 + begin / BLOCK_BYTES);
  assert.deepEqual(seen, [4, 5, 6, 7, 0, 1, 2, 3, 4]);
});

test('rarest first: every whole piece once a round, its blocks one after the other', () => {
  const walk = rarestFirst(shape, Math.random);
  for (let round = 0; round < 3; round++) {
    const seen = Array.from({ length: 8 }, walk);
    for (let i = 0; i < 8; i += 2) {
      assert.deepEqual([seen[i]?.begin, seen[i + 1]?.begin], [0, BLOCK_BYTES]);
      assert.equal(seen[i]?.piece, seen[i + 1]?.piece);
    }
    assert.deepEqual([...new Set(seen.map(({ piece }) => piece))].sort(), [0, 1, 2, 3]);
  }
});
