import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LIMITS } from './limits.ts';
import { Patience } from './patience.ts';

test('it ends when nothing was kept for long, and begins anew with each piece that is', () => {
  const patience = new Patience();
  const late = LIMITS.roomWithinMs;
  assert.equal(patience.refused(0), false);
  assert.equal(patience.refused(late - 1), false);
  patience.kept();
  assert.equal(patience.refused(late), false);
  assert.equal(patience.refused(2 * late - 1), false);
  assert.equal(patience.refused(2 * late), true);
});
