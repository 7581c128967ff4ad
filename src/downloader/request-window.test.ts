import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DOWNLOAD_LIMITS } from './limits.ts';
import { RequestWindow } from './request-window.ts';

/** A line of `blocksPerS` with a round trip of `rttMs`; returns the window and the share of the line used in the last half. */
function run(blocksPerS: number, rttMs: number, seconds: number): { size: number; used: number } {
  const window = new RequestWindow(DOWNLOAD_LIMITS);
  const perBlockMs = 1000 / blocksPerS;
  let lineFreeAt = 0;
  const due: { at: number; askedAt: number; ahead: number }[] = [];
  const ask = (now: number): void => {
    while (due.length < window.size) {
      lineFreeAt = Math.max(lineFreeAt, now + rttMs) + perBlockMs;
      due.push({ at: lineFreeAt, askedAt: now, ahead: due.length + 1 });
    }
  };
  ask(0);
  let late = 0;
  for (let block = due.shift(); block && block.at < seconds * 1000; block = due.shift()) {
    if (block.at > seconds * 500) late++;
    window.answered(block.at - block.askedAt, block.ahead);
    ask(block.at);
  }
  return { size: window.size, used: late / (blocksPerS * seconds * 0.5) };
}

test('the window fills lines of very different speed and delay, and queues no more than about a second', () => {
  for (const [blocksPerS, rttMs] of [
    [2, 50],
    [38, 20],
    [38, 300],
    [38, 900],
    [76, 5],
    [600, 200],
    [7000, 1],
  ] as const) {
    const { size, used } = run(blocksPerS, rttMs, 20);
    const expected = Math.min(Math.max(blocksPerS, DOWNLOAD_LIMITS.minWindow), DOWNLOAD_LIMITS.maxWindow);
    assert.ok(used > 0.97, `${blocksPerS} blocks/s at ${rttMs} ms: only ${used} used`);
    assert.ok(size <= 1.5 * expected + 4, `${blocksPerS} blocks/s at ${rttMs} ms: window ${size}`);
  }
});

test('after a timeout one block is asked at a time until answers are quick again', () => {
  const window = new RequestWindow(DOWNLOAD_LIMITS);
  window.timedOut();
  window.answered(5_000, 1);
  assert.equal(window.size, 1);
  for (let i = 0; i < 10; i++) window.answered(50, window.size);
  assert.equal(window.size, 11);
});

test('an origin is asked for as much as it lets queue, and for a moderate number when it does not say', () => {
  const sizeAfter = (reqq?: number): number => {
    const window = new RequestWindow(DOWNLOAD_LIMITS);
    if (reqq !== undefined) window.peerQueues(reqq);
    for (let i = 0; i < 2_000; i++) window.answered(50, window.size);
    return window.size;
  };
  const { minWindow, maxWindow, maxSaidWindow } = DOWNLOAD_LIMITS;
  assert.deepEqual([undefined, 1, 100, 500, 0xffff_ffff].map(sizeAfter), [
    maxWindow,
    minWindow,
    100,
    500,
    maxSaidWindow,
  ]);
});
