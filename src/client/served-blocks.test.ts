import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BLOCK_BYTES } from '#base/units.ts';
import { oneFileTorrent } from '#wire/made-torrent.ts';
import { pieceSize } from '#wire/metainfo.ts';
import { connectClient } from './fixtures.ts';
import { ServedBlocks } from './served-blocks.ts';

const torrent = oneFileTorrent(5 * BLOCK_BYTES + 100, 2 * BLOCK_BYTES);
const { meta } = torrent;

test('blocks asked for in any order and any number of times count once each', () => {
  const blocks = Array.from({ length: 6 }, (_, i) => {
    const [piece, begin] = [Math.floor(i / 2), (i % 2) * BLOCK_BYTES];
    return { piece, begin, length: Math.min(BLOCK_BYTES, pieceSize(meta, piece) - begin) };
  });
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...blocks), { maxLength: 40 }), (asked) => {
      const served = new ServedBlocks(meta);
      const total = asked.reduce((sum, { piece, begin, length }) => sum + served.give(piece, begin, length), 0);
      assert.equal(
        total,
        [...new Set(asked)].reduce((sum, { length }) => sum + length, 0),
      );
    }),
  );
});

test('requests of other sizes count what they bring', () => {
  const served = new ServedBlocks(meta);
  assert.equal(served.give(0, 0, 8_192), 8_192);
  assert.equal(served.give(0, 8_192, 8_192), 8_192);
  assert.equal(served.give(0, 0, 2 * BLOCK_BYTES), BLOCK_BYTES);
  assert.equal(served.give(0, 5, 100), 0);
});

test('a client that asks for a block twice gets it twice, and the task counts it once', async () => {
  const { task, stream, c, say } = await connectClient(torrent, { have: 'all' });
  stream.take(true);
  const block = { kind: 'request', piece: 1, begin: 0, length: BLOCK_BYTES } as const;
  await say({ kind: 'interested' }, block);
  await say(block);
  assert.equal(stream.take().filter((m) => m.kind === 'piece').length, 2);
  assert.deepEqual([c.servedBytes, task.servedBytes], [BLOCK_BYTES, BLOCK_BYTES]);
  c.close('the test is over');
});
