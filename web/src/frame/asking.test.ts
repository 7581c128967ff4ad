import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Asking } from './asking.ts';

/** A page whose time and answers the test turns. */
function fakePage(everyMs: number) {
  const timers: { ms: number; act: () => void }[] = [];
  const asked: { signal: AbortSignal; answer: (ok: boolean) => Promise<void> }[] = [];
  const page = { isLookedAt: true };
  const asking = new Asking({
    everyMs,
    isLookedAt: () => page.isLookedAt,
    after: (ms, act) => {
      const timer = { ms, act };
      timers.push(timer);
      return () => void timers.splice(timers.indexOf(timer) >>> 0, timers.includes(timer) ? 1 : 0);
    },
    ask: (signal) => {
      const { promise, resolve } = Promise.withResolvers<boolean>();
      asked.push({
        signal,
        answer: async (ok) => {
          resolve(ok);
          await promise;
          await Promise.resolve();
        },
      });
      return promise;
    },
  });
  const ring = () => timers.shift()?.act();
  return { asking, timers, asked, page, ring };
}

test('it asks again after each answer, one question at a time', async () => {
  const { asking, asked, timers, ring } = fakePage(3000);
  asking.now();
  assert.equal(timers.length, 0);
  await asked[0]?.answer(true);
  assert.deepEqual(
    timers.map((t) => t.ms),
    [3000],
  );
  ring();
  assert.equal(asked.length, 2);
});

test('failures are tried again ever more rarely, up to a minute; a success resets that', async () => {
  const { asking, asked, timers, ring } = fakePage(3000);
  asking.now();
  const waits: number[] = [];
  for (let i = 0; i < 8; i++) {
    await asked[asked.length - 1]?.answer(false);
    waits.push(timers[0]?.ms ?? 0);
    ring();
  }
  assert.deepEqual(waits, [6000, 12_000, 24_000, 48_000, 60_000, 60_000, 60_000, 60_000]);
  await asked[asked.length - 1]?.answer(true);
  assert.equal(timers[0]?.ms, 3000);
});

test('what is asked once is asked again only when it failed', async () => {
  const one = fakePage(0);
  one.asking.now();
  await one.asked[0]?.answer(true);
  assert.equal(one.timers.length, 0);
  const other = fakePage(0);
  other.asking.now();
  await other.asked[0]?.answer(false);
  assert.equal(other.timers.length, 1);
});

test('while nobody looks nothing is asked; at the first look it is', async () => {
  const { asking, asked, page, ring } = fakePage(3000);
  asking.now();
  await asked[0]?.answer(true);
  page.isLookedAt = false;
  ring();
  asking.looked();
  assert.equal(asked.length, 1);
  page.isLookedAt = true;
  asking.looked();
  assert.equal(asked.length, 2);
  asking.looked();
  assert.equal(asked.length, 2, 'a second look asks nothing more');
});

test('a newer question drops the older one, and the end drops all', async () => {
  const { asking, asked, timers } = fakePage(3000);
  asking.now();
  asking.now();
  assert.equal(asked[0]?.signal.aborted, true);
  await asked[0]?.answer(true);
  assert.equal(timers.length, 0, 'the answer to a dropped question begins nothing');
  asking.stop();
  assert.equal(asked[1]?.signal.aborted, true);
  await asked[1]?.answer(true);
  asking.now();
  assert.equal(timers.length, 0);
  assert.equal(asked.length, 2);
});
