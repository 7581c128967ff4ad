import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BLOCK_BYTES } from '#base/units.ts';
import { FramedPiece } from '#wire/framed-piece.ts';
import { encodeMessage } from '#wire/frames.ts';
import { Answers } from './answers.ts';

function heard(chunks: Iterable<Buffer>): string[] {
  const said: string[] = [];
  const answers = new Answers({
    block: () => said.push('block'),
    choked: (choked) => said.push(choked ? 'choke' : 'unchoke'),
    fault: (why) => said.push(why),
  });
  for (const chunk of chunks) answers.push(chunk, 0, chunk.length);
  assert.ok(answers.between);
  return said;
}

const TWO_BLOCKS = FramedPiece.allocate(3, 2 * BLOCK_BYTES).buffer;
const STREAM = Buffer.concat([
  encodeMessage({ kind: 'bitfield', bits: Buffer.alloc(7, 255) }),
  encodeMessage({ kind: 'keep-alive' }),
  encodeMessage({ kind: 'unchoke' }),
  TWO_BLOCKS,
  encodeMessage({ kind: 'have', piece: 1 }),
  encodeMessage({ kind: 'choke' }),
]);

test('blocks and chokes are heard, whatever the portions they come in', () => {
  for (const portion of [1, 7, 16_397, STREAM.length]) {
    const chunks = Array.from({ length: Math.ceil(STREAM.length / portion) }, (_, i) =>
      STREAM.subarray(i * portion, (i + 1) * portion),
    );
    assert.deepEqual(heard(chunks), ['unchoke', 'block', 'block', 'choke']);
  }
});

test('which pieces there are is told to who asks, whatever the portions', () => {
  for (const portion of [1, STREAM.length]) {
    const told: number[] = [];
    const answers = new Answers({
      block: () => {},
      choked: () => {},
      fault: assert.fail,
      told: (piece) => told.push(piece),
    });
    for (let at = 0; at < STREAM.length; at += portion) answers.push(STREAM, at, Math.min(at + portion, STREAM.length));
    assert.deepEqual(told, [...Array.from({ length: 56 }, (_, i) => i), 1]);
  }
});

test('a block of another length is a fault', () => {
  assert.deepEqual(heard([FramedPiece.allocate(0, 100).buffer]), ['a block of 100 bytes', 'block']);
});

test('encrypted blocks are counted', () => {
  let blocks = 0;
  const answers = new Answers({ block: () => blocks++, choked: () => {}, fault: assert.fail });
  for (let left = TWO_BLOCKS.length; left > 0; left -= Math.min(left, 10_000)) answers.count(Math.min(left, 10_000));
  assert.equal(blocks, 2);
});
