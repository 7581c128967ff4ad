import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BLOCK_BYTES } from '#base/units.ts';
import { madeTorrent, oneFileTorrent } from '#wire/made-torrent.ts';
import { parseMetainfo } from '#wire/metainfo.ts';
import { connectClient } from './fixtures.ts';

const PIECE = 2 * BLOCK_BYTES;
/** One file, so that a piece's bytes lie where the fixture looks: two pieces, the second of a block and 100 bytes. */
const { content } = oneFileTorrent(PIECE + BLOCK_BYTES + 100, PIECE);
function torrent() {
  const parsed = parseMetainfo(madeTorrent('v2', [{ path: ['a'], bytes: content }], PIECE).torrentFile);
  assert.ok(parsed.kind === 'ok');
  return { meta: parsed.value, content };
}
const request = (begin: number, length: number) => ({ kind: 'request', piece: 1, begin, length }) as const;

test('a whole block is given at the end of a v2 file, with zeros after the file', async () => {
  for (const wanted of [
    [request(BLOCK_BYTES, BLOCK_BYTES)],
    [request(0, BLOCK_BYTES), request(BLOCK_BYTES, BLOCK_BYTES)],
  ]) {
    const { c, stream, task, say } = await connectClient(torrent(), { have: 'all' });
    await say({ kind: 'interested' });
    stream.take(true);
    await say(...wanted);
    const pieces = stream.take().map((m) => (m.kind === 'piece' ? m : assert.fail(m.kind)));
    assert.deepEqual(
      pieces.map(({ begin, data }) => [begin, data.length]),
      wanted.map(({ begin, length }) => [begin, length]),
    );
    const last = pieces.at(-1)?.data as Buffer;
    assert.ok(last.subarray(0, 100).equals(content.subarray(-100)));
    assert.ok(last.subarray(100).every((byte) => byte === 0));
    assert.equal(task.servedBytes, 100 + (wanted.length - 1) * BLOCK_BYTES, 'padding is no payload');
    c.close('over');
  }
});

test('a request that holds nothing of the file, or goes beyond the piece, ends the connection', async () => {
  for (const wanted of [request(BLOCK_BYTES + 100, 10), request(BLOCK_BYTES, BLOCK_BYTES + 1)]) {
    const { c, task, say } = await connectClient(torrent(), { have: 'all' });
    await say({ kind: 'interested' }, wanted);
    assert.match(task.closedWhy ?? '', /outside the piece/);
    c.close('over');
  }
});

test('a padded request is rejected and cancelled in its own length', async () => {
  const { c, stream, task, say } = await connectClient(torrent(), { have: 'all', limits: { reads: 0 } });
  await say({ kind: 'interested' });
  stream.take(true);
  await say(request(BLOCK_BYTES, BLOCK_BYTES), { ...request(BLOCK_BYTES, BLOCK_BYTES), kind: 'cancel' });
  assert.deepEqual(stream.take(), [{ ...request(BLOCK_BYTES, BLOCK_BYTES), kind: 'reject' }]);
  assert.equal(task.servedBytes, 0);
  c.close('over');
});
