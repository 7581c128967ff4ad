import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { HEALTH_LIMITS } from './limits.ts';
import { LoopWait, meanWaitMs } from './loop-wait.ts';

/** Mean and deviation of turns. */
function waitIn(turnsMs: readonly number[]): number {
  const mean = turnsMs.reduce((sum, ms) => sum + ms, 0) / turnsMs.length;
  const square = turnsMs.reduce((sum, ms) => sum + (ms - mean) ** 2, 0) / turnsMs.length;
  return meanWaitMs(mean, Math.sqrt(square));
}
const idle = (count: number): number[] => Array.from({ length: count }, () => 10);

test('an idle loop keeps nobody waiting, and neither does one that was not looked at', () => {
  assert.equal(waitIn(idle(100)), 0);
  assert.equal(meanWaitMs(Number.NaN, Number.NaN), 0);
});

test('long turns keep everybody waiting for half of one', () => {
  assert.equal(Math.round(waitIn([400, 400, 400])), 195);
});

test('one long turn weighs by its length: a pause is little, a loop that stood still is all', () => {
  assert.ok(waitIn([...idle(90), 100]) < 10);
  assert.ok(waitIn([...idle(10), 900]) > 390);
});

test('a loop that stood still once is no load, one that does so again is', async () => {
  const { waitOverMs, waitMs } = HEALTH_LIMITS.overload;
  const standStill = async (): Promise<number> => {
    await sleep(20);
    for (const end = performance.now() + waitOverMs; performance.now() < end; );
    await sleep(20);
    return wait.look();
  };
  const wait = new LoopWait();
  try {
    assert.ok((await standStill()) < waitMs.busy);
    assert.ok((await standStill()) > waitMs.busy);
  } finally {
    wait.close();
  }
});
