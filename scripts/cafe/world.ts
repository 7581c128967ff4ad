/**
 * The virtual cafe as a library: end-to-end tests start one, run real clients in it and look.
 *
 *     await using cafe = await Cafe.start({ prefix: 'my-test-', sizeMib: 4, wanMbit: 100 });
 *     await cafe.daemon.start();
 *     const { seconds } = await (await cafe.download(1, 'aria2')).complete();
 */
import { join } from 'node:path';
import { execPath } from 'node:process';
import { fileURLToPath } from 'node:url';
import { CafeRefused, Claim } from './claim.ts';
import { type ClientKind, type ClientOptions, ClientRun, type DhtStart, type Ways } from './clients/client.ts';
import { recipes } from './clients/kinds.ts';
import { DAEMON_NAME, Daemon } from './daemon.ts';
import { DHT_NODES, DHT_PORT, startDht } from './dht.ts';
import { Download } from './download.ts';
import { Net, type Place } from './net.ts';
import { makePayload, type Payload, type TorrentVersion } from './payload.ts';
import { type Child, Processes } from './processes.ts';
import { scrape, startInternet, startTracker6, TRACKER_URLS, TRACKER_URLS6, Tracker, until } from './servers.ts';
import { readSettings, type Settings } from './settings.ts';
import { buildTopology, type Family, type Topology, type TopologyOptions } from './topology.ts';
import { magnetWith, writeVariant } from './torrent-variants.ts';

export const PROJECT_ROOT = fileURLToPath(new URL('../..', import.meta.url));

const SEEDERS_LIMIT_MS = 60_000;
/** libtorrent 2.0.8 crashes once in hundreds of starts. Not what is tried here: so many seeders that a crash ended are started again. */
const SPARE_SEEDERS = 1;
const CRASHES: ReadonlySet<NodeJS.Signals | null> = new Set(['SIGSEGV', 'SIGABRT', 'SIGBUS']);
const DAEMON_GRACE_MS = 5_000;

/** What stands in the cafe beyond the ordinary; all of it is off by default. */
export type Extras = {
  /** What each PC speaks, PC 1 first; by default IPv4 alone. */
  readonly pcFamilies?: readonly (readonly Family[])[];
  /** Of the torrent; other than v1 only libtorrent speaks it. */
  readonly version?: TorrentVersion;
  /** Of the torrent: nearly all of it is one file. */
  readonly oneBigFile?: boolean;
  /** No PC reaches another one. */
  readonly isolatePcs?: boolean;
  /** The bridge has an IPv6 address of its own. */
  readonly boxIp6?: boolean;
  /** A tracker on IPv6, to which the seeders announce too. */
  readonly tracker6?: boolean;
  /** A DHT, in which the seeders are. */
  readonly dht?: boolean;
  /** A command that starts the daemon, with its own words at the end. */
  readonly daemonUnder?: readonly string[];
};

export type CafeOptions = Partial<Settings> & {
  readonly extras?: Extras;
  /** Where PC 1, 2, .. stand, when not in the usual LAN; and the VLANs that the box serves. */
  readonly lans?: TopologyOptions['lans'];
  readonly vlans?: readonly number[];
  readonly say?: (line: string) => void;
  /** Laid over the daemon's config. */
  readonly daemonConfig?: Readonly<Record<string, unknown>>;
};

export type DownloadOptions = {
  /** Default: the cafe's own. What is to be had in the end. */
  readonly payload?: Payload;
  /** Default: the payload's torrent file. A magnet link or another torrent file's path. */
  readonly source?: string;
  readonly encrypt?: boolean;
  readonly ways?: Ways;
  /** See ClientOptions. */
  readonly only?: readonly number[];
  readonly mostBytesPerS?: number;
  readonly film?: ClientOptions['film'];
  /** Where its files go. Default: an empty directory. What lies there already it has. */
  readonly dir?: string;
};

export type BoxCounters = {
  readonly wanRxBytes: number;
  readonly wanTxBytes: number;
  readonly lanRxBytes: number;
  readonly lanTxBytes: number;
};

/** What a probe program inside a PC saw; `why` when it was not ok. */
export type Seen = {
  readonly ok: boolean;
  readonly ms: number;
  readonly why?: string;
  readonly sha1?: string;
  readonly bytes?: number;
};

export class Cafe implements AsyncDisposable {
  readonly settings: Settings;
  readonly dir: string;
  readonly payload: Payload;
  readonly topology: Topology;
  readonly processes: Processes;
  readonly tracker: Tracker;
  readonly daemon: Daemon;
  readonly extras: Extras;
  readonly #claim: Claim;
  #seeders: ClientRun[] = [];
  #runs = 0;
  #closing: Promise<void> | undefined;

