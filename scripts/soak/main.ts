/** `make soak`: clients of three kinds at work for half an hour on a box whose disk is too small for what they want; does its memory stay as it is? */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { env } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BoxSnapshot } from '#admin/contract.ts';
import { outside } from '../../src/box-fixtures.ts';
import { median } from '../bench/figures.ts';
import { makePayload, type Payload } from '../cafe/payload.ts';
import { scrape, TRACKER_URLS, until } from '../cafe/servers.ts';
import { pcIp, seedIp } from '../cafe/topology.ts';
import { Cafe } from '../cafe/world.ts';
import { LoopDisk } from '../disks/loop-disk.ts';

const MIB = 1 << 20;
const MINUTES = Number(env.MINUTES ?? 30);
const CLIENTS = ['libtorrent', 'transmission', 'aria2', 'libtorrent'] as const;
const TORRENTS = 5;
const SIZE_MIB = 64;
/** Holds three of the torrents: there is always one to be fetched, and one to go. */
const DISK_BYTES = 320 * MIB;
const WAN_MBIT = 200;
const CACHE_MIB = 32;
const LIMIT_S = 240;
const SAMPLE_MS = 2_000;
/** Between two downloads of a PC. */
const PAUSE_MS = [2_000, 15_000] as const;

const say = (line: object): void => console.log(JSON.stringify(line));

/** The torrents, one seeder each. */
async function torrents(cafe: Cafe): Promise<Payload[]> {
  await cafe.killSeeders();
  const payloads = [cafe.payload];
  for (let i = 1; i < TORRENTS; i++) {
    const dir = join(cafe.dir, `soak-${i}`);
    const trackers = Object.values(TRACKER_URLS);
    const o = { dir, totalBytes: SIZE_MIB * MIB, pieceBytes: MIB / 4, seed: `soak ${i}`, trackers };
    const payload = await makePayload(o);
    await cafe.tracker.admit(payload.infoHash);
    payloads.push(payload);
  }
  for (const [i, { torrentPath: source, dir, infoHash }] of payloads.entries()) {
    const { child } = await outside(cafe, i + 1, { source, dir, seed: true });
    const named = async () => ((await scrape(cafe.topology.inet, TRACKER_URLS.http, infoHash)) ?? 0) > 0;
    await until(`seeder ${i + 1}`, named, 30_000, child);
  }
  return payloads;
}

/** Why a download stood still, as far as the client and the box tell: to standard error. */
async function explain(cafe: Cafe, pc: number, seeder: number, infoHash: string, error: Error): Promise<void> {
  const log = (await readFile(cafe.daemon.logPath, 'utf8')).split('\n');
  const about = log.filter((line) => line.includes(pcIp(pc)) || line.includes(infoHash)).slice(-40);
  const { tasks, steering } = (await cafe.daemon.get('/api/snapshot')) as BoxSnapshot;
  const verdicts = steering.recent.filter(({ client }) => client === pcIp(pc));
  const task = tasks.find((t) => t.infoHash === infoHash);
  const pair = await cafe.daemon.get(`/api/explain?client=${pcIp(pc)}&endpoint=${seedIp(seeder)}:6881`);
  console.error(error.message, about.join('\n'), ...[verdicts, task, pair].map((o) => JSON.stringify(o)));
}

type Tally = { downloads: number; bytes: number; wrong: number; late: string[] };

/** One PC: torrent after torrent, each into an empty folder, plain and encrypted by turns. */
async function downloads(cafe: Cafe, pc: number, payloads: readonly Payload[], untilMs: number, tally: Tally) {
  const kind = CLIENTS[pc - 1];
  for (let turn = pc; kind && Date.now() < untilMs; turn++) {
    const payload = payloads[turn % payloads.length] as Payload;
    const download = await cafe.download(pc, kind, { payload, encrypt: turn % 2 === 0 });
    try {
      await download.complete(LIMIT_S);
      tally.downloads++;
      tally.bytes += payload.totalBytes;
      tally.wrong += (await download.wrongFiles()).length;
    } catch (error) {
      tally.late.push((error as Error).message.split('\n')[0] ?? '');
      await explain(cafe, pc, (turn % payloads.length) + 1, payload.infoHash, error as Error);
    }
    await download.remove();
    const [least, most] = PAUSE_MS;
    await sleep(least + Math.random() * (most - least));
  }
}

/** VmRSS of the daemon, MiB (proc(5)). */
async function resident(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024;
}

async function soak(cafe: Cafe, stopped: AbortSignal): Promise<void> {
  await cafe.daemon.start();
  const payloads = await torrents(cafe);
  const sinceMs = Date.now();
  const untilMs = sinceMs + MINUTES * 60_000;
  const tally: Tally = { downloads: 0, bytes: 0, wrong: 0, late: [] };
  const pcs = Promise.all(CLIENTS.map((_, i) => downloads(cafe, i + 1, payloads, untilMs, tally)));
  pcs.catch(() => {}); // it is waited for below, unless the run is stopped before
  const samples: number[] = [];
  let told = 0;
  while (Date.now() < untilMs) {
    stopped.throwIfAborted();
    samples.push(await resident(cafe.daemon.pid ?? 0));
    await sleep(SAMPLE_MS);
    const minute = Math.floor((Date.now() - sinceMs) / 60_000);
    if (minute === told) continue;
    told = minute;
    say({ minute, rssMiB: Math.round(median(samples.slice(-30))), downloads: tally.downloads });
  }
  await pcs;
  const third = Math.floor(samples.length / 3);
  const thirds = [0, 1, 2].map((i) => Math.round(median(samples.slice(i * third, (i + 1) * third))));
  const { totals, disks } = (await cafe.daemon.get('/api/snapshot')) as BoxSnapshot;
  say({
    soak: 'memory',
    minutes: MINUTES,
    cacheMiB: CACHE_MIB,
    rssMiBThirds: thirds,
    lastToMiddle: Number(((thirds[2] ?? 0) / (thirds[1] ?? 1)).toFixed(3)),
    peakMiB: Math.round(Math.max(...samples)),
    downloads: tally.downloads,
    gib: Number((tally.bytes / 2 ** 30).toFixed(1)),
    wrongFiles: tally.wrong,
    late: tally.late,
    filledBytes: totals.filledBytes,
    servedBytes: totals.servedBytes,
    diskFreeBytes: disks[0]?.freeBytes,
  });
  if (tally.wrong > 0) throw new Error('wrong bytes were delivered');
}

using disk = new LoopDisk(DISK_BYTES);
const stopped = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.once(signal, () => stopped.abort(new Error(`stopped by ${signal}`)));
await using cafe = await Cafe.start(
  {
    prefix: `soak-${process.pid}-`,
    sizeMib: SIZE_MIB,
    wanMbit: WAN_MBIT,
    clients: CLIENTS,
    seeders: Array.from({ length: TORRENTS }, () => 'libtorrent' as const),
    daemonConfig: { disks: [disk.path], floorMiB: 8, cacheMiB: CACHE_MIB },
  },
  stopped.signal,
);
// Whoever waits for a client or the daemon then sees it end, and the run unwinds.
stopped.signal.addEventListener('abort', () => void cafe.close());
try {
  await soak(cafe, stopped.signal);
} catch (error) {
  if (!stopped.signal.aborted) throw error;
  process.exitCode = 1;
}
