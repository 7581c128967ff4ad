/**
 * What a large index costs: its size, a start until a client is greeted, memory at rest, look-ups, writes, and a task in memory.
 * `node scripts/bench/index-scale.ts [tasks] [pieces] [beside|inside]`: 100,000 torrents of 1,000 pieces unless told, their info
 * dictionaries beside the pieces as the daemon keeps them, or inside the index for comparison. One JSON line per measurement:
 *
 *   {"bench":"index-write","tasks","pieces","info","MB","tasksPerS","havesPerS","trafficPerS"}
 *   {"bench":"index-start","tasks","stop","cache","openMs","greetedMs","loopMaxMs","rssMB","baseRssMB"}
 *   {"bench":"index-look-up","perS":{"hash","req2","piecesHash","fileRoot"}}
 *   {"bench":"index-task","tasks","pieces","kB":{"connected","alone","rested"}}
 *
 * `greetedMs` counts from the start of the process; a `cold` start finds no byte of the index in memory; `baseRssMB` is the same
 * process with an empty index. A tenth of the torrents lack pieces, a tenth are hybrids of five files. A few are real: they have
 * info dictionaries on the disk for clients to ask for. The kB of a task are of heap and buffers, after garbage collection:
 * with a client, when it has gone, and when the task has left memory.
 */
import { spawnSync } from 'node:child_process';
import { createHash, randomBytes, randomFillSync } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { argv, execPath, exit } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { realClock } from '#base/clock.ts';
import { silentLog } from '#base/log.ts';
import { type InfoHash, infoHashBytes, infoHashOf, MIB } from '#base/units.ts';
import { TestStream } from '#client/fixtures.ts';
import { Index } from '#index/index.ts';
import { req2Of } from '#index/req2.ts';
import { nobodyThere, openToAll } from '#manager/fixtures.ts';
import { Manager } from '#manager/manager.ts';
import { Store } from '#store/store.ts';
import { encode } from '#wire/bencode.ts';
import { FramedPiece } from '#wire/framed-piece.ts';
import { newPeerId } from '#wire/handshake.ts';

const REAL = 200;
const LOOK_UPS = 20_000;
const WRITES = 10_000;
const FILES = 5;
const TRACKERS = ['http://tracker.example.org:6969/announce', 'udp://a.example.net:1337/announce'];
const IDLE_MS = 2_000;
const COLLECTIONS = 5;
/** Longer than a task without clients stays in memory. */
const REST_MS = 20 * 60_000;

const say = (figures: object): void => console.log(JSON.stringify(figures));
const ofRow = (what: string, row: number, bytes = 20): Buffer =>
  createHash('sha256').update(`${what} ${row}`).digest().subarray(0, bytes);
const hashOf = (row: number): InfoHash => infoHashOf(ofRow('torrent', row));
const indexPath = (dir: string): string => join(dir, 'swarmbox.db');
const MB = (bytes: number): number => Math.round(bytes / 1e6);

function perS(n: number, work: (i: number) => void): number {
  const start = performance.now();
  for (let i = 0; i < n; i++) work(i);
  return Math.round((n / (performance.now() - start)) * 1000);
}

// ---- filling ----

function makeInfo(pieces: number): Buffer {
  const hashes = randomFillSync(Buffer.alloc(20 * pieces));
  return encode({ length: pieces * MIB, name: 'made', 'piece length': MIB, pieces: hashes });
}

/** Torrents that clients can ask for. */
function makeReal(dir: string, pieces: number): Map<InfoHash, Buffer> {
  const made = new Map<InfoHash, Buffer>();
  for (let i = 0; i < REAL; i++) {
    const info = makeInfo(pieces);
    const infoHash = infoHashOf(createHash('sha1').update(info).digest());
    const folder = join(dir, 'swarmbox', infoHash);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'info'), info);
    made.set(infoHash, info);
  }
  writeFileSync(join(dir, 'real'), JSON.stringify([...made.keys()]));
  return made;
}

