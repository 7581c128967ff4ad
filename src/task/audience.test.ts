import assert from 'node:assert/strict';
import { test } from 'node:test';
import { realClock } from '#base/clock.ts';
import { silentLog } from '#base/log.ts';
import { BLOCK_BYTES } from '#base/units.ts';
import { TestStream, turn } from '#client/fixtures.ts';
import { FakeStore } from '#store/fake-store.ts';
import { encodeExtendedHandshake } from '#wire/extended.ts';
import { FramedPiece } from '#wire/framed-piece.ts';
import { encodeMessage, type Message } from '#wire/frames.ts';
import { newPeerId } from '#wire/handshake.ts';
import { oneFileTorrent } from '#wire/made-torrent.ts';
import { shapeOf } from '#wire/piece-shape.ts';
import { Audience } from './audience.ts';
import { quietShelfWorld } from './fixtures.ts';
import { LIMITS } from './limits.ts';
import { PieceShelf } from './piece-shelf.ts';
import type { TorrentDemand } from './task-world.ts';

const PIECES = 64;
const small = oneFileTorrent(PIECES * BLOCK_BYTES, BLOCK_BYTES);

/** A task that has everything, on a disk with an arm, with memory for a few pieces. */
function setUp(t: { after(end: () => void): void }, known = true, torrent = small, demand?: TorrentDemand) {
  const store = new FakeStore(FramedPiece);
  store.seekMs = 8;
  store.memoryBytes = 8 * BLOCK_BYTES;
  const all = Buffer.alloc(torrent.meta.pieceCount / 8, 0xff);
  const { pieces } = store.diskOf(torrent.meta.infoHash);
  for (let piece = 0; piece < torrent.meta.pieceCount; piece++)
    pieces.set(piece, torrent.content.subarray(piece * BLOCK_BYTES, (piece + 1) * BLOCK_BYTES));
  const shelf = new PieceShelf(torrent.meta, all, store.task(shapeOf(torrent.meta)), quietShelfWorld);
  const world = { known };
  const audience = new Audience({
    clock: realClock,
    log: silentLog,
    loading: () => false,
    shelf: () => (world.known ? shelf : undefined),
    offerMetadata: () => {},
    lacksLayers: () => undefined,
    offerLayers: () => {},
    swarm: () => undefined,
    dhtNode: () => {},
    told: () => {},
    offerPeers: () => {},
    served: () => {},
    demand: () => demand,
    shunned: () => {},
    changed: () => {},
    neighbour: () => assert.fail('nothing is lacked here'),
    failed: (error) => assert.ifError(error),
  });
  t.after(() => {
    audience.letGo('the test is over');
    audience.close();
  });
  if (known) audience.metainfoKnown(torrent.meta.pieceCount);
  let clients = 0;
  const join = async (ip = `10.0.0.${++clients}`, extended = false): Promise<TestStream> => {
    const stream = new TestStream(ip);
    const hands = {
      infoHash: torrent.meta.infoHash,
      peerId: newPeerId(),
      extended,
      fast: true,
      dht: false,
      v2: false,
    };
    assert.equal(audience.join(stream, hands, Buffer.alloc(0)), undefined);
    await turn();
    return stream;
  };
  return { audience, shelf, world, join };
}

const haves = (messages: readonly Message[]): number[] => messages.flatMap((m) => (m.kind === 'have' ? [m.piece] : []));

test('the first client hears of everything at once, the second of a few pieces, and of the rest when it is alone', async (t) => {
  const { audience, join } = setUp(t);
  const first = await join();
  assert.deepEqual(
    first.take(true).map((m) => m.kind),
    ['have-all'],
  );
  const second = await join();
  const greeting = second.take(true);
  assert.equal(greeting[0]?.kind, 'have-none');
  assert.deepEqual(haves(greeting), [0, 1, 2, 3, 4, 5, 6, 7]);

  audience.tick();
  await turn();
  assert.deepEqual(second.take(), [], 'two are here, and it has enough to ask for');
  first.gone();
  audience.tick();
  await turn();
  assert.deepEqual(
    haves(second.take()),
    Array.from({ length: PIECES - 8 }, (_, i) => i + 8),
  );
});

test('a client that is given pieces hears of the next ones, and no request is needed twice', async (t) => {
  const { join } = setUp(t);
  await join();
  const second = await join();
  second.take(true);
  second.data(encodeMessage({ kind: 'interested' }));
  for (const piece of [4, 1, 7, 2])
    second.data(encodeMessage({ kind: 'request', piece, begin: 0, length: BLOCK_BYTES }));
  for (let i = 0; i < 5; i++) await turn();
  assert.deepEqual(haves(second.take()), [8, 9, 10, 11]);
});

