import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Bitfield } from '#base/bitfield.ts';
import { type Clock, realClock } from '#base/clock.ts';
import { type LogLine, logTo, silentLog } from '#base/log.ts';
import { BLOCK_BYTES, type InfoHash } from '#base/units.ts';
import { TestStream } from '#client/fixtures.ts';
import { Index } from '#index/index.ts';
import { Store } from '#store/store.ts';
import { encodeExtendedHandshake } from '#wire/extended.ts';
import { FramedPiece } from '#wire/framed-piece.ts';
import { encodeMessage } from '#wire/frames.ts';
import { newPeerId } from '#wire/handshake.ts';
import { oneFileTorrent } from '#wire/made-torrent.ts';
import type { Metainfo } from '#wire/metainfo.ts';
import { shapeOf } from '#wire/piece-shape.ts';
import { nobodyThere, openToAll, pieceOf } from './fixtures.ts';
import { keepMetainfo } from './kept-metainfo.ts';
import { Manager } from './manager.ts';
import { Scrubber } from './scrubber.ts';

/** Nobody waits longer than a moment. */
const hasty: Clock = { ...realClock, sleep: (ms, signal) => realClock.sleep(Math.min(ms, 1), signal) };
/** Under which the client wants to hear of lost pieces (BEP 54). */
const DONT_HAVE = 9;

/** A house over two disks. */
async function house(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'swarmbox-scrub-'));
  const disks = ['a', 'b'].map((name) => join(folder, name));
  for (const path of disks) mkdirSync(path);
  const index = Index.open(join(folder, 'index.db'), silentLog);
  const config = {
    disks: disks.map((path) => ({ path })),
    probeBytes: 0,
    cacheBytes: 1 << 20,
    floorBytes: 0,
    hashWorkers: 1,
  };
  const store = await Store.open<FramedPiece>(config, FramedPiece, silentLog);
  const manager = new Manager(openToAll, { ...nobodyThere(), store, index }, silentLog);
  t.after(async () => {
    await manager.close();
    await store.close();
    index.close();
    rmSync(folder, { recursive: true });
  });
  return { folder, index, store, manager };
}

type House = Awaited<ReturnType<typeof house>>;

/** A torrent of four pieces that lies on a disk whole. Added so long ago that its turn has come. */
async function put({ store, index }: House, lastBytes: number): Promise<Metainfo> {
  const torrent = oneFileTorrent(6 * BLOCK_BYTES + lastBytes, 2 * BLOCK_BYTES);
  const { meta } = torrent;
  const have = new Bitfield(meta.pieceCount);
  for (let piece = 0; piece < meta.pieceCount; piece++) {
    assert.equal((await store.task(shapeOf(meta)).accept(pieceOf(torrent, piece))).kind, 'durable');
    have.set(piece);
  }
  await store.task(shapeOf(meta)).writeMetainfo(meta.infoBytes);
  index.putTask({ infoHash: meta.infoHash, addedAtMs: 1 });
  keepMetainfo(index, meta, true);
  index.setHave(meta.infoHash, have.bytes);
  return meta;
}

async function flipBit({ store }: House, { infoHash, pieceLength }: Metainfo, piece: number): Promise<void> {
  const path = join(store.home(infoHash) as string, 'swarmbox', infoHash, 'segment-00000');
  const file = await open(path, 'r+');
  const byte = Buffer.alloc(1);
  await file.read(byte, 0, 1, piece * pieceLength + 100);
  byte[0] = (byte[0] as number) ^ 0x10;
  await file.write(byte, 0, 1, piece * pieceLength + 100);
  await file.close();
}

function joinAs(manager: Manager, infoHash: InfoHash): TestStream {
  const stream = new TestStream();
  const claim = manager.claim({
    client: { ip: '192.168.1.5', port: 40_000 },
    endpoint: { ip: '203.0.113.1', port: 6881 },
    handshake: { infoHash, peerId: newPeerId(), extended: true, fast: true, dht: false, v2: false },
    early: Buffer.alloc(0),
    stream,
  });
  assert.equal(claim.kind, 'taken');
  return stream;
}

async function until(what: string, isTrue: () => boolean): Promise<void> {
  for (let i = 0; i < 1_000; i++) {
    if (isTrue()) return;
    await sleep(10);
  }
  assert.fail(`not in ten seconds: ${what}`);
}

test('a bit that flips on a disk is found at rest and in use, and every other piece is left as it is', async (t) => {
  const box = await house(t);
  const { index, store, manager } = box;
  const resting = [await put(box, 1), await put(box, 2), await put(box, 3)] as const;
  const used = await put(box, 4);
  await flipBit(box, resting[1], 2);
  await flipBit(box, used, 1);
  const client = joinAs(manager, used.infoHash);
  await until('the client is greeted', () => manager.views()[0]?.pieces === 4 && client.writes.length > 0);
  const hello = encodeExtendedHandshake({ ltDonthaveId: DONT_HAVE });
  client.data(encodeMessage({ kind: 'extended', id: 0, payload: hello }));
  const before = store.stats().cacheBytes;
  const lines: LogLine[] = [];
  const scrubber = new Scrubber(
    10_000,
    { clock: hasty, index, store, living: (infoHash) => manager.living(infoHash) },
    logTo((line) => lines.push(line)),
  );
  const views = () => store.disks().map(({ path }) => scrubber.view(path));
  await until('all have been read', () => views().reduce((sum, view) => sum + (view?.piecesRead ?? 0), 0) === 16);
  await until('both have come to their end', () => views().every((view) => view?.lastPassEndedMs));
  await scrubber.close();
  assert.deepEqual(
    new Set(lines.map(({ event, fields }) => `${event} ${fields.infoHash} ${fields.piece} ${fields.disk}`)),
    new Set([
      `piece-rotted ${resting[1].infoHash} 2 ${store.home(resting[1].infoHash)}`,
      `piece-rotted ${used.infoHash} 1 ${store.home(used.infoHash)}`,
    ]),
  );
  assert.equal(store.stats().cacheBytes, before, 'the memory is the clients’');
  assert.equal(manager.views().length, 1, 'nobody was woken');
  const [view] = manager.views();
  assert.equal(view?.pieces, 3);
  const told = encodeMessage({ kind: 'extended', id: DONT_HAVE, payload: Buffer.from([0, 0, 0, 1]) });
  assert.ok(Buffer.concat(client.writes).includes(told));
  await manager.close();
  const bits = (meta: Metainfo) => index.task(meta.infoHash)?.have?.[0];
  assert.deepEqual(resting.map(bits), [0b1111_0000, 0b1101_0000, 0b1111_0000]);
  assert.equal(bits(used), 0b1011_0000);
});
