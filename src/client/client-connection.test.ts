import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Clock } from '#base/clock.ts';
import { BLOCK_BYTES } from '#base/units.ts';
import {
  encodeExtendedHandshake,
  encodeMetadata,
  metadataPiece,
  parseExtendedHandshake,
  parseMetadata,
} from '#wire/extended.ts';
import { encodeMessage, type Message } from '#wire/frames.ts';
import { parseHandshake } from '#wire/handshake.ts';
import { oneFileTorrent } from '#wire/made-torrent.ts';
import { encodePex } from '#wire/pex.ts';
import { blockRequest, connecting, HandClock, type Setup, turn } from './fixtures.ts';

const torrent = oneFileTorrent(3 * 8 * BLOCK_BYTES + 777, 8 * BLOCK_BYTES);

const connect = connecting(torrent);
const kinds = (messages: Message[]): string[] => messages.map((m) => m.kind);

test('the greeting says what the task has, in the words both sides know', async () => {
  const first = async (s: Setup): Promise<string[]> => kinds((await connect(s)).stream.take(true));
  assert.deepEqual(await first({ have: 'all' }), ['have-all', 'extended']);
  assert.deepEqual(await first({ have: [1] }), ['bitfield', 'extended']);
  assert.deepEqual(await first({}), ['have-none', 'extended']);
  assert.deepEqual(await first({ metainfo: false }), ['have-none', 'extended']);
  assert.deepEqual(await first({ have: 'all', hands: { fast: false } }), ['bitfield', 'extended']);
  assert.deepEqual(await first({ hands: { fast: false, extended: false } }), []);
});

test('a client is as warm as what it was last given, not as what it last asked for', async () => {
  const clock = new HandClock();
  const { c, say } = await connect({ have: [0], clock });
  await clock.pass(1_000);
  assert.equal(c.tookAtMs, 0, 'when it came');
  await say({ kind: 'interested' }, blockRequest(1, 0));
  assert.equal(c.tookAtMs, 0, 'it was given nothing');
  await say(blockRequest(0, 0));
  assert.equal(c.tookAtMs, 1_000);
});

test('a client is unchoked when interested, told of pieces as they land, and served them byte for byte', async () => {
  const { task, stream, c, say } = await connect();
  stream.take(true);
  task.field.set(3);
  c.announce(3);
  await turn();
  assert.deepEqual(stream.take(), [{ kind: 'have', piece: 3 }]);
  await say({ kind: 'interested' });
  assert.equal(c.interested, true);
  assert.deepEqual(kinds(stream.take()), ['unchoke']);
  await say(blockRequest(3, 0, 777));
  const [piece] = stream.take();
  assert.ok(piece?.kind === 'piece');
  assert.ok(piece.data.equals(torrent.content.subarray(3 * 8 * BLOCK_BYTES)));
  assert.equal(c.servedBytes, 777);
  assert.equal(task.servedBytes, 777);
});

test('consecutive requests are one run and one write; what lies apart is not', async () => {
  const { task, stream, say } = await connect({ have: 'all' });
  await say({ kind: 'interested' });
  stream.take(true);
  await say(
    blockRequest(0, 2),
    blockRequest(0, 3),
    blockRequest(0, 4),
    blockRequest(0, 6),
    blockRequest(1, 7),
    blockRequest(2, 0),
  );
  assert.deepEqual(
    task.blocks.map((b) => [b.piece, b.begin / BLOCK_BYTES, b.length / BLOCK_BYTES, b.asOne]),
    [
      [0, 2, 3, false],
      [0, 6, 1, true],
      [1, 7, 1, true],
      [2, 0, 1, true],
    ],
  );
  assert.equal(stream.writes.length, 1);
  assert.deepEqual(kinds(stream.take()), Array(6).fill('piece'));
});

test('a request that is not of one block is answered by one message', async () => {
  const { stream, say } = await connect({ have: 'all' });
  await say({ kind: 'interested' });
  stream.take(true);
  await say({ kind: 'request', piece: 0, begin: 5, length: 40_000 }, blockRequest(0, 0, 2 * BLOCK_BYTES));
  const [odd, two] = stream.take();
  assert.ok(odd?.kind === 'piece' && odd.data.equals(torrent.content.subarray(5, 40_005)));
  assert.ok(two?.kind === 'piece' && two.data.length === 2 * BLOCK_BYTES);
});

