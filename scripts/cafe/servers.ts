/** What stands in the internet: a real tracker, ordinary servers, real seeders. */
import { createHash } from 'node:crypto';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { PATIENCE, type Place } from './net.ts';
import { SeededBytes } from './payload.ts';
import type { Child, Processes } from './processes.ts';
import { SERVER_IP, TRACKER_IP, TRACKER_IP6 } from './topology.ts';

export const TRACKER_PORT = 6969;
export const TRACKER_URLS = {
  http: `http://${TRACKER_IP}:${TRACKER_PORT}/announce`,
  udp: `udp://${TRACKER_IP}:${TRACKER_PORT}/announce`,
} as const;
export const TRACKER_URLS6 = {
  http: `http://[${TRACKER_IP6}]:${TRACKER_PORT}/announce`,
  udp: `udp://[${TRACKER_IP6}]:${TRACKER_PORT}/announce`,
} as const;
export const HTTP_PORT = 80;
export const ECHO_PORT = 7;
export const HTTP_URL = `http://${SERVER_IP}:${HTTP_PORT}/random.bin`;

const FILE_BYTES = 1_048_576 + 321;
const FILE_SEED = 'an ordinary download';
const READY_LIMIT_MS = 20_000;

export const httpFileSha1 = (): string =>
  createHash('sha1').update(new SeededBytes(FILE_SEED).take(FILE_BYTES)).digest('hex');

/** Polls until `ready` says so; gives the log's tail when it never does. */
export async function until(
  what: string,
  ready: () => Promise<boolean>,
  limitMs: number,
  child?: Child,
): Promise<void> {
  const end = performance.now() + limitMs * PATIENCE;
  for (;;) {
    if (await ready()) return;
    if (child?.exit) throw new Error(`${what}: ${await child.howItEnded()}`);
    if (performance.now() > end)
      throw new Error(`${what}: not within ${(limitMs * PATIENCE) / 1000} s${child ? `\n${await child.tail()}` : ''}`);
    await sleep(50);
  }
}

/**
 * opentracker, HTTP and UDP. Debian's build serves only the torrents of its white list, reads it again on SIGHUP, and
 * drops its rights: its directory must be readable for everybody.
 */
export class Tracker {
  readonly #child: Child;
  readonly #inet: Place;
  readonly #list: string;
  readonly #torrents: string[];

  private constructor(child: Child, inet: Place, list: string, torrents: string[]) {
    this.#child = child;
    this.#inet = inet;
    this.#list = list;
    this.#torrents = torrents;
  }

  static async start(inet: Place, processes: Processes, dir: string, infoHash: string): Promise<Tracker> {
    await mkdir(dir, { recursive: true });
    await chmod(dir, 0o755);
    const list = join(dir, 'whitelist');
    await writeFile(list, `${infoHash}\n`);
    const port = String(TRACKER_PORT);
    const child = processes.start({
      name: 'tracker',
      argv: inet.inside(['opentracker', '-i', TRACKER_IP, '-p', port, '-P', port, '-d', dir, '-w', 'whitelist']),
      logPath: join(dir, 'tracker.log'),
    });
    const tracker = new Tracker(child, inet, list, [infoHash]);
    await until('tracker', () => tracker.seeders(infoHash).then((n) => n !== undefined), READY_LIMIT_MS, child);
    return tracker;
  }

  /** One more torrent that it serves. */
  async admit(infoHash: string): Promise<void> {
    this.#torrents.push(infoHash);
    await writeFile(this.#list, `${this.#torrents.join('\n')}\n`);
    this.#child.kill('SIGHUP');
    await sleep(100);
  }

  /** How many complete peers it names, or undefined when it does not answer. */
  seeders(infoHash: string): Promise<number | undefined> {
    return scrape(this.#inet, TRACKER_URLS.http, infoHash);
  }
}

/** Says what an HTTP server answers, head and all: a shell is there at once, a Node in some tenths of a second of a processor. */
const ASK = `exec 3<>"/dev/tcp/$1/$2" && printf 'GET %s HTTP/1.0\\r\\n\\r\\n' "$3" >&3 && cat <&3`;

/** How many complete peers a tracker names (BEP 48), or undefined when it does not answer. */
export async function scrape(inet: Place, announceUrl: string, infoHash: string): Promise<number | undefined> {
  const { hostname, port, pathname } = new URL(announceUrl);
  const host = hostname.replace(/[[\]]/g, '');
  const path = `${pathname.replace(/announce$/, 'scrape')}?info_hash=${infoHash.replace(/../g, '%$&')}`;
  const answer = await inet.run(['bash', '-c', ASK, 'bash', host, port, path]).catch(() => '');
  const complete = /8:completei(\d+)e/.exec(answer);
  if (complete) return Number(complete[1]);
  return answer.includes('5:filesd') ? 0 : undefined;
}

export function startInternet(inet: Place, processes: Processes, dir: string): Promise<void> {
  const settings = [SERVER_IP, HTTP_PORT, ECHO_PORT, FILE_BYTES, FILE_SEED].map(String);
  return startServer(inet, processes, dir, 'internet', settings);
}

/** The tracker for IPv6 (tracker6.ts). It serves every torrent. */
export const startTracker6 = (inet: Place, processes: Processes, dir: string): Promise<void> =>
  startServer(inet, processes, dir, 'tracker6', [TRACKER_IP6, String(TRACKER_PORT)]);

/** Runs a program of this folder in the internet and waits until it says that it is ready. */
async function startServer(
  inet: Place,
  processes: Processes,
  dir: string,
  name: 'internet' | 'tracker6',
  args: readonly string[],
): Promise<void> {
  let ready = false;
  const script = fileURLToPath(new URL(`./${name}.ts`, import.meta.url));
  const child = processes.start({
    name,
    argv: inet.inside([execPath, script, ...args]),
    logPath: join(dir, `${name}.log`),
    onLine: (line) => {
      ready ||= line === 'ready';
    },
  });
  await until(name, async () => ready, READY_LIMIT_MS, child);
}
