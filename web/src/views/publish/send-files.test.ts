import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FleetUpload } from '#admin/contract-fleet.ts';
import { PAUSES_MS, type Part, type SendingWorld, type Sent, sendAll } from './send-files.ts';

const SIZES = [10, 20];
const at = (file: number, from: number): FleetUpload => ({
  id: 'u',
  state: 'receiving',
  bytes: 30,
  receivedBytes: SIZES.slice(0, file).reduce((sum, bytes) => sum + bytes, 0) + from,
  file,
  from,
});
const problem = (why: string): Sent => ({ ok: false, problem: { why, text: why } });

/** A central that answers parts with what the test says, one after the other, and then with success. */
function central(answers: (Sent | (() => Sent))[], views: Sent[] = []) {
  const parts: Part[] = [];
  const pauses: number[] = [];
  const bytes: number[] = [];
  const world: SendingWorld = {
    send: async (part, onBytes) => {
      parts.push(part);
      onBytes(1);
      const next = answers.shift();
      if (next) return typeof next === 'function' ? next() : next;
      return { ok: true, answer: at(part.file + 1, 0) };
    },
    view: async () => views.shift() ?? { ok: true, answer: at(0, 0) },
    wait: async (ms) => void pauses.push(ms),
    onBytes: (n) => void bytes.push(n),
    onPause: () => {},
  };
  const run = (signal = new AbortController().signal) => sendAll(at(0, 0), 2, world, signal);
  return { run, parts, pauses, bytes };
}

test('one file after the other', async () => {
  const { run, parts, bytes } = central([]);
  assert.deepEqual(await run(), { ok: true, answer: at(2, 0) });
  assert.deepEqual(
    parts.map(({ file, from }) => [file, from]),
    [
      [0, 0],
      [1, 0],
    ],
  );
  assert.deepEqual(bytes, [0, 1, 10, 11, 30]);
});

test('a line that breaks goes on from the byte that arrived last', async () => {
  const { run, parts, pauses } = central(
    [problem('no-answer')],
    [problem('no-answer'), { ok: true, answer: at(0, 7) }],
  );
  assert.ok((await run()).ok);
  assert.deepEqual(
    parts.map(({ file, from }) => [file, from]),
    [
      [0, 0],
      [0, 7],
      [1, 0],
    ],
  );
  assert.deepEqual(pauses, [1_000, 2_000]);
});

test('a line that never comes back is given up, and what cannot pass at once', async () => {
  const silent = central([problem('no-answer')], Array(20).fill(problem('no-answer')));
  assert.deepEqual(await silent.run(), problem('no-answer'));
  assert.deepEqual(silent.pauses, PAUSES_MS);
  const stuck = central(Array(20).fill(problem('no-answer')));
  assert.equal((await stuck.run()).ok, false);
  assert.equal(stuck.pauses.length, PAUSES_MS.length);
  const full = central([problem('disk-full')]);
  assert.deepEqual(await full.run(), problem('disk-full'));
  assert.deepEqual(full.pauses, []);
  const gone = central([problem('no-answer')], [problem('not-found')]);
  assert.deepEqual(await gone.run(), problem('not-found'));
});

test('who stops it waits for nothing', async () => {
  const ending = new AbortController();
  const { run, pauses } = central([
    () => {
      ending.abort();
      return problem('aborted');
    },
  ]);
  assert.equal((await run(ending.signal)).ok, false);
  assert.deepEqual(pauses, []);
});
