import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from '#base/seeded-random.ts';
import { takeOver } from './takeover.ts';
import { VirtualTime } from './virtual-time.ts';

test('events run in the order of their times, then of their making, each with the promises that it settles', async () => {
  const time = new VirtualTime();
  const seen: string[] = [];
  const later = (name: string, ms: number): void =>
    void time.after(ms, () => {
      seen.push(name);
      void Promise.resolve().then(() => process.nextTick(() => seen.push(`${name}, then`)));
    });
  later('third', 20);
  later('first', 10);
  later('second', 10);
  await time.run(time.exactMs + 20);
  assert.deepEqual(seen, ['first', 'first, then', 'second', 'second, then', 'third', 'third, then']);
});

test('of a killed owner nothing runs any more, nor what its events began; others go on', async () => {
  const time = new VirtualTime();
  const seen: string[] = [];
  const tick = (name: string): void => {
    seen.push(name);
    time.after(10, () => tick(name));
  };
  time.after(0, () => tick('box'), 'box');
  time.after(0, () => tick('lan'), 'lan');
  await time.run(time.exactMs + 15);
  assert.equal(time.pending('box'), 1);
  time.kill('box');
  assert.equal(time.pending('box'), 0);
  time.after(0, () => seen.push('late'), 'box');
  await time.run(time.exactMs + 20);
  assert.deepEqual(seen, ['box', 'lan', 'box', 'lan', 'lan', 'lan']);
});

test('a clock sleeps in virtual time, and whoever is aborted wakes at once and leaves no event', async () => {
  const time = new VirtualTime();
  const clock = time.clock();
  const abort = new AbortController();
  const woken: string[] = [];
  await time.as('box', () => {
    void clock.sleep(3_600_000, new AbortController().signal).then(() => woken.push(`after ${time.elapsedMs}`));
    clock.sleep(7_200_000, abort.signal).catch((error: Error) => woken.push(error.name));
  });
  await time.run(time.exactMs + 3_600_000);
  await time.as('box', () => abort.abort());
  assert.deepEqual(woken, ['after 3600000', 'AbortError']);
  assert.equal(time.pending('box'), 0);
});

test('while it is taken over, the process gets time and chance from the simulation, and afterwards its own again', async () => {
  const real = { now: Date.now, setTimeout: globalThis.setTimeout, random: Math.random };
  const one = async (): Promise<string[]> => {
    const time = new VirtualTime();
    const giveBack = takeOver(time, new Random(7));
    const seen: string[] = [];
    try {
      const every = setInterval(() => seen.push(`every ${Date.now()}`), 1_000);
      setTimeout(() => clearInterval(every), 2_500);
      setImmediate(() => seen.push(`chance ${Math.random()}`));
      await time.run(time.exactMs + 10_000);
    } finally {
      giveBack();
    }
    return seen;
  };
  const seen = await one();
  assert.equal(seen.length, 3);
  assert.deepEqual(await one(), seen);
  assert.deepEqual({ now: Date.now, setTimeout: globalThis.setTimeout, random: Math.random }, real);
});
