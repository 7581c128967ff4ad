import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LIMITS } from './limits.ts';
import { Sight } from './sight.ts';

test('of those that announced, the share that came within the time', () => {
  const sight = new Sight();
  assert.equal(sight.through, 0.6);
  for (let i = 0; i < 400; i++) {
    sight.announced(`${i}`, i);
    if (i % 4 === 0) sight.came(`${i}`);
  }
  sight.look(400 + LIMITS.awaitMs);
  assert.ok(Math.abs(sight.through - 0.25) < 0.01);
});

test('who announces again and again is waited for once, and who comes unannounced is not counted', () => {
  const sight = new Sight();
  for (let ms = 0; ms < LIMITS.awaitMs; ms += 1_000) sight.announced('a', ms);
  sight.came('b');
  sight.look(LIMITS.awaitMs);
  assert.equal(sight.through, 3 / 6);
  sight.came('a');
  assert.equal(sight.through, 3 / 6, 'it is too late');
});

test('a LAN that has changed is seen as it is now; and only so many are waited for', () => {
  const sight = new Sight();
  for (let i = 0; i < 3_000; i++) {
    sight.announced(`${i}`, 0);
    sight.came(`${i}`);
  }
  assert.ok(sight.through > 0.99);
  for (let i = 0; i < LIMITS.awaited + 1_000; i++) sight.announced(`later ${i}`, 0);
  sight.look(LIMITS.awaitMs);
  assert.ok(sight.through < 0.1);
});
