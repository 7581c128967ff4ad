/**
 * What many torrents cost a box at rest: all asleep in memory, and as the box keeps them, most of them in the index alone; a few with a client that asks
 * for nothing. argv: torrents, of which live, pieces of each (20000 200 1000). One JSON line a way:
 *
 *   {"bench","way","tasks","inMemory","live","kibPerTask","cpuPercent","wakeMs"}
 *
 * `kibPerTask`: memory in use for each task in memory, after a collection. `cpuPercent`: of one core, over ten seconds. `wakeMs`: from a client's
 * arrival until it is greeted, of sleeping tasks, as median and 99th percentile.
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { argv, cpuUsage, execPath, memoryUsage } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { silentLog } from '#base/log.ts';
import { type InfoHash, MIB } from '#base/units.ts';
import { TestStream } from '#client/fixtures.ts';
import { Index } from '#index/index.ts';
import { nobodyThere, openToAll } from '#manager/fixtures.ts';
import { LIMITS } from '#manager/limits.ts';
import { Manager } from '#manager/manager.ts';
import { FakeStore } from '#store/fake-store.ts';
import { encode } from '#wire/bencode.ts';
import { FramedPiece } from '#wire/framed-piece.ts';
import { newPeerId } from '#wire/handshake.ts';
import { parseMetainfo } from '#wire/metainfo.ts';
import { median, rounded } from './figures.ts';

const [tasks = 20_000, live = 200, pieces = 1_000] = argv.slice(2, 5).map(Number);
/** A process of its own measures one way. */
const [, , , , , way, indexPath] = argv;
const REST_MS = 10_000;
const WAKES = 200;

/** A torrent of its own, whole. */
function torrent(i: number): { infoHash: InfoHash; info: Buffer } {
  const hashes = Buffer.alloc(20 * pieces);
  for (let at = 0; at < hashes.length; at += 4) hashes.writeUInt32LE((i * 2_654_435_761 + at) >>> 0, at);
  const text = { length: pieces * MIB, name: `torrent ${i}`, 'piece length': MIB, pieces: hashes };
  const parsed = parseMetainfo(encode({ info: text }));
  if (parsed.kind === 'bad') throw new Error(parsed.why);
  return { infoHash: parsed.value.infoHash, info: parsed.value.infoBytes };
}

function client(manager: Manager, infoHash: InfoHash): TestStream {
  const stream = new TestStream();
  const handshake = { infoHash, peerId: newPeerId(), extended: true, fast: true, dht: false, v2: false };
  const claim = manager.claim({
    client: { ip: '192.168.1.5', port: 40_000 },
    endpoint: undefined,
    handshake,
    early: Buffer.alloc(0),
    stream,
  });
  if (claim.kind !== 'taken') throw new Error(`a client was not taken: ${claim.why}`);
  return stream;
}

async function usedBytes(): Promise<number> {
  for (let i = 0; i < 3; i++) {
    await sleep(100);
    globalThis.gc?.();
  }
  const { heapUsed, external, arrayBuffers } = memoryUsage();
  return heapUsed + Math.max(external, arrayBuffers);
}

async function cpuAtRest(): Promise<number> {
  const before = cpuUsage();
  await sleep(REST_MS);
  const { user, system } = cpuUsage(before);
  return (user + system) / 10 / REST_MS; // microseconds of milliseconds
}

async function measure(way: string, index: Index, ids: readonly InfoHash[], asleep: number): Promise<void> {
  const manager = new Manager(
    { ...openToAll, asleep },
    {
      ...nobodyThere(),
      store: {
        // One each: it would hold on to what the box lets go.
        task: (shape) => new FakeStore(FramedPiece).task(shape),
        async *onDisk() {},
        metainfo: async () => ({ info: undefined, layers: undefined }),
        freeBytes: async () => Number.MAX_SAFE_INTEGER,
      },
      index,
    },
    silentLog,
  );
  manager.resume('clean');
  const before = await usedBytes();
  for (const [i, id] of ids.entries()) {
    client(manager, id).gone();
    if (i % 100 === 0) await sleep(0);
  }
  await sleep(1.5 * LIMITS.bedtimeMs);
  const bytes = (await usedBytes()) - before;
  const inMemory = manager.views().length;
  const wakes: number[] = [];
  // Those that have slept longest: they are the ones that rest in the index, where any do.
  for (const id of ids.slice(live, live + WAKES)) {
    const from = performance.now();
    const stream = client(manager, id);
    while (stream.writes.length === 0) await sleep(0);
    wakes.push(performance.now() - from);
    stream.gone();
  }
  for (const id of ids.slice(0, live)) client(manager, id);
  await sleep(1_000);
  const cpuPercent = await cpuAtRest();
  wakes.sort((a, b) => a - b);
  const figures = {
    kibPerTask: rounded(bytes / inMemory / 1024, 2),
    cpuPercent: rounded(cpuPercent, 2),
    wakeMs: { median: rounded(median(wakes), 2), p99: rounded(wakes[Math.floor(0.99 * wakes.length)] ?? 0, 2) },
  };
  console.log(JSON.stringify({ bench: 'many-tasks', way, tasks, inMemory, live, ...figures }));
  await manager.close();
}

/** Puts torrents that are whole into the index. */
function fill(index: Index): void {
  const have = Buffer.alloc(Math.ceil(pieces / 8), 0xff);
  if (pieces % 8 > 0) have[have.length - 1] = 0xff << (8 - (pieces % 8));
  for (let i = 0; i < tasks; i++) {
    const { infoHash, info } = torrent(i);
    index.putTask({ infoHash, addedAtMs: i, info, pieceCount: pieces, have });
  }
}

const WAYS: Readonly<Record<string, number>> = {
  'all asleep in memory': tasks,
  'most at rest in the index': LIMITS.asleep,
};

if (way && indexPath) {
  const index = Index.open(indexPath, silentLog);
  const ids = Array.from({ length: tasks }, (_, i) => torrent(i).infoHash);
  await measure(way, index, ids, WAYS[way] ?? tasks);
  index.close();
} else {
  const dir = mkdtempSync(join(tmpdir(), 'swarmbox-many-'));
  try {
    const path = join(dir, 'index.db');
    const index = Index.open(path, silentLog);
    fill(index);
    index.close();
    const size = [tasks, live, pieces].map(String);
    for (const each of Object.keys(WAYS)) {
      // A run changes it: metainfo moves from the index to beside the pieces, of which there are none here.
      const own = `${path}.own`;
      copyFileSync(path, own);
      execFileSync(execPath, ['--expose-gc', import.meta.filename, ...size, each, own], { stdio: 'inherit' });
      rmSync(own);
    }
  } finally {
    rmSync(dir, { recursive: true });
  }
}
