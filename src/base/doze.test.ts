import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { Doze } from './doze.ts';

function bench() {
  let nowMs = 0;
  const sleeps: { readonly endMs: number; readonly end: () => void }[] = [];
  const ending = new AbortController();
  const clock = {
    nowMs: () => nowMs,
    sleep: (ms: number, signal: AbortSignal) =>
      new Promise<void>((end, fail) => {
        sleeps.push({ endMs: nowMs + ms, end });
        signal.addEventListener('abort', () => fail(signal.reason));
      }),
  };
  const later = async (ms: number): Promise<void> => {
    nowMs += ms;
    for (const { endMs, end } of sleeps) if (endMs <= nowMs) end();
    await turn();
  };
  const doze = new Doze(clock, ending.signal);
  const log: string[] = [];
  const rest = (name: string, ms: number): void => void doze.rest(ms).then(() => log.push(name));
  return { doze, log, rest, later, sleeps, ending };
}

test('a rest ends in time, or when it is poked; who was poked before does not rest', async () => {
  const { doze, log, rest, later } = bench();
  rest('a', 100);
  await later(99);
  assert.deepEqual(log, []);
  await later(1);
  assert.deepEqual(log, ['a']);
  rest('b', 100);
  doze.poke();
  await later(0);
  assert.deepEqual(log, ['a', 'b']);
  rest('c', 100);
  await later(0);
  assert.deepEqual(log, ['a', 'b', 'c'], 'nobody has heeded it yet');
  doze.heed();
  rest('d', 100);
  await later(50);
  assert.equal(log.length, 3);
  await later(50);
  assert.equal(log.length, 4);
});

test('pokes make no new sleep, and a shorter rest is not as long as the one before', async () => {
  const { doze, log, rest, later, sleeps } = bench();
  for (let i = 0; i < 50; i++) {
    doze.heed();
    rest(`${i}`, 1_000);
    await later(1);
    doze.poke();
    await later(1);
  }
  assert.deepEqual([log.length, sleeps.length], [50, 1]);
  doze.heed();
  rest('short', 10);
  await later(10);
  assert.equal(log.at(-1), 'short');
});

test('when its signal ends so does each rest', async () => {
  const { log, rest, later, ending } = bench();
  rest('a', 100);
  ending.abort();
  await later(0);
  rest('b', 100);
  await later(0);
  assert.deepEqual(log, ['a', 'b']);
});
