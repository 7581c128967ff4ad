/** `make flood`: what thousands of connections and a storm of hostile ones cost the box, and the traffic beside them. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { BoxSnapshot } from '#admin/contract.ts';
import type { Endpoint } from '#base/endpoint.ts';
import type { InfoHash } from '#base/units.ts';
import { naming, server, stranger, tracker } from '../../src/box-fixtures.ts';
import { escapedHash } from '../../src/box-strangers.ts';
import { median } from '../bench/figures.ts';
import { makePayload } from '../cafe/payload.ts';
import { runInCafe } from '../cafe/run-in-cafe.ts';
import { until } from '../cafe/servers.ts';
import { SERVER_IP, seedIp } from '../cafe/topology.ts';
import type { Cafe } from '../cafe/world.ts';
import type { CrowdOptions } from './crowd.ts';
import { type FloodSettings, readFloodSettings } from './settings.ts';

/** A task takes 512 clients at most, so the crowd spreads over several. */
const CLIENTS_PER_TORRENT = 400;
const TORRENT_BYTES = 2 << 20;
const PIECE_BYTES = 256 << 10;
const WASTED_PER_TORRENT = 150;
const SEED_PORT = 7_100;
const WASTED_PORT = 20_000;
const TRACKER_PORT = 6_980;
const TRAFFIC_PORT = 5_001;
const HALF_OPEN_PORTS = [20_000, 29_000] as const;
/** One look at ordinary traffic; so many without the box, half of them before and half after. */
const WINDOW_MS = 5_000;
const QUIET_WINDOWS = 6;

const script = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const say = (line: object): void => console.log(JSON.stringify(line));

/** Nothing but the SYN leaves these ports: the box waits for the rest of the handshake. */
const HALF_OPEN_RULE = `table ip half_open {
  chain out { type filter hook output priority 0; policy accept;
  tcp sport ${HALF_OPEN_PORTS[0]}-${HALF_OPEN_PORTS[1]} tcp flags & (syn|ack|rst|fin) != syn drop
}
}`;

type Torrents = CrowdOptions['torrents'];

/** Torrents with one living seed each, which a tracker names among endpoints where nobody listens. */
async function torrents(cafe: Cafe, count: number): Promise<Torrents> {
  const place = cafe.topology.seeds[0];
  if (!place) throw new Error('a flood needs a seed');
  const made: Torrents[number][] = [];
  for (let i = 0; i < count; i++) {
    const dir = join(cafe.dir, `flood-${i}`);
    const settings = { dir, totalBytes: TORRENT_BYTES, pieceBytes: PIECE_BYTES, seed: `flood ${i}`, trackers: [] };
    const payload = await makePayload(settings);
    const peer: Endpoint = { ip: seedIp(1), port: SEED_PORT + i };
    const files = payload.files.map((f) => join(dir, f.path));
    await server(cafe, place, 'seed', { ...peer, torrentPath: payload.torrentPath, files });
    const wasted = Array.from({ length: WASTED_PER_TORRENT }, (_, n) => ({
      ip: seedIp(1),
      port: WASTED_PORT + i * WASTED_PER_TORRENT + n,
    }));
    made.push({ infoHash: payload.infoHash as InfoHash, peer, wasted });
  }
  return made;
}

const announce = (infoHash: InfoHash): string => `/announce?info_hash=${escapedHash(infoHash)}`;

/** The crowd's PC asks the tracker about every torrent: from then on its connections are steered. */
async function announced(cafe: Cafe, list: Torrents): Promise<void> {
  const at = { ip: SERVER_IP, port: TRACKER_PORT };
  const answers = list.map((t) => [announce(t.infoHash), naming(t.peer, ...t.wasted)] as const);
  await tracker(cafe, cafe.topology.inet, at, Object.fromEntries(answers));
  for (const { infoHash } of list) {
    const path = `${announce(infoHash)}&peer_id=-XX0000-123456789012&port=6999&left=1&event=started`;
    await stranger(cafe, cafe.pc(1), 'ask', { ...at, path, maxBytes: 100_000 });
  }
}

/** Mbit/s of one TCP download that has nothing to do with BitTorrent. */
async function ordinary(cafe: Cafe): Promise<number> {
  let mbps = Number.NaN;
  const argv = [execPath, script('traffic.ts'), 'sink', SERVER_IP, String(TRAFFIC_PORT), String(WINDOW_MS)];
  const child = cafe.spawn(cafe.pc(2), argv, (line) => {
    mbps = (JSON.parse(line) as { mbps: number }).mbps;
  });
  await child.exited;
  return mbps;
}