test('what cannot be served is rejected, or left unanswered for a client without the word', async () => {
  for (const fast of [true, false]) {
    const { task, stream, c, say } = await connect({ have: [0], hands: { fast } });
    stream.take(true);
    await say(blockRequest(0, 0));
    await say({ kind: 'interested' }, blockRequest(1, 0));
    task.reads = 'never';
    await say(blockRequest(0, 0), blockRequest(0, 1));
    await turn();
    task.reads = 'fail';
    await say(blockRequest(0, 5));
    await turn();
    const seen = kinds(stream.take());
    assert.deepEqual(seen, fast ? ['reject', 'unchoke', 'reject', 'reject', 'reject', 'reject'] : ['unchoke']);
    assert.equal(stream.destroyed, false);
    assert.equal(c.servedBytes, 0);
  }
});

test('a client that does not read costs a bounded number of bytes, and goes on when it reads', async () => {
  const unsentBytes = 4 * BLOCK_BYTES;
  const { task, stream, say } = await connect({ have: 'all', limits: { unsentBytes, requests: 20 } });
  await say({ kind: 'interested' });
  stream.take(true);
  stream.accepts = false;
  const asked = [0, 1, 2].flatMap((piece) => [0, 1, 2, 3, 4, 5, 6, 7].map((b) => blockRequest(piece, b)));
  await say(...asked.slice(0, 12));
  await say(...asked.slice(12, 20));
  await turn();
  const written = stream.writes.reduce((sum, b) => sum + b.length, 0);
  assert.ok(written <= unsentBytes + 4 * 13, `${written} bytes`);
  assert.equal(stream.paused, true);
  task.reads = 'later';
  let seen = stream.take().length;
  for (let i = 0; i < 40 && seen < 20; i++) {
    stream.drain();
    await turn();
    const now = stream.take();
    assert.ok(now.length <= 4);
    seen += now.length;
  }
  assert.equal(seen, 20);
  assert.equal(stream.paused, false);
});

test('a cancelled request is not read, and is answered by a reject', async () => {
  const { task, stream, say } = await connect({ have: 'all' });
  await say({ kind: 'interested' });
  stream.take(true);
  stream.accepts = false;
  await say(blockRequest(0, 0));
  await say(blockRequest(1, 0), blockRequest(1, 5));
  await say({ kind: 'cancel', piece: 1, begin: 0, length: BLOCK_BYTES });
  stream.accepts = true;
  stream.drain();
  await turn();
  assert.deepEqual(kinds(stream.take()), ['piece', 'reject', 'piece']);
  assert.equal(task.blocks.length, 2);
});

test('what a client has is understood whenever the metainfo comes', async () => {
  const bits = Buffer.of(0b0110_0000);
  const { task, stream, c, say } = await connect({ metainfo: false });
  await say({ kind: 'bitfield', bits }, { kind: 'have', piece: 3 });
  assert.equal(c.pieces(), undefined);
  stream.take(true);
  task.knowsMetainfo = true;
  task.field.set(0);
  task.field.set(1);
  c.metainfoKnown();
  await turn();
  assert.deepEqual(
    [0, 1, 2, 3].map((i) => c.pieces()?.has(i)),
    [false, true, true, true],
  );
  const said = stream.take();
  assert.deepEqual(kinds(said), ['extended', 'have']);
  assert.deepEqual(said[1], { kind: 'have', piece: 0 }, 'what the client has too is not worth a word');

  const wrong = await connect({ metainfo: false });
  await wrong.say({ kind: 'bitfield', bits: Buffer.of(0b0110_0001) });
  wrong.task.knowsMetainfo = true;
  wrong.c.metainfoKnown();
  assert.match(wrong.task.closedWhy ?? '', /bitfield/);
});

