/** Pieces of a small memory, lent to slow sockets while their memory is used again for others: no reader ever gets another's bytes. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import net, { type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorCode } from '#base/errors.ts';
import { silentLog } from '#base/log.ts';
import { BLOCK_BYTES, type PieceIndex } from '#base/units.ts';
import { FlowStream } from '#entry/flow-stream.ts';
import { Store } from '#store/store.ts';
import { quietShelfWorld } from '#task/fixtures.ts';
import { PieceShelf } from '#task/piece-shelf.ts';
import { FramedPiece, PIECE_HEADER_BYTES } from '#wire/framed-piece.ts';
import { oneFileTorrent } from '#wire/made-torrent.ts';
import { shapeOf } from '#wire/piece-shape.ts';

const BLOCKS = 16;
const PIECES = 48;
const torrent = oneFileTorrent(PIECES * BLOCKS * BLOCK_BYTES, BLOCKS * BLOCK_BYTES);
const READERS = 4;
const ASKED_OF_EACH = 60;
/** In memory at once. */
const KEPT = 3;
/** In one answer. */
const BLOCKS_OF_EACH = 12;

function pieceOf(index: PieceIndex): FramedPiece {
  const piece = FramedPiece.allocate(index, BLOCKS * BLOCK_BYTES);
  for (let block = 0; block < BLOCKS; block++) {
    const at = (index * BLOCKS + block) * BLOCK_BYTES;
    piece.putBlock(block * BLOCK_BYTES, torrent.content.subarray(at, at + BLOCK_BYTES));
  }
  return piece;
}

/** A shelf with all pieces on a disk of its own, and how often a piece's memory became another's. */
async function stocked(t: TestContext) {
  const dir = await mkdtemp(join(tmpdir(), 'swarmbox-lent-'));
  const reused = { times: 0 };
  const maker = {
    allocate: FramedPiece.allocate,
    adopt: FramedPiece.adopt,
    discard: (piece: FramedPiece) => {
      reused.times++;
      FramedPiece.discard(piece);
    },
  };
  const cacheBytes = KEPT * FramedPiece.memoryBytes(BLOCKS * BLOCK_BYTES);
  const config = { disks: [{ path: dir }], probeBytes: 0, cacheBytes, floorBytes: 0, hashWorkers: 1 };
  const store = await Store.open(config, maker, silentLog);
  t.after(async () => {
    await store.close();
    await rm(dir, { recursive: true });
  });
  const shelf = new PieceShelf(torrent.meta, undefined, store.task(shapeOf(torrent.meta)), quietShelfWorld);
  for (let index = 0; index < PIECES; index++) assert.equal(await shelf.accept(pieceOf(index)), 'ok');
  reused.times = 0;
  return { shelf, reused };
}

/** Two ends of a loopback connection whose reading end takes its time. */
async function connection(t: TestContext): Promise<{ stream: FlowStream; reader: Socket }> {
  const server = net.createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const reader = net.connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [socket] = (await once(server, 'connection')) as [Socket];
  server.close();
  for (const end of [socket, reader]) end.on('error', () => {});
  t.after(() => {
    socket.destroy();
    reader.destroy();
  });
  const stream = new FlowStream(socket, { ip: '127.0.0.1', port: 1 }, undefined, { upBytes: 0, downBytes: 0 });
  return { stream, reader };
}

/** Compares what comes with the torrent; the blocks that came whole. */
async function check(reader: Socket): Promise<number> {
  let blocks = 0;
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of reader) {
    rest = Buffer.concat([rest, chunk as Buffer]);
    for (; rest.length >= PIECE_HEADER_BYTES + BLOCK_BYTES; blocks++) {
      const at = rest.readUInt32BE(5) * BLOCKS * BLOCK_BYTES + rest.readUInt32BE(9);
      const data = rest.subarray(PIECE_HEADER_BYTES, PIECE_HEADER_BYTES + BLOCK_BYTES);
      assert.ok(data.equals(torrent.content.subarray(at, at + BLOCK_BYTES)), `block ${blocks} is not what it says`);
      rest = rest.subarray(PIECE_HEADER_BYTES + BLOCK_BYTES);
    }
    if (blocks % 7 === 0) await sleep(2);
  }
  return blocks;
}

async function ask(shelf: PieceShelf, stream: FlowStream, times: number): Promise<void> {
  let drained = Promise.withResolvers<void>();
  let gone = false;
  stream.onDrain(() => drained.resolve());
  stream.onClose(() => {
    gone = true;
    drained.resolve();
  });
  for (let i = 0; i < times && !gone; i++) {
    const first = Math.floor(Math.random() * (BLOCKS - BLOCKS_OF_EACH));
    const index = Math.floor(Math.random() * PIECES);
    const lent = await shelf.block(index, first * BLOCK_BYTES, BLOCKS_OF_EACH * BLOCK_BYTES, false);
    assert.ok(lent, 'all is had');
    drained = Promise.withResolvers();
    if (!stream.write(lent.parts, lent.done) && !gone) await drained.promise;
  }
  stream.end();
}

test('no reader gets bytes of a piece that took the place of its own', { timeout: 60_000 }, async (t) => {
  const { shelf, reused } = await stocked(t);
  const run = async (times: number, from: Promise<unknown>, until = Number.POSITIVE_INFINITY): Promise<number> => {
    const { stream, reader } = await connection(t);
    const asking = ask(shelf, stream, times);
    await from;
    if (until < Number.POSITIVE_INFINITY) setTimeout(() => reader.destroy(), until);
    const checking = check(reader).catch((error: unknown) =>
      reader.destroyed && errorCode(error) ? 0 : Promise.reject(error),
    );
    const [blocks] = await Promise.all([checking, asking]);
    return blocks;
  };
  const soon = Array.from({ length: READERS }, () => run(ASKED_OF_EACH, Promise.resolve()));
  const fickle = Array.from({ length: READERS }, () => run(ASKED_OF_EACH, sleep(50), 60));
  // What waits for them is more than the kernel takes: the rest lies in the memory of pieces that are forgotten meanwhile.
  const late = Array.from({ length: READERS }, () => run(ASKED_OF_EACH, Promise.all([...soon, ...fickle])));
  for (const blocks of await Promise.all([...soon, ...late])) assert.equal(blocks, BLOCKS_OF_EACH * ASKED_OF_EACH);
  assert.ok(reused.times > READERS * ASKED_OF_EACH * 0.3, `memory was used again ${reused.times} times`);
});
