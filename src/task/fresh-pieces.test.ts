import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FreshPieces } from './fresh-pieces.ts';
import { LIMITS } from './limits.ts';

test('a piece is fresh for a while after it came, and again when it comes again', () => {
  const fresh = new FreshPieces();
  fresh.came(7, 1_000);
  assert.deepEqual([fresh.has(7, 1_000), fresh.has(8, 1_000)], [true, false]);
  assert.equal(fresh.has(7, 1_000 + LIMITS.freshMs), false);
  fresh.came(7, 500 + LIMITS.freshMs);
  assert.equal(fresh.has(7, 1_000 + LIMITS.freshMs), true);
  fresh.clear();
  assert.equal(fresh.has(7, 1_000 + LIMITS.freshMs), false);
});

test('of very many only the last ones are fresh', () => {
  const fresh = new FreshPieces();
  for (let piece = 0; piece <= LIMITS.freshPieces; piece++) fresh.came(piece, 0);
  assert.deepEqual([fresh.has(0, 0), fresh.has(1, 0), fresh.has(LIMITS.freshPieces, 0)], [false, true, true]);
});