test('the client gives its metainfo when the task has none, and gets it when it has none', async () => {
  const info = torrent.meta.infoBytes;
  const { task, stream, c, say } = await connect({ metainfo: false });
  stream.take(true);
  const payload = encodeExtendedHandshake({ utMetadataId: 7, metadataSize: info.length, client: 'Some Client 1' });
  await say({ kind: 'extended', id: 0, payload });
  assert.equal(c.clientName, 'Some Client 1');
  const [asked] = stream.take();
  assert.ok(asked?.kind === 'extended' && asked.id === 7);
  assert.deepEqual(parseMetadata(asked.payload), { kind: 'ok', value: { kind: 'request', piece: 0 } });
  const data = metadataPiece(info, 0);
  assert.ok(data);
  await say({ kind: 'extended', id: 1, payload: encodeMetadata(data) });
  assert.ok(task.offered?.equals(info));

  const other = await connect();
  other.stream.take(true);
  await other.say({ kind: 'extended', id: 0, payload: encodeExtendedHandshake({ utMetadataId: 3 }) });
  for (const piece of [0, 9])
    await other.say({ kind: 'extended', id: 1, payload: encodeMetadata({ kind: 'request', piece }) });
  const answers = other.stream.take().map((m) => m.kind === 'extended' && parseMetadata(m.payload));
  assert.ok(answers[0] && answers[0].kind === 'ok' && answers[0].value.kind === 'data');
  assert.ok(answers[0].value.data.equals(info));
  assert.ok(answers[1] && answers[1].kind === 'ok' && answers[1].value.kind === 'reject');
});

test('a client that knows the word is told of a lost piece (BEP 54), and tells of its own', async () => {
  for (const ltDonthaveId of [9, undefined]) {
    const { stream, c, say, task } = await connect({ have: [0, 1] });
    stream.take(true);
    await say({ kind: 'extended', id: 0, payload: encodeExtendedHandshake({ ...(ltDonthaveId && { ltDonthaveId }) }) });
    await say({ kind: 'interested' });
    stream.take();
    task.field.clear(1);
    c.lost(1);
    await turn();
    const told = { kind: 'extended', id: 9, payload: Buffer.of(0, 0, 0, 1) };
    assert.deepEqual(stream.take(), ltDonthaveId ? [told] : []);
    await say(blockRequest(1, 0));
    assert.deepEqual(kinds(stream.take()), ['reject'], 'one answer either way');
    task.field.set(1);
    c.announce(1);
    await turn();
    assert.deepEqual(stream.take(), [{ kind: 'have', piece: 1 }], 'it is had again');
    await say({ kind: 'have', piece: 2 });
    assert.equal(c.pieces()?.has(2), true);
    await say({ kind: 'extended', id: 3, payload: Buffer.of(0, 0, 0, 2) });
    assert.equal(c.pieces()?.has(2), false);
  }
});

test('peers are exchanged only where the torrent is known not to be private (BEP 11, 27)', async () => {
  const endpoint = { ip: '203.0.113.7', port: 6881 };
  for (const peers of [[], 'private'] as const) {
    const { stream, task, say } = await connect({ peers: peers === 'private' ? peers : [] });
    const shaken = stream.take(true).find((m) => m.kind === 'extended');
    const read = shaken?.kind === 'extended' ? parseExtendedHandshake(shaken.payload) : assert.fail();
    const id = read.kind === 'ok' ? read.value.utPexId : assert.fail();
    assert.equal(id === undefined, peers === 'private');
    await say({ kind: 'extended', id: id ?? 2, payload: encodePex({ added: [{ endpoint, flags: 0 }], dropped: [] }) });
    assert.deepEqual(task.heardOf, peers === 'private' ? [] : [endpoint]);
  }
});

test('peer exchange is offered at the first greeting or never; what is said before the torrent is known to be public is not heeded', async () => {
  const offers = (said: Message[]): boolean[] =>
    said.flatMap((m) => {
      const read = m.kind === 'extended' && m.id === 0 ? parseExtendedHandshake(m.payload) : undefined;
      return read?.kind === 'ok' ? [read.value.utPexId !== undefined] : [];
    });
  const endpoint = { ip: '203.0.113.7', port: 6881 };
  const pex = encodePex({ added: [{ endpoint, flags: 0 }], dropped: [] });
  for (const isPublic of [true, false]) {
    const { stream, task, c, say } = await connect({ metainfo: false, peers: 'private' });
    assert.deepEqual(offers(stream.take(true)), [true], 'it is not known yet');
    await say({ kind: 'extended', id: 2, payload: pex });
    assert.deepEqual(task.heardOf, []);
    task.knowsMetainfo = true;
    if (isPublic) task.peers = [];
    c.metainfoKnown();
    await turn();
    assert.deepEqual(offers(stream.take()), [isPublic]);
    await say({ kind: 'extended', id: 2, payload: pex });
    assert.deepEqual(task.heardOf, isPublic ? [endpoint] : []);
  }
});