function fill(dir: string, tasks: number, pieces: number, inside: boolean): void {
  const index = Index.open(indexPath(dir), silentLog);
  index.beginRun();
  const whole = Buffer.alloc(Math.ceil(pieces / 8), 0xff);
  if (pieces % 8) whole[whole.length - 1] = (0xff << (8 - (pieces % 8))) & 0xff;
  const part = Buffer.from(whole);
  part[0] = 0;
  const info = makeInfo(pieces);
  const put = (infoHash: InfoHash, bytes: Buffer, have: Buffer): void => {
    index.putTask({ infoHash, addedAtMs: 1, trackers: TRACKERS });
    index.setInfo(infoHash, inside ? bytes : undefined, pieces);
    index.setReach(infoHash, 'public');
    index.setHave(infoHash, have);
  };
  for (const [infoHash, bytes] of makeReal(dir, pieces)) put(infoHash, bytes, whole);
  const tasksPerS = perS(tasks, (row) => {
    const infoHash = hashOf(row);
    randomFillSync(info, 100, 64);
    put(infoHash, info, row % 10 === 0 ? part : whole);
    if (row % 10 === 1) {
      index.setIds([infoHash, infoHashOf(ofRow('second', row))]);
      const at = { pieceLength: MIB, lengthBytes: 3 * MIB };
      index.files.set(
        infoHash,
        Array.from({ length: FILES }, (_, i) => ({ ...at, firstPiece: 3 * i, root: ofRow(`file ${i}`, row, 32) })),
      );
    } else index.setPiecesHash(infoHash, infoHashOf(ofRow('pieces', row)));
  });
  const someRow = (i: number): number => (i * 7919) % tasks;
  const havesPerS = perS(WRITES, (i) => {
    const row = someRow(i);
    index.setHave(hashOf(row), row % 10 === 0 ? part : whole);
  });
  const trafficPerS = perS(WRITES, (i) => index.addTraffic(hashOf(someRow(i)), 1, 1, i));
  index.endRun();
  index.close();
  const bytes = statSync(indexPath(dir)).size;
  const info_ = inside ? 'inside' : 'beside';
  say({ bench: 'index-write', tasks, pieces, info: info_, MB: MB(bytes), tasksPerS, havesPerS, trafficPerS });
}

// ---- starting ----

/** The daemon's own parts that a start is made of, over the folder. `laterMs` turns their clock. */
async function house(dir: string, laterMs: () => number) {
  const config = { disks: [{ path: dir }], probeBytes: 0, cacheBytes: 256 * MIB, floorBytes: 0, hashWorkers: 1 };
  const from = performance.now();
  const index = Index.open(indexPath(dir), silentLog);
  const stop = index.beginRun();
  const openMs = Math.round(performance.now() - from);
  const store = await Store.open<FramedPiece>(config, FramedPiece, silentLog);
  const manager = new Manager(
    openToAll,
    {
      ...nobodyThere(),
      clock: { ...realClock, nowMs: () => Date.now() + laterMs() },
      store,
      index,
    },
    silentLog,
  );
  return { index, manager, store, stop, openMs };
}

/** A client that asks for the torrent; it is greeted when its stream has heard something. */
function claim(manager: Manager, infoHash: InfoHash): TestStream {
  const stream = new TestStream();
  const claimed = manager.claim({
    client: { ip: '192.168.1.5', port: 40_000 },
    endpoint: undefined,
    handshake: { infoHash, peerId: newPeerId(), extended: true, fast: true, dht: false, v2: false },
    early: Buffer.alloc(0),
    stream,
  });
  if (claimed.kind !== 'taken') throw new Error(`a client was not taken: ${claimed.why}`);
  return stream;
}

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await sleep(1);
}

const realOf = (dir: string): InfoHash[] => JSON.parse(readFileSync(join(dir, 'real'), 'utf8')) as InfoHash[];

/** A process of its own, that says its figures. `how`: as the run ends; `killed` leaves the next start an unclean one. */
async function start(dir: string, how: 'ended' | 'killed'): Promise<void> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  const { index, manager, store, stop, openMs } = await house(dir, () => 0);
  delay.enable();
  manager.resume(stop);
  const [first] = realOf(dir);
  if (first) {
    const stream = claim(manager, first);
    await until(() => stream.writes.length > 0);
  }
  const greetedMs = Math.round(performance.now());
  await sleep(IDLE_MS);
  delay.disable();
  const figures = {
    stop,
    openMs,
    greetedMs,
    loopMaxMs: Math.round(delay.max / 1e6),
    rssMB: MB(process.memoryUsage().rss),
  };
  console.log(JSON.stringify(figures));
  if (how === 'killed') exit(0);
  await manager.close();
  await store.close();
  index.endRun();
  index.close();
}

// ---- looking up ----

