import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLog } from '#base/log.ts';
import { FramedPiece } from '#wire/framed-piece.ts';
import type { Message } from '../broker.ts';
import { PieceSender } from './piece-sender.ts';

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
  const piece = (index: number): FramedPiece => FramedPiece.allocate(index, 100);
  return { sent, sender, piece };
}

test('where a rate is limited each copy of a piece waits for its turn', async () => {
  const { sent, sender, piece } = bench();
  const paced: number[] = [];
  const pace = async (bytes: number): Promise<void> => void paced.push(bytes);
  await sender.send({ id: 'x', pieces: [0, 1], to: ['n1', 'n2'], go: true, piece, pace }, never);
  assert.deepEqual(paced, [100, 100, 100, 100]);
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
  const { sent, sender, piece } = bench();
  const isHeld = (): boolean => sent.length >= 2;
  await sender.send({ id: 'x', pieces: [0, 1, 2, 3], to: 'all', go: false, piece, isHeld }, never);
  assert.deepEqual(sent, ['all.piece 0', 'all.piece 1']);
});
