import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LIMITS } from './limits.ts';
import { roomFor } from './room.ts';

const count = fc.nat(2 * LIMITS.recognising);

test('whoever is on the way has a place, and nobody is steered beyond', () => {
  fc.assert(
    fc.property(fc.integer({ min: -10, max: 5_000 }), count, count, (bears, queued, recognising) => {
      const room = roomFor(bears, { queued, recognising });
      assert.ok(room >= 0);
      if (room === 0) return;
      assert.ok(room + queued + recognising <= bears);
      assert.ok(room + queued <= LIMITS.steeredAtOnce);
    }),
  );
});

test('a box with nobody on the way takes as many as it bears, a portion at a time', () => {
  const none = { queued: 0, recognising: 0 };
  assert.equal(roomFor(3, none), 3);
  assert.equal(roomFor(4_000, none), LIMITS.steeredAtOnce);
  assert.equal(roomFor(0, none), 0);
});