function lookUps(dir: string, tasks: number): void {
  const index = Index.open(indexPath(dir), silentLog);
  const must = (found: unknown): void => {
    if (!found) throw new Error('not found');
  };
  const row = (i: number): number => (i * 7919) % tasks;
  const hybrid = (i: number): number => row(i) - (row(i) % 10) + 1;
  const plain = (i: number): number => row(i) - (row(i) % 10) + 2;
  const nobody = hashOf(-1);
  const rates = {
    hash: perS(LOOK_UPS, (i) => must(index.task(hashOf(row(i))))),
    req2: perS(LOOK_UPS, (i) => must(index.byReq2(req2Of(infoHashBytes(hashOf(row(i))))))),
    piecesHash: perS(LOOK_UPS, (i) => must(index.byPiecesHash(infoHashOf(ofRow('pieces', plain(i))))[0])),
    fileRoot: perS(LOOK_UPS, (i) => must(index.files.holders(ofRow('file 2', hybrid(i), 32), nobody)[0])),
  };
  index.close();
  say({ bench: 'index-look-up', perS: rates });
}

// ---- a task in memory ----

/** What finalizers hold goes at the second or third collection. */
async function heldBytes(): Promise<number> {
  for (let i = 0; i < COLLECTIONS; i++) {
    globalThis.gc?.();
    await sleep(50);
  }
  const { heapUsed, external, arrayBuffers } = process.memoryUsage();
  return heapUsed + Math.max(external, arrayBuffers);
}

/** A process of its own, with `--expose-gc`. */
async function taskCosts(dir: string, pieces: number): Promise<void> {
  let laterMs = 0;
  const { index, manager, store } = await house(dir, () => laterMs);
  const [first, ...others] = realOf(dir);
  if (!first) return;
  const warm = claim(manager, first);
  await until(() => warm.writes.length > 0);
  const before = await heldBytes();
  const per = async (): Promise<number> => Math.round(((await heldBytes()) - before) / others.length / 100) / 10;
  const streams = others.map((infoHash) => claim(manager, infoHash));
  await until(() => streams.every((stream) => stream.writes.length > 0));
  for (const stream of streams) stream.writes.length = 0;
  const connected = await per();
  for (const stream of streams.splice(0)) stream.gone();
  const alone = await per();
  laterMs = REST_MS;
  await until(() => manager.views().length === 1);
  say({ bench: 'index-task', tasks: others.length, pieces, kB: { connected, alone, rested: await per() } });
  await manager.close();
  await store.close();
  index.close();
}

// ---- all of it ----

function child(mode: string, ...words: string[]): string {
  const run = spawnSync(execPath, ['--expose-gc', fileURLToPath(import.meta.url), mode, ...words], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (run.status !== 0) throw new Error(`${mode} ended with ${run.status}`);
  return run.stdout;
}

/** Asks the kernel to forget what it has of the file in memory (posix_fadvise(2)). */
function forget(path: string): void {
  spawnSync('sync', [path]);
  spawnSync('dd', [`if=${path}`, 'iflag=nocache', 'count=0', 'status=none']);
}

function starts(dir: string, tasks: number): void {
  const empty = join(dir, 'empty');
  mkdirSync(empty);
  writeFileSync(join(empty, 'real'), '[]');
  child('start', empty, 'ended');
  const { rssMB: baseRssMB } = JSON.parse(child('start', empty, 'ended')) as { rssMB: number };
  for (const [cache, how] of [
    ['warm', 'ended'],
    ['cold', 'killed'],
    ['cold', 'ended'],
  ]) {
    if (cache === 'cold') forget(indexPath(dir));
    const figures = JSON.parse(child('start', dir, how as string)) as object;
    say({ bench: 'index-start', tasks, cache, ...figures, baseRssMB });
  }
}

async function main(): Promise<void> {
  const [mode, ...words] = argv.slice(2);
  if (mode === 'start') return start(words[0] as string, words[1] as 'ended' | 'killed');
  if (mode === 'task') return taskCosts(words[0] as string, Number(words[1]));
  const [tasks, pieces, where] = [Number(mode ?? 100_000), Number(words[0] ?? 1_000), words[1] ?? 'beside'];
  const dir = mkdtempSync(join(tmpdir(), `swarmbox-index-${randomBytes(2).toString('hex')}-`));
  try {
    fill(dir, tasks, pieces, where === 'inside');
    starts(dir, tasks);
    lookUps(dir, tasks);
    process.stdout.write(child('task', dir, String(pieces)));
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

await main();
