import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HandClock } from './fixtures.ts';
import { Ticker } from './ticker.ts';

test('one timer calls everybody who is there, and rests when nobody is', async () => {
  const clock = new HandClock();
  const ticker = Ticker.of(clock, 100);
  assert.equal(Ticker.of(clock, 100), ticker);
  const called: string[] = [];
  const first = (): void => void called.push(`first ${clock.nowMs()}`);
  const leaver = (): void => {
    called.push(`leaver ${clock.nowMs()}`);
    ticker.leave(leaver);
  };
  ticker.join(first);
  await clock.pass(50);
  ticker.join(leaver);
  assert.equal(clock.sleepers, 1);
  await clock.pass(250);
  assert.deepEqual(called, ['first 100', 'leaver 100', 'first 200']);
  ticker.leave(first);
  await clock.pass(1_000);
  assert.equal(clock.sleepers, 0);
  assert.equal(called.length, 3);
  ticker.join(first);
  await clock.pass(1_100);
  assert.equal(called.at(-1), 'first 1100', 'it runs again');
  ticker.leave(first);
});