test('a client is asked for its DHT node, once, where the torrent is known not to be private (BEP 5, 27)', async () => {
  for (const peers of ['private', 'public'] as const) {
    const { stream, task, say } = await connect({ peers: peers === 'private' ? peers : [] });
    const hands = parseHandshake(Buffer.concat(stream.writes));
    assert.equal(hands.kind === 'ok' && hands.value.dht, peers === 'public');
    await say({ kind: 'port', port: 0 }, { kind: 'port', port: 6881 });
    await say({ kind: 'port', port: 6882 });
    assert.deepEqual(task.dhtNodes, [], 'the first word counts');
  }
  const { stream, task, say } = await connect();
  await say({ kind: 'port', port: 6881 }, { kind: 'port', port: 6882 });
  assert.deepEqual(task.dhtNodes, [{ ip: stream.remote.ip, port: 6881 }]);
});

test('bytes that came with the handshake are read after the caller had its turn', async () => {
  const { task, c } = await connect({ early: encodeMessage({ kind: 'interested' }) });
  assert.deepEqual(task.changes, ['interest']);
  assert.equal(c.interested, true);
});

test('the last piece but one is not held back for ever', async () => {
  let nowMs = 0;
  let wake = (): void => {};
  const clock: Clock = {
    nowMs: () => nowMs,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        wake = () => {
          nowMs += ms;
          resolve();
        };
        signal.addEventListener('abort', () => reject(signal.reason));
      }),
  };
  const { task, stream, c } = await connect({ have: [0, 1], clock });
  stream.take(true);
  task.field.set(2);
  c.announce(2);
  await turn();
  assert.deepEqual(stream.take(), []);
  for (let i = 0; i < 30; i++) {
    wake();
    await turn();
  }
  assert.deepEqual(
    stream.take().filter((m) => m.kind === 'have'),
    [{ kind: 'have', piece: 2 }],
  );
});

test('a silent client is let go after three minutes; before that it gets a keep-alive', async () => {
  let nowMs = 0;
  let wake: (() => void) | undefined;
  const clock: Clock = {
    nowMs: () => nowMs,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        wake = () => {
          nowMs += ms;
          resolve();
        };
        signal.addEventListener('abort', () => reject(signal.reason));
      }),
  };
  const { task, stream } = await connect({ clock });
  stream.take(true);
  let alive = 0;
  for (let i = 0; i < 100 && task.closedWhy === undefined; i++) {
    wake?.();
    await turn();
    alive += stream.take().filter((m) => m.kind === 'keep-alive').length;
  }
  assert.equal(task.closedWhy, 'silent for too long');
  assert.equal(nowMs, 180_000);
  assert.equal(alive, 1);
});

test('what was lent is given back when the socket is done with it, and no answer twice', async () => {
  const { task, stream, c, say } = await connect({ have: 'all' });
  await say({ kind: 'interested' }, blockRequest(0, 0), blockRequest(0, 1), blockRequest(1, 3));
  const answered = task.blocks.length;
  assert.deepEqual([answered > 0, task.done], [true, answered]);
  stream.accepts = false;
  await say(blockRequest(2, 0));
  assert.equal(task.done, answered, 'it is still being sent');
  for (const sent of stream.unsent) sent();
  assert.equal(task.done, answered + 1);
  task.reads = 'later';
  stream.accepts = true;
  stream.drain();
  await say(blockRequest(2, 1));
  c.close('it leaves while the disk reads');
  await turn();
  await turn();
  assert.equal(task.done, answered + 2);
});

test('a block counts as served when the kernel has taken it, and not when its client left before', async () => {
  const { task, stream, c, say } = await connect({ have: 'all' });
  stream.accepts = false;
  await say({ kind: 'interested' });
  for (const taken of stream.untaken.splice(0)) taken();
  stream.drain();
  await turn();
  await say(blockRequest(0, 0));
  assert.deepEqual([c.servedBytes, task.servedBytes], [0, 0], 'it waits in the process');
  for (const taken of stream.untaken.splice(0)) taken();
  assert.deepEqual([c.servedBytes, task.servedBytes], [BLOCK_BYTES, BLOCK_BYTES]);
  await say(blockRequest(0, 1));
  c.close('it leaves');
  await turn();
  assert.equal(task.servedBytes, BLOCK_BYTES);
});
