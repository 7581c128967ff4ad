import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { duplexPair } from 'node:stream';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Bitfield } from '#base/bitfield.ts';
import { silentLog } from '#base/log.ts';
import { BLOCK_BYTES, type InfoHash } from '#base/units.ts';
import { TestStream } from '#client/fixtures.ts';
import { FakeSeed } from '#downloader/fake-seed.ts';
import { Index } from '#index/index.ts';
import { Store } from '#store/store.ts';
import { encode } from '#wire/bencode.ts';
import { FramedPiece } from '#wire/framed-piece.ts';
import { encodeMessage } from '#wire/frames.ts';
import { newPeerId } from '#wire/handshake.ts';
import { type Content, madeTorrent } from '#wire/made-torrent.ts';
import { type Metainfo, parseMetainfo } from '#wire/metainfo.ts';
import { layersOf } from '#wire/piece-layers.ts';
import { shapeOf } from '#wire/piece-shape.ts';
import { nobodyThere, openToAll } from './fixtures.ts';
import { keepMetainfo } from './kept-metainfo.ts';
import { type Arriving, Manager } from './manager.ts';

type Torrent = { meta: Metainfo; content: Buffer };

function torrentOf(version: 'hybrid' | 'v2', content: Content, pieceLength: number): Torrent {
  const { torrentFile, stream } = madeTorrent(version, content, pieceLength);
  const parsed = parseMetainfo(torrentFile);
  if (parsed.kind === 'bad') assert.fail(parsed.why);
  return { meta: parsed.value, content: stream };
}

const withoutLayers = ({ meta }: Torrent): Metainfo => ({ ...meta, pieceRoots: undefined });

/** A house over a folder; `seeds`: who answers on which port. */
async function house(t: TestContext, dataDir: string, seeds: Record<number, Torrent> = {}, allow?: InfoHash[]) {
  const index = Index.open(join(dataDir, 'index.db'), silentLog);
  const config = { disks: [{ path: dataDir }], probeBytes: 0, cacheBytes: 1 << 20, floorBytes: 0, hashWorkers: 1 };
  const store = await Store.open<FramedPiece>(config, FramedPiece, silentLog);
  const known: InfoHash[] = [];
  const dialled: FakeSeed[] = [];
  const manager = new Manager(
    { ...openToAll, allow },
    {
      ...nobodyThere(),
      store,
      index,
      dial: async ({ endpoint }) => {
        const torrent = seeds[endpoint.port];
        if (!torrent) throw new Error('nobody listens');
        const [ours, theirs] = duplexPair();
        ours.on('close', () => theirs.destroy());
        theirs.on('close', () => ours.destroy());
        dialled.push(new FakeSeed(theirs, torrent, { metadata: true }));
        return ours;
      },
      know: (infoHash) => void known.push(infoHash),
    },
    silentLog,
  );
  let isOpen = true;
  const close = async () => {
    if (!isOpen) return;
    isOpen = false;
    await manager.close();
    await store.close();
    index.close();
  };
  t.after(close);
  return { manager, index, store, known, dialled, close };
}

function folderFor(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'two-names-'));
  t.after(() => rmSync(dir, { recursive: true }));
  return dir;
}

function arriving(infoHash: InfoHash, port = 6881): Arriving & { stream: TestStream } {
  return {
    client: { ip: '192.168.1.5', port: 40_000 },
    endpoint: { ip: '203.0.113.1', port },
    handshake: { infoHash, peerId: newPeerId(), extended: true, fast: true, dht: false, v2: false },
    early: Buffer.alloc(0),
    stream: new TestStream(),
  };
}

async function until(what: string, isTrue: () => boolean): Promise<void> {
  for (let i = 0; i < 500; i++) {
    if (isTrue()) return;
    await sleep(10);
  }
  assert.fail(`not within 5 s: ${what}`);
}

const saidId = (stream: TestStream): string => Buffer.concat(stream.writes).toString('hex', 28, 48);
const file = (name: string, length: number) => ({ path: [name], bytes: randomBytes(length) });

test('a hybrid asked for by either name is one task, and each client is answered by the name it used', async (t) => {
  const hybrid = torrentOf('hybrid', [file('a', 70_000), file('b', 9)], 2 * BLOCK_BYTES);
  const [v1, v2] = hybrid.meta.ids as [InfoHash, InfoHash];
  const { manager, index, known } = await house(t, folderFor(t), { 6881: hybrid });
  const first = arriving(v1);
  assert.deepEqual(manager.claim(first), { kind: 'taken' });
  await until('complete', () => manager.views()[0]?.state === 'complete');
  assert.deepEqual([index.task(v1)?.infoHash2, index.task(v2)?.infoHash], [v2, v1]);
  assert.ok(known.includes(v1) && known.includes(v2), 'encrypted handshakes about either can be answered');
  const second = arriving(v2);
  assert.deepEqual(manager.claim(second), { kind: 'taken' });
  assert.equal(manager.views().length, 1);
  await sleep(50);
  assert.deepEqual([saidId(first.stream), saidId(second.stream)], [v1, v2]);
  assert.ok(first.stream.take(true).some((m) => m.kind === 'have'));
  const told = second.stream.take(true).map((m) => m.kind);
  assert.ok(!told.some((kind) => kind.startsWith('have') && kind !== 'have-none'), 'no promise before the layers');
});

