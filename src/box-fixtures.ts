/** For whole-box tests: a cafe with the real daemon, strangers in its machines, and the promise that nothing is left. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { BoxSnapshot, TaskView } from '#admin/contract.ts';
import type { InfoHash } from '#base/units.ts';
import { encode } from '#wire/bencode.ts';
import { parseMetainfo } from '#wire/metainfo.ts';
import { type ClientOptions, ClientRun } from '../scripts/cafe/clients/client.ts';
import { libtorrent } from '../scripts/cafe/clients/libtorrent.ts';
import { Net, type Place } from '../scripts/cafe/net.ts';
import type { Child } from '../scripts/cafe/processes.ts';
import { until } from '../scripts/cafe/servers.ts';
import { Cafe, type CafeOptions } from '../scripts/cafe/world.ts';
import type { At } from './box-strangers.ts';

export const options = {
  skip: process.getuid?.() === 0 ? false : 'needs root: it makes network namespaces',
  timeout: 300_000,
};

export type Line = Readonly<Record<string, string | number | boolean | undefined>>;

/** Runs `body` in a cafe of its own; tells the daemon's last words when it fails; then checks that nothing is left. */
export async function inCafe(name: string, o: CafeOptions, body: (cafe: Cafe) => Promise<void>): Promise<void> {
  const prefix = `sbx-${name}-${process.pid}-`;
  const cafe = await Cafe.start({ prefix, ...o });
  let pids: number[] = [];
  try {
    await body(cafe);
  } catch (error) {
    const log = await readFile(cafe.daemon.logPath, 'utf8').catch(() => '');
    console.error(`daemon: ${log.trimEnd().split('\n').slice(-40).join('\n')}`);
    throw error;
  } finally {
    pids = (await Promise.all((await Net.named(prefix)).map((place) => place.pids()))).flat();
    await cafe.close();
  }
  assert.ok(pids.length > 0, 'a cafe has processes');
  assert.deepEqual(
    (await Net.named(prefix)).map((place) => place.name),
    [],
    'no namespace is left',
  );
  assert.ok(!existsSync(cafe.dir), 'no file is left');
  assert.deepEqual(
    pids.filter((pid) => existsSync(`/proc/${pid}`)),
    [],
    'no process is left',
  );
}

const script = fileURLToPath(new URL('./box-strangers.ts', import.meta.url));
const argvOf = (program: string, o: object): string[] => [execPath, script, program, JSON.stringify(o)];

/** Runs a stranger to its end; its lines. */
export async function stranger(cafe: Cafe, place: Place, program: string, o: object): Promise<Line[]> {
  const lines: Line[] = [];
  const child = cafe.spawn(place, argvOf(program, o), (line) => lines.push(JSON.parse(line) as Line));
  const exit = await child.exited;
  assert.equal(exit.code, 0, `${program}: ${await child.tail()}`);
  return lines;
}

/** A stranger that goes on; `onLine` hears it. */
export const strangerAtWork = (
  cafe: Cafe,
  place: Place,
  program: string,
  o: object,
  onLine: (l: Line) => void,
): Child => cafe.spawn(place, argvOf(program, o), (line) => onLine(JSON.parse(line) as Line));

/** Starts a server among the strangers and waits until it listens. */
export async function server(cafe: Cafe, place: Place, program: string, o: object): Promise<Child> {
  let ready = false;
  const child = cafe.spawn(place, argvOf(program, o), (line) => {
    ready ||= line === 'ready';
  });
  await until(program, async () => ready, 20_000, child);
  return child;
}

/** The daemon counts what it served once a second, and shows everybody the same snapshot for a second. */
const SNAPSHOT_MS = 1_500;

/** What the box says of itself after this was called. */
export async function snapshot(cafe: Cafe): Promise<BoxSnapshot> {
  await sleep(SNAPSHOT_MS);
  return (await cafe.daemon.get('/api/snapshot')) as BoxSnapshot;
}

