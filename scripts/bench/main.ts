/** `make bench`: the box's serving path against a named peer, the hash pool, and encrypted handshakes. See README.md. */
import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { fileURLToPath } from 'node:url';
import { makePayload, type Payload } from '../cafe/payload.ts';
import type { Child } from '../cafe/processes.ts';
import { BenchFailed, Children } from './children.ts';
import { type Serving, servingOf, type Turn, table } from './figures.ts';
import type { Leeched } from './leech.ts';
import { type Load, PEER_PORT, SETTINGS } from './settings.ts';
import { tapCosts } from './tap.ts';

type Server = { readonly child: Child; readonly said: { readonly port: number; readonly name?: string } };

const script = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const say = (figures: object): void => console.log(JSON.stringify(figures));

class Bench {
  readonly #children: Children;
  readonly #payload: Payload;

  constructor(children: Children, payload: Payload) {
    this.#children = children;
    this.#payload = payload;
  }

  async serving(): Promise<Serving[]> {
    const { torrentPath, dir } = this.#payload;
    const box: Server = await this.#children.server('box', [execPath, script('box-server.ts'), torrentPath, dir]);
    // Debian's own python3 has libtorrent; another one on PATH may not.
    const seed = ['/usr/bin/python3', script('libtorrent-seed.py'), torrentPath, dir, String(PEER_PORT)];
    const peer: Server = await this.#children.server('libtorrent', seed);
    const turns = new Map<Load, Turn[]>(SETTINGS.loads.map((load) => [load, []]));
    for (let round = 0; round < SETTINGS.rounds; round++)
      for (const [load, taken] of turns)
        taken.push({ box: await this.#leech(box, load), peer: await this.#leech(peer, load) });
    const rows = [...turns].map(([load, taken]) => servingOf(load, peer.said.name ?? 'libtorrent', taken));
    await Promise.all([box.child.stop(), peer.child.stop()]);
    return rows;
  }

  #leech({ child, said }: Server, { conns, depth }: Load): Promise<Leeched> {
    const numbers = [said.port, child.pid, conns, depth, SETTINGS.warmUpMs, SETTINGS.windowMs];
    const argv = [execPath, script('leech.ts'), this.#payload.torrentPath, ...numbers.map(String)];
    return this.#children.figures<Leeched>('leech', argv);
  }

  async hashing(pieceBytes: number): Promise<object> {
    const argv = [execPath, script('hashing.ts'), String(pieceBytes), String(SETTINGS.aloneMs)];
    const said = await this.#children.figures<{ sha1MBps: number; merkleMBps: number }>('hashing', argv);
    const [sha1MBps, merkleMBps] = [Math.round(said.sha1MBps), Math.round(said.merkleMBps)];
    const ratio = Number((said.merkleMBps / said.sha1MBps).toFixed(2));
    return { bench: 'hash', workers: 1, pieceKiB: pieceBytes / 1024, sha1MBps, merkleMBps, ratio };
  }

  async ciphers(): Promise<object> {
    const argv = [execPath, '--openssl-legacy-provider', script('ciphers.ts'), String(SETTINGS.aloneMs)];
    const { MBps, opensslMBps } = await this.#children.figures<{ MBps: number; opensslMBps: number }>('ciphers', argv);
    return { bench: 'rc4', MBps: Math.round(MBps), peer: 'OpenSSL', peerMBps: Math.round(opensslMBps) };
  }

  async handshakes(): Promise<object> {
    const argv = [execPath, script('handshakes.ts'), String(SETTINGS.aloneMs)];
    const { perS } = await this.#children.figures<{ perS: number }>('handshakes', argv);
    return { bench: 'mse-handshake', perS: Math.round(perS) };
  }
}

async function run(): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'swarmbox-bench-'));
  try {
    await using children = new Children(dir);
    // Whoever waits for a child then sees it end, and the run unwinds.
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => void children.end());
    const { torrentBytes: totalBytes, pieceBytes } = SETTINGS;
    const payload = await makePayload({ dir, totalBytes, pieceBytes, seed: 'swarmbox', trackers: [] });
    console.log(`${cpus().length} cores, ${cpus()[0]?.model ?? 'unknown'}; about two minutes`);
    const bench = new Bench(children, payload);
    const rows = await bench.serving();
    for (const row of rows) say(row);
    for (const bytes of [256 * 1024, 4096 * 1024]) say(await bench.hashing(bytes));
    say(await bench.ciphers());
    say(await bench.handshakes());
    if (process.getuid?.() === 0) for (const row of await tapCosts(children)) say(row);
    else console.log('tap: left out, it needs root');
    console.log(`\n${table(rows)}\n\nMedians of ${SETTINGS.rounds} rounds, box and peer by turns. Trust the ratios.`);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

try {
  await run();
} catch (error) {
  console.error(`bench: ${error instanceof BenchFailed ? error.message : ((error as Error).stack ?? error)}`);
  process.exitCode = 1;
}
