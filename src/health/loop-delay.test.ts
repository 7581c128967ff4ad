import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { LoopDelay } from './loop-delay.ts';

test('a loop that stood still is seen, and stays seen for a minute', async () => {
  const delay = new LoopDelay();
  try {
    await sleep(50);
    delay.tick();
    await sleep(20);
    for (const end = performance.now() + 200; performance.now() < end; );
    await sleep(50);
    delay.tick();
    assert.ok(delay.view().maxMs >= 150, `${delay.view().maxMs} ms`);
    for (let second = 0; second < 58; second++) delay.tick();
    assert.ok(delay.view().maxMs >= 150);
    for (let second = 0; second < 2; second++) delay.tick();
    assert.ok(delay.view().maxMs < 150);
  } finally {
    delay.close();
  }
});
