import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { createInterface } from 'node:readline';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Bitfield } from '#base/bitfield.ts';
import { silentLog } from '#base/log.ts';
import { BLOCK_BYTES, type InfoHash, infoHashOf } from '#base/units.ts';
import { Index } from '#index/index.ts';
import { Store } from '#store/store.ts';
import { encode } from '#wire/bencode.ts';
import { FramedPiece } from '#wire/framed-piece.ts';
import { type Content, madeTorrent } from '#wire/made-torrent.ts';
import { type Metainfo, parseMetainfo } from '#wire/metainfo.ts';
import { layersOf } from '#wire/piece-layers.ts';
import { shapeOf } from '#wire/piece-shape.ts';

const PIECE_BYTES = 2 * BLOCK_BYTES;

type Torrent = { readonly meta: Metainfo; readonly content: Buffer };

function torrentOf(version: 'v1' | 'hybrid' | 'v2', name: string, content: Content): Torrent {
  const { info, layers, stream } = madeTorrent(version, content, PIECE_BYTES);
  const parsed = parseMetainfo(encode({ info: { ...info, name }, ...(layers.size > 0 && { 'piece layers': layers }) }));
  assert.ok(parsed.kind === 'ok', JSON.stringify(parsed));
  return { meta: parsed.value, content: stream };
}

/** Each is one that a torrent may borrow of another. */
const files = (...names: string[]): Content =>
  names.map((name, i) => ({ path: [name], bytes: randomBytes(9 * PIECE_BYTES - 1000 - i) }));

/** Writes the torrent, all but `lacking`, as the daemon does. */
async function keep(store: Store<FramedPiece>, { meta, content }: Torrent, lacking: readonly number[] = []) {
  const shape = shapeOf(meta);
  const task = store.task(shape);
  assert.equal((await task.writeMetainfo(meta.infoBytes, layersOf(meta))).kind, 'ok');
  for (let index = 0, at = 0; index < meta.pieceCount; index++) {
    const piece = FramedPiece.allocate(index, shape.sizeOf(index));
    for (let begin = 0; begin < piece.lengthBytes; begin += BLOCK_BYTES)
      piece.putBlock(begin, content.subarray(at + begin, at + Math.min(begin + BLOCK_BYTES, piece.lengthBytes)));
    at += piece.lengthBytes;
    if (!lacking.includes(index)) assert.equal((await task.accept(piece)).kind, 'durable');
  }
}

class Box {
  readonly dir = mkdtempSync(join(tmpdir(), 'index-rebuild-'));
  readonly indexPath = join(this.dir, 'swarmbox.db');
  readonly configPath = join(this.dir, 'config.json');

  constructor(t: TestContext) {
    writeFileSync(this.configPath, JSON.stringify({ lan: 'lan0', wan: 'wan0', dataDir: this.dir }));
    t.after(() => rmSync(this.dir, { recursive: true }));
  }

  async fill(work: (store: Store<FramedPiece>) => Promise<void>): Promise<void> {
    const config = { disks: [{ path: this.dir }], probeBytes: 0, cacheBytes: 1 << 20, floorBytes: 0, hashWorkers: 1 };
    const store = await Store.open<FramedPiece>(config, FramedPiece, silentLog);
    await work(store);
    await store.close();
  }

  /** A folder in the place of a torrent's. */
  folder(name: string, info?: Uint8Array): void {
    const path = join(this.dir, 'swarmbox', name);
    mkdirSync(path, { recursive: true });
    writeFileSync(join(path, 'segment-00000'), randomBytes(PIECE_BYTES));
    if (info) writeFileSync(join(path, 'info'), info);
  }

  start(): ChildProcess {
    const script = fileURLToPath(new URL('index-rebuild.ts', import.meta.url));
    return spawn(execPath, [script, this.configPath], { stdio: ['ignore', 'pipe', 'pipe'] });
  }

  async rebuild(): Promise<{ code: number; out: string; err: string }> {
    const child = this.start();
    const [out, err] = [child.stdout, child.stderr].map(async (stream) => {
      const parts: Buffer[] = [];
      for await (const part of stream ?? []) parts.push(part as Buffer);
      return Buffer.concat(parts).toString();
    });
    const [code] = (await once(child, 'close')) as [number];
    return { code, out: (await out) ?? '', err: (await err) ?? '' };
  }