async function windows(cafe: Cafe, count: number): Promise<number[]> {
  const seen: number[] = [];
  for (let i = 0; i < count; i++) seen.push(await ordinary(cafe));
  return seen;
}

/** Resident memory of the daemon, MiB (proc(5)). */
async function residentMiB(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024);
}

/** Flows that crossed the bridge because the box had no room for them: it is not measured by those. */
async function passed(cafe: Cafe): Promise<number> {
  const counter = await cafe.topology.box.run(['nft', 'list', 'counter', 'bridge', 'swarmbox', 'rested']);
  return Number(/packets (\d+)/.exec(counter)?.[1]);
}

type Crowd = { readonly alive: number; readonly lost: number; readonly otherPeer: number; readonly blocks: number };

async function flood(cafe: Cafe, s: FloodSettings): Promise<void> {
  const { box, inet } = cafe.topology;
  const source = cafe.spawn(inet, [execPath, script('traffic.ts'), 'source', SERVER_IP, String(TRAFFIC_PORT)]);
  await until('the source', async () => (await source.tail()).includes('ready'), 10_000, source);
  const quiet = await windows(cafe, QUIET_WINDOWS / 2);
  await cafe.daemon.start();
  const pid = cafe.daemon.pid as number;
  const list = await torrents(cafe, Math.ceil(s.held / CLIENTS_PER_TORRENT));
  await announced(cafe, list);
  await cafe.pc(1).run(['nft', '-f', '-'], HALF_OPEN_RULE);
  const startMiB = await residentMiB(pid);

  const lines: (Crowd & { phase: string; visits?: number; made?: object })[] = [];
  const options: CrowdOptions = { ...s, torrents: list, halfOpenPorts: HALF_OPEN_PORTS };
  const crowd = cafe.spawn(cafe.pc(1), [execPath, script('crowd.ts'), JSON.stringify(options)], (line) =>
    lines.push(JSON.parse(line)),
  );
  await until('the crowd', async () => lines.length > 0, 120_000, crowd);
  const heldMiB = await residentMiB(pid);
  say({ flood: 'held', ...lines[0], passed: await passed(cafe), startMiB, heldMiB });

  const flooded: number[] = [];
  let peakMiB = heldMiB;
  let halfOpen = 0;
  while (lines.length < 2 && !crowd.exit) {
    flooded.push(await ordinary(cafe));
    peakMiB = Math.max(peakMiB, await residentMiB(pid));
    halfOpen = Math.max(halfOpen, (await box.run(['ss', '-Hnt', 'state', 'syn-recv'])).split('\n').length - 1);
  }
  await crowd.exited;
  const done = lines[1];
  if (!done) throw new Error(`the crowd broke off\n${await crowd.tail()}`);
  const during = (await cafe.daemon.get('/api/snapshot')) as BoxSnapshot;
  await sleep(10_000);
  const after = (await cafe.daemon.get('/api/snapshot')) as BoxSnapshot;
  const endMiB = await residentMiB(pid);
  const passedFlows = await passed(cafe);
  await cafe.daemon.stop();
  quiet.push(...(await windows(cafe, QUIET_WINDOWS / 2)));
  say({
    flood: 'storm',
    ...done,
    passed: passedFlows,
    heldMiB,
    peakMiB,
    afterMiB: endMiB,
    halfOpen,
    loopDelay: during.health.loopDelay,
    flowsAfter: after.steering.flows,
    armed: after.steering.state === 'armed',
  });
  const [boxStopped, boxFlooded] = [median(quiet), median(flooded)];
  say({
    flood: 'ordinary traffic',
    lineMbit: s.wanMbit,
    stoppedMbit: boxStopped,
    floodedMbit: boxFlooded,
    ratio: Number((boxFlooded / boxStopped).toFixed(3)),
    stopped: quiet,
    flooded,
  });
}

const settings = readFloodSettings();
await runInCafe(
  {
    prefix: settings.prefix,
    sizeMib: 1,
    wanMbit: settings.wanMbit,
    clients: ['aria2', 'aria2'],
    seeders: ['libtorrent'],
  },
  async (cafe) => {
    await flood(cafe, settings);
  },
);