test('a client that reads in order over two connections hears of everything', async (t) => {
  const { join } = setUp(t);
  await join();
  const streams = [await join('10.0.0.9'), await join('10.0.0.9')];
  const told = streams.map((stream) => haves(stream.take(true)).length);
  for (const stream of streams) stream.data(encodeMessage({ kind: 'interested' }));
  for (let piece = 0; piece < 24; piece++) {
    streams[piece % 2]?.data(encodeMessage({ kind: 'request', piece, begin: 0, length: BLOCK_BYTES }));
    for (let i = 0; i < 3; i++) await turn();
    for (const [i, stream] of streams.entries()) told[i] = (told[i] ?? 0) + haves(stream.take()).length;
  }
  assert.equal(told[0], PIECES);
});

test('what a client was told of and lacks stays, unless it can be told that it has gone; what has just come stays in any case', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { audience, join } = setUp(t);
  const stakes = (...pieces: number[]) => pieces.map(audience.stakes());
  assert.deepEqual(stakes(3), [0]);
  const hearing = await join(undefined, true);
  assert.deepEqual(stakes(3), [undefined], 'it has not said yet what it hears');
  const handshake = encodeExtendedHandshake({ ltDonthaveId: 7 });
  hearing.data(encodeMessage({ kind: 'extended', id: 0, payload: handshake }));
  hearing.data(encodeMessage({ kind: 'have', piece: 5 }));
  t.mock.timers.tick(2 * LIMITS.recountEveryMs);
  assert.deepEqual(stakes(3, 5), [1, 0]);
  audience.announce(3);
  assert.deepEqual(stakes(3), [undefined]);
  const told = haves((await join()).take(true));
  assert.ok(told.length > 0 && told.length < PIECES / 2, 'it is told step by step');
  for (let piece = 6; piece < PIECES; piece++) assert.deepEqual(stakes(piece), [told.includes(piece) ? undefined : 2]);
});

test('the memory cache is told how many clients lack a piece', async (t) => {
  const { shelf, join } = setUp(t);
  assert.equal(shelf.memory.wanted(3), 0);
  await join();
  const second = await join();
  assert.equal(shelf.memory.wanted(3), 2);
  second.gone();
  assert.equal(shelf.memory.wanted(3), 1);
});

test('a client with several connections is one client: it hears of everything on each, and lacks a piece once', async (t) => {
  const { audience, join } = setUp(t);
  for (let connection = 0; connection < 3; connection++) {
    const stream = await join('10.0.0.9');
    assert.equal(stream.take(true)[0]?.kind, 'have-all');
  }
  assert.equal(audience.lackOf(3), 1);
  assert.equal(audience.lacking, 1);
});

test('clients that were here before the metainfo are counted once: one of them alone hears of everything, two step by step', async (t) => {
  for (const count of [1, 2]) {
    const { audience, world, join } = setUp(t, false);
    const streams: TestStream[] = [];
    for (let i = 0; i < count; i++) streams.push(await join());
    for (const stream of streams) stream.take(true);
    world.known = true;
    audience.metainfoKnown(PIECES);
    await turn();
    const told = streams.map((stream) => haves(stream.take()).length);
    assert.deepEqual(told, count === 1 ? [PIECES] : [8, 8]);
  }
});

test('of a hall of clients of a large torrent, whoever comes counts at once, and whoever leaves soon', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const large = oneFileTorrent(4_096 * BLOCK_BYTES, BLOCK_BYTES);
  const { audience, join } = setUp(t, true, large);
  const enough = Math.ceil(LIMITS.recountAtOnce / large.meta.pieceCount) + 5;
  const streams: TestStream[] = [];
  while (streams.length < enough) {
    streams.push(await join());
    assert.equal(audience.lackOf(4_095), streams.length);
  }
  streams.pop()?.gone();
  assert.equal(audience.size, enough - 1);
  t.mock.timers.tick(LIMITS.recountEveryMs);
  assert.equal(audience.lackOf(4_095), enough - 1);
});

test('what clients ask for, are given, and what came in for them is told; what was found on the disk did not come in', async (t) => {
  const told: unknown[] = [];
  const { audience, shelf, join } = setUp(t, true, small, {
    asked: (...what) => told.push(['asked', ...what]),
    served: (...what) => told.push(['served', ...what]),
    fetched: (...what) => told.push(['fetched', ...what]),
  });
  const piece = FramedPiece.allocate(4, BLOCK_BYTES);
  piece.putBlock(0, small.content.subarray(4 * BLOCK_BYTES, 5 * BLOCK_BYTES));
  assert.equal(await shelf.accept(piece), 'ok');
  const client = await join();
  const { ip } = client.remote;
  client.data(encodeMessage({ kind: 'interested' }));
  client.data(encodeMessage({ kind: 'request', piece: 4, begin: 0, length: BLOCK_BYTES }));
  for (let i = 0; i < 5; i++) await turn();
  audience.announce(7);
  audience.announce(8, true);
  assert.deepEqual(told, [
    ['asked', ip, 4, 0],
    ['served', ip, BLOCK_BYTES],
    ['fetched', BLOCK_BYTES],
  ]);
});