  index<T>(work: (index: Index) => T): T {
    const index = Index.open(this.indexPath, silentLog);
    try {
      return work(index);
    } finally {
      index.close();
    }
  }

  pieces(infoHash: InfoHash): number[] | undefined {
    return this.index((index) => {
      const row = index.task(infoHash);
      const have = row?.have && Bitfield.from(row.have, row.pieceCount);
      return have && Array.from({ length: have.size }, (_, i) => i).filter((i) => have.has(i));
    });
  }

  aside(): string[] {
    return readdirSync(this.dir).filter((name) => name.startsWith('swarmbox.db.'));
  }
}

const all = ({ meta }: Torrent): number[] => Array.from({ length: meta.pieceCount }, (_, i) => i);

test('every torrent on the disk comes back with the pieces that verify, and the index before stays beside', async (t) => {
  const box = new Box(t);
  const [v1, hybrid, v2] = [
    torrentOf('v1', '电影 合集', files('第一集.mkv', '第二集.mkv')),
    torrentOf('hybrid', 'both', files('a', 'b')),
    torrentOf('v2', 'new\u009b[31m', files('a')),
  ];
  const waiting = torrentOf('v2', 'layers lost', files('c'));
  const stray = infoHashOf(randomBytes(20));
  const wrong = infoHashOf(randomBytes(20));
  await box.fill(async (store) => {
    await keep(store, v1, [3]);
    await keep(store, hybrid);
    await keep(store, v2);
    await keep(store, waiting);
  });
  rmSync(join(box.dir, 'swarmbox', waiting.meta.infoHash, 'layers'));
  // Bytes at rest that are not the piece any more.
  const segment = join(box.dir, 'swarmbox', hybrid.meta.infoHash, 'segment-00000');
  writeFileSync(segment, Buffer.concat([randomBytes(BLOCK_BYTES)]), { flag: 'r+' });
  box.folder(stray);
  box.folder(wrong, v1.meta.infoBytes);
  box.folder('not a torrent');
  box.index((index) => {
    index.beginRun();
    index.putTask({ infoHash: stray, addedAtMs: 1 });
    index.addTotal('servedBytes', 7);
  });

  const { code, out, err } = await box.rebuild();
  assert.deepEqual([code, err], [0, '']);
  assert.deepEqual(
    box.pieces(v1.meta.infoHash),
    all(v1).filter((piece) => piece !== 3),
  );
  assert.deepEqual(box.pieces(hybrid.meta.ids[1] as InfoHash), all(hybrid).slice(1));
  assert.deepEqual(box.pieces(v2.meta.infoHash), all(v2));
  box.index((index) => {
    assert.deepEqual([index.size, index.total('servedBytes')], [4, 0]);
    assert.deepEqual([...index.doubts.each()], [waiting.meta.infoHash], 'looked at once its layers are known');
    assert.equal(index.task(v1.meta.infoHash)?.reach, 'public');
    assert.equal(index.files.holders(v2.meta.rooted[0]?.piecesRoot as Uint8Array, stray).length, 1);
    assert.equal(index.beginRun(), 'clean');
  });
  const line = (infoHash: string): string | undefined => out.split('\n').find((text) => text.startsWith(infoHash));
  assert.match(line(v1.meta.infoHash) ?? '', /17 of 18 pieces {2}电影 合集$/);
  assert.match(line(v2.meta.infoHash) ?? '', /9 of 9 pieces {2}new_\[31m$/);
  assert.match(line(waiting.meta.infoHash) ?? '', /piece layers must come from a peer/);
  assert.match(line(stray) ?? '', /no info dictionary/);
  assert.match(line(wrong) ?? '', /is not the one that its folder is named by/);
  assert.match(out, /4 torrents, 1 of them whole; 43 pieces verified\./);
  assert.match(out, /Lost: traffic counters, trackers/);
  assert.equal(box.aside().length, 1);
  assert.match(out, new RegExp(`The index before is .*${box.aside()[0]}`));

  const again = await box.rebuild();
  assert.equal(again.code, 0);
  assert.equal(box.aside().length, 2, 'a finished one is as good as any other, and built anew');
  assert.deepEqual(box.pieces(v2.meta.infoHash), all(v2));
});

test('killed in the middle it goes on where it was, and a daemon that comes first takes the rest for doubtful', async (t) => {
  const box = new Box(t);
  const torrents = Array.from({ length: 20 }, (_, i) => torrentOf('v1', `film ${i}`, files('a')));
  await box.fill(async (store) => {
    for (const torrent of torrents) await keep(store, torrent);
  });
  // Where the folders are half read, one does not answer: a pipe that nobody writes into.
  const names = torrents.map(({ meta }) => meta.infoHash).sort();
  const middle = infoHashOf(Buffer.from((BigInt(`0x${names[9]}`) + 1n).toString(16).padStart(40, '0'), 'hex'));
  box.folder(middle);
  execFileSync('mkfifo', [join(box.dir, 'swarmbox', middle, 'info')]);
  const first = box.start();
  let lines = 0;
  for await (const _ of createInterface(first.stdout as NodeJS.ReadableStream)) if (++lines === 10) break;
  first.kill('SIGKILL');
  await once(first, 'close');
  assert.equal(
    box.index((index) => index.size),
    10,
  );
  rmSync(join(box.dir, 'swarmbox', middle), { recursive: true });
  const { code, out } = await box.rebuild();
  assert.equal(code, 0);
  assert.match(out, /^An interrupted rebuild goes on\./);
  assert.equal(out.match(/ pieces, verified before\n/g)?.length, 10);
  for (const torrent of torrents) assert.deepEqual(box.pieces(torrent.meta.infoHash), all(torrent));
  assert.deepEqual(box.aside(), []);

  box.index((index) => {
    index.beginRebuild();
    assert.equal(index.beginRun(), 'first');
  });
});

test('while a daemon has the index open it refuses and touches nothing, and a daemon refuses while it builds', async (t) => {
  const box = new Box(t);
  await box.fill((store) => keep(store, torrentOf('v1', 'film', files('a'))));
  const daemon = Index.open(box.indexPath, silentLog);
  daemon.beginRun();
  const infoHash = createHash('sha1').update('a').digest('hex') as InfoHash;
  daemon.putTask({ infoHash, addedAtMs: 1 });
  const refused = await box.rebuild();
  assert.deepEqual(refused, {
    code: 1,
    out: '',
    err: `index-rebuild: the index ${box.indexPath} is in use: stop the daemon first\n`,
  });
  assert.deepEqual([box.aside(), daemon.size, daemon.addTotal('x', 1)], [[], 1, true]);
  daemon.close();

  const alone = Index.open(box.indexPath, silentLog, true);
  alone.beginRebuild();
  const second = await box.rebuild();
  assert.match(second.err, /is in use/);
  alone.close();
});

test('while a disk is away it builds nothing, and says which', async (t) => {
  const box = new Box(t);
  const disk = join(box.dir, 'disk');
  mkdirSync(disk);
  writeFileSync(box.configPath, JSON.stringify({ lan: 'lan0', wan: 'wan0', dataDir: box.dir, disks: [box.dir, disk] }));
  await box.fill((store) => keep(store, torrentOf('v1', 'film', files('a'))));
  box.index((index) => index.setSetting('disks', JSON.stringify({ [disk]: 'another-than-this' })));
  const { code, err } = await box.rebuild();
  assert.equal(code, 1);
  assert.match(err, new RegExp(`the disk ${disk} does not answer: mount it`));
  assert.deepEqual(box.aside(), []);
  rmSync(disk, { recursive: true });
  writeFileSync(box.configPath, JSON.stringify({ lan: 'lan0', wan: 'wan0', dataDir: box.dir }));
  const again = await box.rebuild();
  assert.equal(again.code, 0);
  assert.match(again.out, /1 torrents, 1 of them whole/);
});

test('a damaged index is no obstacle', async (t) => {
  const box = new Box(t);
  const torrent = torrentOf('v1', 'film', files('a'));
  await box.fill((store) => keep(store, torrent));
  writeFileSync(box.indexPath, randomBytes(8192));
  assert.equal((await box.rebuild()).code, 0);
  assert.deepEqual(box.pieces(torrent.meta.infoHash), all(torrent));
  assert.equal(box.aside().length, 1);
});

test('without a usable configuration it says so', async (t) => {
  const box = new Box(t);
  writeFileSync(box.configPath, '{}');
  const { code, err } = await box.rebuild();
  assert.equal(code, 1);
  assert.match(err, /config\.json cannot be used/);
});