  private constructor(
    parts: Omit<Parts, 'net'>,
    payload: Payload,
    topology: Topology,
    tracker: Tracker,
    o: CafeOptions,
  ) {
    this.settings = parts.settings;
    this.extras = o.extras ?? {};
    this.#claim = parts.claim;
    this.dir = parts.claim.dir;
    this.processes = parts.processes;
    this.payload = payload;
    this.topology = topology;
    this.tracker = tracker;
    this.daemon = new Daemon({
      box: topology.box,
      processes: parts.processes,
      dir: join(this.dir, 'box'),
      root: PROJECT_ROOT,
      ...(this.extras.daemonUnder && { under: this.extras.daemonUnder }),
      config: { ...(o.vlans ? { vlans: o.vlans } : {}), ...o.daemonConfig },
    });
  }

  /** Everything but the daemon is up when it resolves; nothing is left when it rejects. `aborted` breaks it off. */
  static async start(o: CafeOptions = {}, aborted?: AbortSignal): Promise<Cafe> {
    if (process.getuid?.() !== 0)
      throw new CafeRefused('the cafe makes network namespaces: it needs root (try: sudo make cafe)');
    const { say = () => {}, daemonConfig: _, extras: _extras, lans: _lans, vlans: _vlans, ...given } = o;
    const settings = { ...readSettings({}), ...given };
    const claim = await Claim.take(settings.prefix, say);
    const parts: Parts = { settings, claim, processes: new Processes(), net: new Net(settings.prefix) };
    try {
      return await Cafe.#build(parts, o, aborted);
    } catch (error) {
      await endAll(parts);
      throw error;
    }
  }

