import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Scope } from '#base/scope.ts';
import { LIMITS } from './limits.ts';
import { Pulse } from './pulse.ts';

test('awake it beats every second, asleep once in the time after which it may leave, and not after its end', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 0 });
  const pass = (ms: number): void => {
    for (let left = ms; left > 0; left -= LIMITS.beatGridMs) t.mock.timers.tick(Math.min(left, LIMITS.beatGridMs));
  };
  const scope = new Scope((error) => assert.ifError(error));
  const body = { isAwake: true, beats: 0, failures: 0, isIll: false };
  const pulse = new Pulse(
    {
      awake: () => body.isAwake,
      tick: () => {
        body.beats++;
        if (body.isIll) throw new Error('ill');
      },
      failed: () => void body.failures++,
    },
    scope,
  );
  pass(3 * LIMITS.tickMs);
  assert.equal(body.beats, 3);
  body.isAwake = false;
  pass(LIMITS.tickMs);
  assert.equal(body.beats, 4, 'this beat finds it asleep');
  pass(LIMITS.idleMs - 1);
  assert.equal(body.beats, 4);
  pass(1);
  assert.equal(body.beats, 5);
  body.isAwake = true;
  pulse.stir();
  body.isIll = true;
  pass(2 * LIMITS.tickMs);
  assert.deepEqual([body.beats, body.failures], [7, 2]);
  await scope.close();
  pulse.stir();
  pass(LIMITS.idleMs);
  assert.equal(body.beats, 7);
});