/** The cafe's torrent as the box sees it, up to a second ago. */
export async function task(cafe: Cafe): Promise<TaskView | undefined> {
  const { tasks } = (await cafe.daemon.get('/api/snapshot')) as BoxSnapshot;
  return tasks.find((t) => t.infoHash === cafe.payload.infoHash);
}

/** Waits until the box holds this share of the cafe's torrent. */
export const holds = (cafe: Cafe, share: number, limitMs = 30_000): Promise<void> =>
  until(
    `the box with ${share} of the torrent`,
    async () => ((await task(cafe))?.haveBytes ?? 0) >= share * cafe.payload.totalBytes,
    limitMs,
  );

export const infoHashOfCafe = (cafe: Cafe): InfoHash => cafe.payload.infoHash as InfoHash;

/** The daemon's log, parsed. */
export async function logged(cafe: Cafe, event: string): Promise<Line[]> {
  const lines = (await readFile(cafe.daemon.logPath, 'utf8')).split('\n').filter((line) => line.startsWith('{'));
  return lines.map((line) => JSON.parse(line) as Line).filter((line) => line.event === event);
}

/** Bytes that came in from the WAN during `work`. */
export async function wanDuring(cafe: Cafe, work: () => Promise<void>): Promise<number> {
  const before = await cafe.counters();
  await work();
  return (await cafe.counters()).wanRxBytes - before.wanRxBytes;
}

/** Frames that the box has taken out of the bridge so far. */
export async function divertedFrames(cafe: Cafe): Promise<number> {
  const chain = await cafe.topology.box.run(['nft', 'list', 'chain', 'bridge', 'swarmbox', 'divert']);
  return Number(/counter packets (\d+)/.exec(chain)?.[1]);
}

/** `family name` of every table in the box's kernel. */
export async function tables(cafe: Cafe): Promise<string[]> {
  const list = await cafe.topology.box.run(['nft', 'list', 'tables']);
  return list.trim().split('\n').filter(Boolean);
}

/** The cafe's torrent with another tracker: the same info-hash. Gives the file's path. */
export async function withTracker(cafe: Cafe, announce: string, name: string): Promise<string> {
  const parsed = parseMetainfo(await readFile(cafe.payload.torrentPath));
  if (parsed.kind === 'bad') throw new Error(parsed.why);
  const head = Buffer.from(`d8:announce${announce.length}:${announce}4:info`);
  const path = join(cafe.dir, `${name}.torrent`);
  await writeFile(path, Buffer.concat([head, parsed.value.infoBytes, Buffer.from('e')]));
  return path;
}

/** A libtorrent in the internet, on the machine of the cafe's own seeder `n`, which is gone by then. */
export function outside(
  cafe: Cafe,
  n: number,
  o: Pick<ClientOptions, 'source' | 'dir' | 'seed' | 'ways'>,
): Promise<ClientRun> {
  const place = cafe.topology.seeds[n - 1];
  assert.ok(place);
  const home = join(cafe.dir, `outside${n}`);
  const at = { place, processes: cafe.processes, name: `outside ${n} (libtorrent)` };
  return ClientRun.start(libtorrent, { ...o, home, encrypt: false }, at);
}

/** A tracker of our own: what each path is answered with. */
export async function tracker(cafe: Cafe, place: Place, at: At, answers: Record<string, Buffer>): Promise<void> {
  const answersPath = join(cafe.dir, `tracker-${at.port}.json`);
  const texts = Object.entries(answers).map(([path, bytes]) => [path, bytes.toString('base64')]);
  await writeFile(answersPath, JSON.stringify(Object.fromEntries(texts)));
  await server(cafe, place, 'tracker', { ...at, answersPath });
}

/** A tracker's whole HTTP answer that names these peers (BEP 23). */
export function naming(...peers: readonly At[]): Buffer {
  const compact = Buffer.concat(
    peers.map(({ ip, port }) => Buffer.from([...ip.split('.').map(Number), port >> 8, port & 255])),
  );
  const body = encode({ interval: 1800, peers: compact });
  const head = `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: ${body.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), body]);
}