test('a task begun under the second name takes the first, and the index knows it by both', async (t) => {
  const hybrid = torrentOf('hybrid', [file('a', 70_000)], 2 * BLOCK_BYTES);
  const [v1, v2] = hybrid.meta.ids as [InfoHash, InfoHash];
  const seed = { ...hybrid, meta: { ...hybrid.meta, infoHash: v2 } };
  const { manager, index } = await house(t, folderFor(t), { 6881: seed });
  manager.claim(arriving(v2));
  await until('named', () => manager.views()[0]?.infoHash === v1);
  assert.deepEqual(
    index.tasks().map((row) => [row.infoHash, row.infoHash2, row.pieceCount]),
    [[v1, v2, 3]],
  );
  manager.claim(arriving(v1));
  assert.equal(manager.views().length, 1);
});

test('of two tasks begun under two names the one that knows the torrent stays, and the other’s clients come back to it', async (t) => {
  const hybrid = torrentOf('hybrid', [file('a', 70_000)], 2 * BLOCK_BYTES);
  const [v1, v2] = hybrid.meta.ids as [InfoHash, InfoHash];
  const { manager, index } = await house(t, folderFor(t), { 6881: hybrid });
  const late = arriving(v2, 7777);
  manager.claim(late);
  assert.equal(manager.views().length, 1);
  manager.claim(arriving(v1));
  await until('one', () => manager.views().length === 1);
  assert.equal(late.stream.destroyed, true);
  assert.deepEqual(manager.claim(arriving(v2)), { kind: 'taken' });
  assert.deepEqual([manager.views().length, manager.views()[0]?.clients.length], [1, 2]);
  assert.equal(index.tasks().length, 1);
});

test('a torrent that the index knows by its other name only is found there at the second try', async (t) => {
  const hybrid = torrentOf('hybrid', [file('a', 70_000)], 2 * BLOCK_BYTES);
  const [v1, v2] = hybrid.meta.ids as [InfoHash, InfoHash];
  const seed = { ...hybrid, meta: { ...hybrid.meta, infoHash: v2 } };
  const { manager, index } = await house(t, folderFor(t), { 6881: seed });
  // As an earlier version left it.
  index.putTask({ infoHash: v1, addedAtMs: 1, info: hybrid.meta.infoBytes, pieceCount: 3 });
  const first = arriving(v2);
  manager.claim(first);
  await until('let go', () => first.stream.destroyed);
  assert.deepEqual(manager.claim(arriving(v2)), { kind: 'taken' });
  assert.deepEqual([manager.views()[0]?.infoHash, manager.views()[0]?.pieceCount], [v1, 3]);
});

test('a refused hybrid is refused by both names', async (t) => {
  const content = [file('a', 70_000)];
  const { info } = madeTorrent('hybrid', content, 2 * BLOCK_BYTES);
  const parsed = parseMetainfo(encode({ info: { ...info, private: 1 } }));
  assert.ok(parsed.kind === 'ok');
  const [v1, v2] = parsed.value.ids as [InfoHash, InfoHash];
  const { manager, index } = await house(t, folderFor(t));
  index.putTask({ infoHash: v1, addedAtMs: 1 });
  keepMetainfo(index, parsed.value);
  for (const id of [v2, v1, v2]) assert.deepEqual(manager.claim(arriving(id)), { kind: 'pass', why: 'private' });
});

test('a hybrid that the operator allows by one name is served by the other too, restarts included', async (t) => {
  const hybrid = torrentOf('hybrid', [file('a', 70_000)], 2 * BLOCK_BYTES);
  for (const [listed, other] of [hybrid.meta.ids, hybrid.meta.ids.toReversed()] as [InfoHash, InfoHash][]) {
    const dir = folderFor(t);
    const seed = { ...hybrid, meta: { ...hybrid.meta, infoHash: listed } };
    const first = await house(t, dir, { 6881: seed }, [listed]);
    assert.deepEqual(first.manager.claim(arriving(other)), { kind: 'pass', why: 'blocked' }, 'a stranger so far');
    first.manager.claim(arriving(listed));
    await until('complete', () => first.manager.views()[0]?.state === 'complete');
    assert.deepEqual(first.manager.claim(arriving(other)), { kind: 'taken' });
    await first.close();
    const again = await house(t, dir, {}, [listed]);
    again.manager.resume('clean');
    assert.deepEqual(again.manager.claim(arriving(other)), { kind: 'taken' });
    assert.deepEqual(again.manager.claim(arriving('00'.repeat(20) as InfoHash)), { kind: 'pass', why: 'blocked' });
  }
});

