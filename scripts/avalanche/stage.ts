/** The stage of an avalanche: torrents with their origins, a crowd, and what the box's kernel and process tell of it. */
import { readFile } from 'node:fs/promises';
import { execPath } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Endpoint } from '#base/endpoint.ts';
import { naming, stranger, tracker } from '../../src/box-fixtures.ts';
import { escapedHash } from '../../src/box-strangers.ts';
import type { Child } from '../cafe/processes.ts';
import { until } from '../cafe/servers.ts';
import { SERVER_IP, seedIp } from '../cafe/topology.ts';
import type { Cafe } from '../cafe/world.ts';
import type { CrowdLine, CrowdOptions } from './crowd.ts';
import { type OriginsOptions, torrentNumber } from './origins.ts';

const FIRST_PORT = 7_100;
const TRACKER_PORT = 6_980;
const COME_WITHIN_MS = 120_000;
const LOOK_MS = 250;
/** Addresses of the crowd's PC, beside its own: as many machines as a hall has. */
const CROWD_IPS = Array.from({ length: 100 }, (_, i) => `192.168.77.${151 + i}`);

type Torrents = CrowdOptions['torrents'];

const script = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** Torrents that may be had at one peer each, and a tracker that names it. The crowd's PC gets its addresses. */
export async function setStage(cafe: Cafe, count: number): Promise<Torrents> {
  await cafe.pc(1).ip(...CROWD_IPS.map((ip) => `addr add ${ip}/24 dev eth0`));
  const endpoints = Array.from({ length: count }, (_, n): Endpoint => ({ ip: seedIp(1), port: FIRST_PORT + n }));
  const place = cafe.topology.seeds[0];
  if (!place) throw new Error('an avalanche needs a seed');
  let ready = false;
  const options: OriginsOptions = { endpoints };
  const child = cafe.spawn(place, [execPath, script('origins.ts'), JSON.stringify(options)], (line) => {
    ready ||= line === 'ready';
  });
  await until('the origins', async () => ready, 20_000, child);
  const torrents = endpoints.map((peer, n) => ({ infoHash: torrentNumber(n).meta.infoHash, peer }));
  const answers = torrents.map((t) => [announce(t.infoHash), naming(t.peer)] as const);
  await tracker(cafe, cafe.topology.inet, { ip: SERVER_IP, port: TRACKER_PORT }, Object.fromEntries(answers));
  return torrents;
}

const announce = (infoHash: Torrents[number]['infoHash']): string => `/announce?info_hash=${escapedHash(infoHash)}`;

/** The crowd's PC asks the tracker about every torrent: from then on connections to their peers are steered. */
export async function announced(cafe: Cafe, torrents: Torrents): Promise<void> {
  for (const { infoHash } of torrents) {
    const path = `${announce(infoHash)}&peer_id=-XX0000-123456789012&port=6999&left=1&event=started`;
    await stranger(cafe, cafe.pc(1), 'ask', { ip: SERVER_IP, port: TRACKER_PORT, path, maxBytes: 100_000 });
  }
}

/** Clients that come within so many seconds, and stay until they are told to go. */
export class Crowd {
  readonly #child: Child;
  readonly #clients: number;
  #last: CrowdLine | undefined;

  constructor(cafe: Cafe, torrents: Torrents, clients: number, seconds: number, asks = true) {
    const options: CrowdOptions = { clients, seconds, asks, from: CROWD_IPS, torrents };
    this.#clients = clients;
    this.#child = cafe.spawn(cafe.pc(1), [execPath, script('crowd.ts'), JSON.stringify(options)], (line) => {
      this.#last = JSON.parse(line) as CrowdLine;
    });
  }

  /** How they fare, up to a second ago. */
  get fares(): CrowdLine {
    if (!this.#last) throw new Error('bug: nobody has come yet');
    return this.#last;
  }

  /** All have come; and they are answered, or have waited for long enough. */
  async here(patienceMs: number): Promise<void> {
    await until('the crowd', async () => this.#last?.come === this.#clients, COME_WITHIN_MS, this.#child);
    const isAnswered = (): boolean => this.fares.byBox + this.fares.byOrigin === this.#clients;
    for (const end = performance.now() + patienceMs; performance.now() < end && !isAnswered(); ) await sleep(LOOK_MS);
  }

  go(): Promise<void> {
    return this.#child.stop();
  }
}

/** The crowd's connections that the box has accepted, and those that it opened in clients' names: spliced flows, and its own to origins. */
export async function carried(cafe: Cafe): Promise<{ accepted: number; dialled: number }> {
  const lines = (await cafe.topology.box.run(['ss', '-Hnt', 'state', 'established'])).split('\n');
  const isOrigin = (at: string | undefined): boolean => {
    const port = Number(at?.split(':').at(-1));
    return port >= FIRST_PORT && port < FIRST_PORT + 100;
  };
  const ends = lines.map((line) => line.trim().split(/\s+/));
  return {
    accepted: ends.filter(([, , local]) => isOrigin(local)).length,
    dialled: ends.filter(([, , , peer]) => isOrigin(peer)).length,
  };
}

/** Resident memory of the daemon from now on, MiB (proc(5)). */
export class Memory implements Disposable {
  readonly #pid: number;
  readonly #watching: NodeJS.Timeout;
  peakMiB = 0;

  constructor(pid: number) {
    this.#pid = pid;
    this.#watching = setInterval(() => void this.nowMiB().catch(() => {}), 500);
  }

  async nowMiB(): Promise<number> {
    const status = await readFile(`/proc/${this.#pid}/status`, 'utf8');
    const MiB = Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024);
    this.peakMiB = Math.max(this.peakMiB, MiB);
    return MiB;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#watching);
  }
}
