import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { type Duplex, duplexPair } from 'node:stream';
import { test } from 'node:test';
import { silentLog } from '#base/log.ts';
import { infoHashOf } from '#base/units.ts';
import { decodeMessage, encodeMessage, type Message } from '#wire/frames.ts';
import { HANDSHAKE_BYTES } from '#wire/handshake.ts';
import { oneFileTorrent, type Torrent } from '#wire/made-torrent.ts';
import { QvodDownload, QvodLeecher } from '#wire/qvod/fake-leecher.ts';
import { qvodFile } from '#wire/qvod/fixtures.ts';
import { encodeQvodHandshake, parseQvodHandshake } from '#wire/qvod/handshake.ts';
import { encodeMetafileRequest, encodeUnhave } from '#wire/qvod/messages.ts';
import { parseNamedInfo } from '#wire/qvod/seed.ts';
import { ClientConnection } from './client-connection.ts';
import { connectClient, socketStream, TestTask, turn } from './fixtures.ts';

const { content } = oneFileTorrent(5 * 32_768 + 9_000, 32_768);
const file = qvodFile(content, 32_768);
const infoHash = infoHashOf(file.hash);

function torrent(): Torrent {
  const meta = parseNamedInfo(file.info, infoHash);
  assert.ok(meta.kind === 'ok');
  return { meta: meta.value, content };
}

const settle = async (): Promise<void> => {
  for (let i = 0; i < 30; i++) await turn();
};

/** A strict Qvod client at the other end of a connection, as the entry listener would have recognised it. */
async function serve(prepare: (task: TestTask) => void) {
  const task = new TestTask(torrent());
  prepare(task);
  const [ours, theirs] = duplexPair();
  const into = new QvodDownload(file.hash);
  const leecher = new QvodLeecher(theirs, into);
  const head = await new Promise<Buffer>((resolve) => ours.once('data', resolve));
  const hands = parseQvodHandshake(head);
  assert.ok(hands.kind === 'ok');
  const early = head.subarray(HANDSHAKE_BYTES);
  const c = new ClientConnection(socketStream(ours as Duplex as Socket), hands.value, task, early, silentLog);
  await settle();
  return { task, leecher, into, c, ours };
}

test('a Qvod client that has only a link is given the seed file and every byte, and hears nothing but its dialect', async () => {
  const { leecher, into, c, ours } = await serve((task) => task.field.setAll());
  assert.match(leecher.answeredBy, /^QVOD0052[0-9A-F]{12}$/);
  assert.deepEqual(leecher.offences, []);
  assert.ok(into.complete && into.content().equals(content));
  assert.equal(c.servedBytes, content.length);
  assert.equal(c.clientName, 'QVOD0052');
  c.close('over');
  ours.destroy();
});

test('asked before the metainfo is known, the box answers when it comes, then tells of pieces as they land', async () => {
  const { task, leecher, into, c, ours } = await serve((t) => {
    t.knowsMetainfo = false;
  });
  assert.equal(into.shape, undefined);
  task.knowsMetainfo = true;
  c.metainfoKnown();
  await settle();
  assert.equal(into.pieceCount, 6);
  for (const piece of [2, 0, 5, 1, 4, 3]) {
    task.field.set(piece);
    c.announce(piece);
    await settle();
  }
  assert.deepEqual(leecher.offences, []);
  assert.ok(into.complete && into.content().equals(content));
  c.close('over');
  ours.destroy();
});

test('a lost piece is taken back; a piece that was never had is not answered, and nothing is rejected', async () => {
  const { leecher, c, ours } = await serve((task) => task.field.set(0));
  c.lost(0);
  leecher.say(6, 1, 0, 8_192);
  leecher.say(8, 1, 0, 8_192);
  await settle();
  assert.deepEqual(leecher.lost, [0]);
  assert.deepEqual(leecher.offences, []);
  c.close('over');
  ours.destroy();
});

test('BitTorrent’s words are not said to a Qvod client, nor Qvod’s to others', async () => {
  const plain = await connectClient(torrent(), { have: 'all', hands: { fast: false, extended: false } });
  plain.stream.take(true);
  plain.c.lost(1);
  await turn();
  assert.deepEqual(plain.stream.take(), []);
  plain.stream.data(encodeMetafileRequest(infoHash));
  await turn();
  assert.equal(plain.stream.destroyed, true, 'id 9 is PORT there, and that has another length');
  plain.c.close('over');
});

test('what a Qvod client has is believed until it says otherwise; seed files are given a few times', async () => {
  const hello = encodeQvodHandshake({ infoHash, peerId: Buffer.from('QVOD0052AAAAC11E4700') });
  const hands = { fast: false, extended: false, qvodHello: hello };
  const { c, stream, task } = await connectClient(torrent(), { have: [0], hands });
  const frames = (m: Message): Buffer => encodeMessage(m);
  stream.data(Buffer.concat([frames({ kind: 'bitfield', bits: Buffer.of(0b1110_0000) }), encodeUnhave(1)]));
  assert.deepEqual(
    [0, 1, 2, 3].map((piece) => c.pieces()?.has(piece)),
    [true, false, true, false],
  );
  stream.writes.splice(0);
  for (let i = 0; i < 10; i++) stream.data(encodeMetafileRequest(infoHash));
  stream.data(encodeMetafileRequest(infoHashOf(Buffer.alloc(20, 1))));
  await turn();
  const bytes = stream.writes.reduce((sum, b) => sum + b.length, 0);
  assert.ok(bytes < 5 * file.seed.length, `${bytes} bytes for ten requests`);
  stream.data(encodeUnhave(6));
  assert.match(task.closedWhy ?? '', /beyond the last/);
  assert.equal(decodeMessage(encodeUnhave(6)).kind, 'bad');
  c.close('over');
});

test('the loss of a piece counts although it comes before the metainfo', async () => {
  const hello = encodeQvodHandshake({ infoHash, peerId: Buffer.from('QVOD0052AAAAC11E4700') });
  const { c, stream, task } = await connectClient(torrent(), {
    metainfo: false,
    hands: { fast: false, extended: false, qvodHello: hello },
  });
  stream.data(encodeMessage({ kind: 'bitfield', bits: Buffer.of(0b1110_0000) }));
  stream.data(
    Buffer.concat([encodeMessage({ kind: 'have', piece: 4 }), encodeUnhave(4), encodeUnhave(1), encodeUnhave(99)]),
  );
  task.knowsMetainfo = true;
  c.metainfoKnown();
  assert.deepEqual(
    [0, 1, 2, 4].map((piece) => c.pieces()?.has(piece)),
    [true, false, true, false],
  );
  c.close('over');
});
