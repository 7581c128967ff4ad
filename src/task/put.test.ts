import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { BLOCK_BYTES } from '#base/units.ts';
import { FramedPiece } from '#wire/framed-piece.ts';
import { pieceSize } from '#wire/metainfo.ts';
import { nothing, taskOf, torrent } from './fixtures.ts';

const { meta, content } = torrent;
const bytesOf = (index: number): Buffer =>
  content.subarray(index * meta.pieceLength, index * meta.pieceLength + pieceSize(meta, index));

function framed(index: number, bytes = bytesOf(index)): FramedPiece {
  const piece = FramedPiece.allocate(index, bytes.length);
  for (let at = 0; at < bytes.length; at += BLOCK_BYTES) piece.putBlock(at, bytes.subarray(at, at + BLOCK_BYTES));
  return piece;
}

const known = { ...nothing, info: meta.infoBytes };

test('a piece that came another way is verified like any other, and not fetched any more', async (t) => {
  const { task, seeds } = taskOf(t, known);
  assert.equal(await task.put(framed(1)), 'ok');
  assert.equal(await task.put(framed(1)), 'ok', 'it is had already');
  assert.equal(await task.put(framed(0, Buffer.alloc(bytesOf(0).length))), 'bad');
  assert.deepEqual([task.have?.has(0), task.have?.has(1), task.view().filledBytes], [false, true, meta.pieceLength]);
  for (const index of [0, 2]) assert.equal(await task.put(framed(index)), 'ok');
  assert.deepEqual([task.whole, seeds.length], [true, 0]);
});

test('nothing is put into a torrent of which nothing is known', async (t) => {
  const { task } = taskOf(t);
  assert.equal(await task.put(framed(0)), 'failed');
  task.learn(meta.infoBytes);
  assert.equal(await task.put(framed(0)), 'ok');
});

test('where more was signed, a piece must pass that, too', async (t) => {
  const sums = Buffer.concat([0, 1, 2].map((index) => createHash('sha256').update(bytesOf(index)).digest()));
  const signed = taskOf(t, known, { pieceSha256: () => sums });
  assert.equal(signed.task.isSigned, true);
  assert.equal(await signed.task.put(framed(2)), 'ok');
  const other = Buffer.from(sums).fill(0, 0, 32);
  const lied = taskOf(t, known, { pieceSha256: () => other });
  assert.equal(await lied.task.put(framed(0)), 'failed');
  assert.equal(lied.task.have?.has(0), false);
  assert.deepEqual(lied.kept.gone, ['unsupported'], 'no bytes will ever pass both');
  assert.equal(taskOf(t, known).task.isSigned, false);
  assert.equal(taskOf(t, known, { pieceSha256: () => sums.subarray(32) }).task.isSigned, false, 'not of this torrent');
});

test('a piece is proved where it lies, and what is not what it should be is lost, however busy its disk is', async (t) => {
  for (const busy of [false, true]) {
    const { task, store } = taskOf(t, known);
    for (const index of [0, 1]) assert.equal(await task.put(framed(index)), 'ok');
    store.damage(meta.infoHash, 1);
    store.forgetMemory();
    store.faults.busy = busy;
    for (const index of [0, 1, 2]) await task.prove(index);
    assert.deepEqual([0, 1, 2].map((index) => task.have?.has(index)), [true, false, false]); // biome-ignore format: one line
  }
});