  static async #build(parts: Parts, o: CafeOptions, aborted: AbortSignal | undefined): Promise<Cafe> {
    const { settings: s, claim, processes, net } = parts;
    const topology = await buildTopology(net, {
      wanMbit: s.wanMbit,
      seeders: s.seeders.length,
      pcs: o.extras?.pcFamilies ?? s.clients.map(() => ['ipv4']),
      isolatePcs: o.extras?.isolatePcs ?? false,
      boxIp6: o.extras?.boxIp6 ?? false,
      root: PROJECT_ROOT,
      ...(o.lans ? { lans: o.lans } : {}),
      ...(o.vlans ? { vlans: o.vlans } : {}),
    });
    aborted?.throwIfAborted();
    const payload = await makePayload({
      dir: join(claim.dir, 'origin'),
      totalBytes: s.sizeMib * 1024 * 1024 + 12_345,
      pieceBytes: s.pieceKib * 1024,
      seed: s.seed,
      trackers: s.trackers.map((kind) => TRACKER_URLS[kind]),
      version: o.extras?.version ?? 'v1',
      oneBigFile: o.extras?.oneBigFile ?? false,
    });
    aborted?.throwIfAborted();
    await startInternet(topology.inet, processes, claim.dir);
    if (o.extras?.tracker6) await startTracker6(topology.inet, processes, claim.dir);
    if (o.extras?.dht) await startDht(topology.inet, processes, claim.dir);
    const tracker = await Tracker.start(topology.inet, processes, join(claim.dir, 'tracker'), payload.infoHash);
    for (const id of payload.ids.slice(1)) await tracker.admit(id);
    const cafe = new Cafe(parts, payload, topology, tracker, o);
    aborted?.throwIfAborted();
    await cafe.startSeeders();
    aborted?.throwIfAborted();
    return cafe;
  }

  /** The machine of PC `number`, 1 being the first. */
  pc(number: number): Place {
    const place = this.topology.pcs[number - 1];
    if (!place) throw new RangeError(`there is no PC ${number}`);
    return place;
  }

  async startSeeders(): Promise<void> {
    const { settings, topology, payload, processes, extras } = this;
    const trackers = settings.trackers.map((kind) => TRACKER_URLS[kind]);
    const source = extras.tracker6
      ? await this.torrentWith('seeders', [...trackers, ...Object.values(TRACKER_URLS6)])
      : payload.torrentPath;
    const ways = extras.dht ? { dht: dhtStart() } : {};
    const start = (kind: ClientKind, i: number): Promise<ClientRun> => {
      const options = { source, dir: payload.dir, encrypt: false, seed: true, ways };
      const home = join(this.dir, `seeder${i + 1}-${++this.#runs}`);
      const place = topology.seeds[i] as Place;
      return ClientRun.start(
        recipes[kind],
        { ...options, home },
        { place, processes, name: `seeder ${i + 1} (${kind})` },
      );
    };
    this.#seeders = await Promise.all(settings.seeders.map(start));
    let spare = SPARE_SEEDERS;
    const named = async () => {
      for (const [i, seeder] of this.#seeders.entries()) {
        if (!seeder.child.exit) continue;
        if (!CRASHES.has(seeder.child.exit.signal) || spare-- === 0) throw new Error(await seeder.child.howItEnded());
        console.error(`${await seeder.child.howItEnded()}: it is started again`);
        this.#seeders[i] = await start(seeder.kind, i);
      }
      const urls = [TRACKER_URLS.http, ...(extras.tracker6 ? [TRACKER_URLS6.http] : [])];
      const counts = await Promise.all(urls.map((url) => scrape(topology.inet, url, payload.infoHash)));
      return counts.every((count) => count === settings.seeders.length);
    };
    await until('seeders at the tracker', named, SEEDERS_LIMIT_MS);
  }

  /** The cafe's torrent with other trackers, or none; the file's path. */
  async torrentWith(name: string, trackers: readonly string[]): Promise<string> {
    const path = join(this.dir, `${name}.torrent`);
    await writeVariant(this.payload.torrentPath, path, trackers);
    return path;
  }

  magnetWith(trackers: readonly string[]): string {
    return magnetWith(this.payload.magnet, trackers);
  }

  /** SIGKILL: the tracker goes on naming them for a while, and nobody listens there. */
  async killSeeders(): Promise<void> {
    await Promise.all(this.#seeders.map((s) => s.kill()));
    this.#seeders = [];
  }

  /** Starts a client with its default settings. */
  async download(pc: number, kind: ClientKind, o: DownloadOptions = {}): Promise<Download> {
    const place = this.pc(pc);
    const payload = o.payload ?? this.payload;
    const at = join(this.dir, `pc${pc}-${++this.#runs}-${kind}`);
    const dir = o.dir ?? join(at, 'files');
    const client = await ClientRun.start(
      recipes[kind],
      {
        source: o.source ?? payload.torrentPath,
        dir,
        home: join(at, 'home'),
        encrypt: o.encrypt ?? this.settings.encrypt,
        seed: false,
        ...(o.ways ? { ways: o.ways } : {}),
        ...(o.only ? { only: o.only } : {}),
        ...(o.mostBytesPerS ? { mostBytesPerS: o.mostBytesPerS } : {}),
        ...(o.film ? { film: o.film } : {}),
      },
      { place, processes: this.processes, name: `PC ${pc} (${kind})` },
    );
    return new Download(client, pc, dir, payload);
  }

  /** See probe.ts: `http URL`, `tcp-echo IP PORT`, `udp-echo IP PORT`, `connect IP PORT`. Takes at most about a minute. */
  async probe(pc: number, ...args: (string | number)[]): Promise<Seen> {
    const script = fileURLToPath(new URL('./probe.ts', import.meta.url));
    let line = '';
    const child = this.spawn(this.pc(pc), [execPath, script, ...args.map(String)], (l) => {
      line = l;
    });
    await child.exited;
    return line === '' ? { ok: false, ms: 0, why: await child.tail(3) } : (JSON.parse(line) as Seen);
  }

  /** A process inside a machine that ends with the cafe at the latest. */
  spawn(place: Place, argv: readonly string[], onLine?: (line: string) => void): Child {
    const logPath = join(this.dir, `spawn-${++this.#runs}.log`);
    return this.processes.start({
      name: argv[0] ?? '',
      argv: place.inside(argv),
      logPath,
      ...(onLine ? { onLine } : {}),
    });
  }

  /** Bytes that crossed the box's two ports so far. */
  async counters(): Promise<BoxCounters> {
    const { box } = this.topology;
    const [wan, lan] = await Promise.all([box.counters('wan0'), box.counters('lan0')]);
    return { wanRxBytes: wan.rxBytes, wanTxBytes: wan.txBytes, lanRxBytes: lan.rxBytes, lanTxBytes: lan.txBytes };
  }

  close(): Promise<void> {
    this.#closing ??= endAll({
      settings: this.settings,
      claim: this.#claim,
      processes: this.processes,
      net: this.topology.net,
    });
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** All of the DHT's nodes; `ownIp6` for a PC that speaks IPv6. */
export const dhtStart = (ownIp6?: string): DhtStart => ({
  nodes: [...DHT_NODES.ipv4, ...DHT_NODES.ipv6],
  port: DHT_PORT,
  ...(ownIp6 ? { ownIp6 } : {}),
});

type Parts = { settings: Settings; claim: Claim; processes: Processes; net: Net };

/** Each step runs even if one before it failed; the first failure is told at the end. */
async function endAll(parts: Parts): Promise<void> {
  const daemons = parts.processes.live.filter((child) => child.name === DAEMON_NAME);
  const ended = await Promise.allSettled(daemons.map((daemon) => daemon.stop(DAEMON_GRACE_MS)));
  ended.push(...(await Promise.allSettled([parts.processes.killAll()])));
  ended.push(...(await Promise.allSettled([parts.net.close()])));
  ended.push(...(await Promise.allSettled([parts.claim.release()])));
  for (const step of ended) if (step.status === 'rejected') throw step.reason;
}
