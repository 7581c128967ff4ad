import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BLOCK_BYTES } from '#base/units.ts';
import { encodeMessage, type Message } from '#wire/frames.ts';
import type { Handshake } from '#wire/handshake.ts';
import { oneFileTorrent } from '#wire/made-torrent.ts';
import { blockRequest, connecting, turn } from './fixtures.ts';

const torrent = oneFileTorrent(3 * 8 * BLOCK_BYTES + 777, 8 * BLOCK_BYTES);

const connect = connecting(torrent);

test('a client that breaks the protocol is dropped once, with the reason', async () => {
  const breaks: [Message | Buffer, RegExp, Partial<Handshake>?][] = [
    [{ kind: 'piece', piece: 0, begin: 0, data: Buffer.alloc(10) }, /never asked/],
    [{ kind: 'have-all' }, /fast/, { fast: false }],
    [{ kind: 'have', piece: 4 }, /beyond/],
    [{ kind: 'bitfield', bits: Buffer.alloc(2) }, /bitfield/],
    [blockRequest(4, 0), /outside the torrent/],
    [blockRequest(3, 0, 778), /outside the piece/],
    [blockRequest(0, 0, 0), /outside/],
    [{ kind: 'request', piece: 0, begin: 0xffff_ffff, length: 0xffff_ffff }, /outside/],
    [Buffer.from('7fffffff', 'hex'), /longer than/],
    [Buffer.from('000000020400', 'hex'), /message 4/],
  ];
  for (const [what, why, hands] of breaks) {
    const { task, stream } = await connect({ have: 'all', ...(hands && { hands }) });
    stream.data(Buffer.isBuffer(what) ? what : encodeMessage(what));
    await turn();
    assert.match(task.closedWhy ?? '(not dropped)', why);
    assert.equal(stream.destroyed, true);
    stream.data(encodeMessage({ kind: 'interested' }));
    stream.gone();
  }
});

test('garbage of any kind ends in a drop or in silence, never in an exception or in bytes that were not asked for', async () => {
  const frame = fc
    .tuple(fc.nat(22), fc.uint8Array({ maxLength: 40 }))
    .map(([id, body]) => Buffer.concat([Buffer.of(0, 0, 0, body.length + 1, id), body]));
  const bytes = fc.array(
    fc.oneof(
      frame,
      fc.uint8Array({ maxLength: 60 }).map((b) => Buffer.from(b)),
    ),
    { maxLength: 30 },
  );
  await fc.assert(
    fc.asyncProperty(bytes, fc.boolean(), fc.boolean(), async (chunks, fast, metainfo) => {
      const { task, stream, c } = await connect({ have: [0, 2], hands: { fast }, metainfo });
      for (const chunk of chunks) stream.data(chunk);
      await turn();
      for (const { piece } of task.blocks) assert.ok(task.field.has(piece));
      stream.take(true);
      c.close('garbage');
      assert.ok(task.closedWhy !== undefined);
    }),
    { numRuns: 500 },
  );
});