/** Bytes that the disk spends below a folder, each file counted once however many names it has. */
function diskBytes(folder: string): number {
  const inodes = new Map<number, number>();
  for (const entry of readdirSync(join(folder, 'swarmbox'), { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const { ino, blocks } = statSync(join(entry.parentPath, entry.name));
    inodes.set(ino, blocks * 512);
  }
  return [...inodes.values()].reduce((sum, bytes) => sum + bytes, 0);
}

const shared = file('shared', 3_000_000);

type House = Awaited<ReturnType<typeof house>>;

/** The house knows the torrent and holds nothing of it. */
async function knowing({ index, store }: House, { meta }: Torrent): Promise<void> {
  index.putTask({ infoHash: meta.infoHash, addedAtMs: 1 });
  keepMetainfo(index, meta);
  assert.equal((await store.task(shapeOf(meta)).writeMetainfo(meta.infoBytes, layersOf(meta))).kind, 'ok');
}

async function holding(h: House, torrent: Torrent): Promise<void> {
  const { meta, content } = torrent;
  await knowing(h, torrent);
  const shape = shapeOf(meta);
  const task = h.store.task(shape);
  for (let index = 0; index < meta.pieceCount; index++) {
    const piece = FramedPiece.allocate(index, shape.sizeOf(index));
    for (let begin = 0; begin < piece.lengthBytes; begin += BLOCK_BYTES) {
      const at = index * meta.pieceLength + begin;
      piece.putBlock(begin, content.subarray(at, at + Math.min(BLOCK_BYTES, piece.lengthBytes - begin)));
    }
    assert.equal((await task.accept(piece)).kind, 'durable');
  }
  const whole = new Bitfield(meta.pieceCount);
  whole.setAll();
  h.index.setHave(meta.infoHash, whole.bytes);
}

test('a file that another torrent has whole costs nothing on the line and next to nothing on the disk, restarts included', async (t) => {
  const dir = folderFor(t);
  const lender = torrentOf('hybrid', [file('a', 100_000), shared, file('z', 5)], 2 * BLOCK_BYTES);
  const borrower = torrentOf('v2', [shared], 16 * BLOCK_BYTES);
  const { infoHash } = borrower.meta;
  const first = await house(t, dir, { 6881: borrower });
  await holding(first, lender);
  await knowing(first, borrower);
  const before = diskBytes(dir);
  const client = arriving(infoHash);
  first.manager.claim(client);
  await until('whole', () => first.manager.views()[0]?.state === 'complete');
  assert.deepEqual([first.manager.views()[0]?.filledBytes, first.dialled.length], [0, 0]);
  assert.ok(
    diskBytes(dir) - before < 64 * 1024,
    `${diskBytes(dir) - before} bytes for a file of ${shared.bytes.length}`,
  );
  client.stream.data(encodeMessage({ kind: 'interested' }));
  client.stream.data(encodeMessage({ kind: 'request', piece: 3, begin: BLOCK_BYTES, length: BLOCK_BYTES }));
  const at = (3 * 16 + 1) * BLOCK_BYTES;
  const block = shared.bytes.subarray(at, at + BLOCK_BYTES);
  await until('the block', () => client.stream.writes.some((write) => write.includes(block)));
  await first.close();

  for (const lost of ['index.db', 'index.db-wal', 'index.db-shm']) rmSync(join(dir, lost), { force: true });
  const again = await house(t, dir, { 6881: borrower });
  again.manager.resume('first');
  await until('both are known', () => again.index.tasks().length === 2);
  await until(
    're-checked',
    () => again.manager.views().length === 2 && again.manager.views().every((v) => v.state === 'complete'),
  );
  assert.equal((await again.store.task(shapeOf(lender.meta)).remove()).kind, 'ok');
  assert.equal((await again.store.task(shapeOf(borrower.meta)).read(2)).kind, 'ok');
  assert.equal(again.dialled.length, 0);
});

test('a hybrid whose layers are unknown borrows nothing', async (t) => {
  const lender = torrentOf('v2', [shared], 4 * BLOCK_BYTES);
  const borrower = torrentOf('hybrid', [shared], 4 * BLOCK_BYTES);
  const h = await house(t, folderFor(t));
  await holding(h, lender);
  h.index.putTask({ infoHash: borrower.meta.infoHash, addedAtMs: 2 });
  keepMetainfo(h.index, withoutLayers(borrower));
  h.manager.claim(arriving(borrower.meta.infoHash));
  await sleep(300);
  assert.equal(h.manager.views()[0]?.pieces, 0);
});
