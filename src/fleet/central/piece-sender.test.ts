import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLog } from '#base/log.ts';
import { KIB } from '#base/units.ts';
import type { Message } from '../broker.ts';
import { PieceSender, runsOf } from './piece-sender.ts';

const never = new AbortController().signal;

function bench() {
  const sent: string[] = [];
  const sender = new PieceSender({
    data: {
      publish: async ({ key, headers }: Message) => {
        sent.push(`${key} ${headers?.piece ?? ''}`);
        return { kind: 'ok' };
      },
    },
    clock: { nowMs: () => 0, sleep: async () => {} },
    log: silentLog,
  });
  // No two of these pieces go in one message.
  const what = { id: 'x', pieceLength: 256 * KIB, sizeBytes: 1_024 * KIB, read: async () => [] };
  return { sent, sender, what };
}

test('where a rate is limited each copy of a piece waits for its turn', async () => {
  const { sent, sender, what } = bench();
  const paced: number[] = [];
  const pace = async (bytes: number): Promise<void> => void paced.push(bytes);
  await sender.send({ ...what, pieces: [0, 1], to: [{ node: 'n1' }, { node: 'n2' }], go: true, pace }, never);
  assert.deepEqual(paced, Array(4).fill(256 * KIB));
  assert.deepEqual(sent, [
    'node.n1.go ',
    'node.n2.go ',
    'node.n1.piece 0',
    'node.n2.piece 0',
    'node.n1.piece 1',
    'node.n2.piece 1',
  ]);
});

test('when it is not its time any more, what is begun is sent, and nothing else', async () => {
  const { sent, sender, what } = bench();
  const isHeld = (): boolean => sent.length >= 2;
  await sender.send({ ...what, pieces: [0, 1, 2, 3], to: [{ all: true as const }], go: false, isHeld }, never);
  assert.deepEqual(sent, ['all.piece 0', 'all.piece 1']);
});

test('small pieces that follow one another go together, a quarter of a megabyte at most', () => {
  assert.deepEqual(runsOf([0, 1, 2, 3, 4, 5], 64 * KIB), [
    [0, 1, 2, 3],
    [4, 5],
  ]);
  assert.deepEqual(runsOf([0, 2, 3, 7], 128 * KIB), [[0], [2, 3], [7]]);
  assert.deepEqual(runsOf([], 64 * KIB), []);
});

test('a large piece goes alone', () => {
  for (const pieceLength of [256 * KIB, 4_096 * KIB]) assert.deepEqual(runsOf([0, 1], pieceLength), [[0], [1]]);
});
