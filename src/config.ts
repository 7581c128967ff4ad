import { readFileSync } from 'node:fs';
import { isIP, isIPv4 } from 'node:net';
import { errorText } from '#base/errors.ts';
import { minutesOf } from '#base/hours.ts';
import { type InfoHash, parseInfoHash } from '#base/units.ts';
import type { RateLimits } from '#client/rate-limits.ts';
import type { UplinkLimits } from '#downloader/uplink-limits.ts';
import { isVlanId } from '#kernel/lane.ts';
import { type SeatRuleName, seatRuleNames } from '#manager/seat-rules.ts';
import type { PrefillSettings } from '#prefill/prefill.ts';

/** The daemon's settings, as a JSON file holds them. Everything but the ports and the data folder has a default. */
export type Config = {
  /** Bridge port on the clients' side. */
  readonly lan: string;
  /** Bridge port on the router's side. */
  readonly wan: string;
  readonly bridge: string;
  /** 802.1Q ids whose clients are served like untagged ones. The bridge script must be told the same ones. */
  readonly vlans: readonly number[];
  /** The index lives here, and the pieces too when no disks are given. */
  readonly dataDir: string;
  /** Where pieces live instead: folders, each on a disk of its own. */
  readonly disks: readonly string[];
  /** Memory file system for blocks of unfinished pieces, so that they survive the daemon. Made when missing; not its parents. */
  readonly volatileDir?: string;
  /** Where the page listens: an address and port, or a Unix socket. */
  readonly admin: { readonly host: string; readonly port: number } | { readonly path: string };
  /** TCP port of the transparent listener; it is never seen on a wire. */
  readonly listenPort: number;
  /** Group of the kernel's packet log that the tap reads. */
  readonly logGroup: number;
  /** Memory for pieces, MiB. */
  readonly cacheMiB: number;
  /** Free space of each disk that is never touched, MiB. */
  readonly floorMiB: number;
  /** MB/s of each disk that are read to find what has rotted, while nobody else uses the disk; 0: nothing is. */
  readonly scrubMBps: number;
  /** Tasks that may fetch ahead of what their clients take, at the same time; who waits for pieces needs no seat. */
  readonly seats: number;
  /** Who gets a seat: see docs/decisions/seats.md. */
  readonly seatRule: SeatRuleName;
  /** Clients that the box serves at the same time, at most; a machine with little memory, or few descriptors, serves fewer. */
  readonly clients: number;
  /** How fast blocks may go to one connection of a client, to all clients of one torrent, and to everybody, in Mbit/s; absent: no limit. */
  readonly limits: RateLimits;
  /** Serve private torrents (BEP 27) too. */
  readonly servePrivate: boolean;
  /** Info-hashes that pass, and, when given, the only ones that do not: 40 hex digits, or the 64 of a v2 torrent. */
  readonly block: readonly InfoHash[];
  readonly allow?: readonly InfoHash[];
  /** When disks become full, what is worth least goes; false: nothing goes, and nothing new is kept then. */
  readonly evict: boolean;
  /** Where there is nothing but full flash, a torrent is kept only when a second client wants it. */
  readonly spareFlash: boolean;
  /** Info-hashes of torrents that never go. */
  readonly pin: readonly InfoHash[];
  /** The box as a neighbour: it answers LSD announces (BEP 14) and takes connections at its own addresses, from the LAN alone. */
  readonly localPeer: { readonly enabled: boolean; readonly port: number };
  /** The box's own DHT node (BEP 5), which only asks; `bootstrap`: `host:port` of nodes to begin with. Needs an address. */
  readonly dht: { readonly enabled: boolean; readonly bootstrap: readonly string[] };
  /** Fetch ahead for a few seconds when a client announces to a public tracker that it wants a torrent. */
  readonly fetchOnAnnounce: boolean;
  /** How much of the line to the internet fetching may use. */
  readonly uplink: UplinkLimits;
  /** When what lies in the drop folder is fetched before anybody asks for it. */
  readonly prefill: PrefillSettings;
  /** Record what clients ask for, without names, so that the box can tell what another disk or rule would save. */
  readonly trace: boolean;
  /** Clients that want no part in it: addresses and networks (CIDR). Nothing of theirs is read, held or steered. */
  readonly optOut: readonly string[];
  /** Endpoints that are never steered, whoever names them as peers: addresses and networks (CIDR). */
  readonly neverSteer: readonly string[];
};

const DEFAULTS = {
  bridge: 'br0',
  vlans: [],
  disks: [],
  admin: { host: '127.0.0.1', port: 8080 },
  listenPort: 7000,
  logGroup: 17,
  cacheMiB: 256,
  floorMiB: 512,
  scrubMBps: 4,
  seats: 32,
  seatRule: 'priced',
  clients: 4_000,
  limits: {},
  servePrivate: false,
  block: [],
  evict: true,
  spareFlash: true,
  pin: [],
  localPeer: { enabled: true, port: 6881 },
  // Those that Transmission and libtorrent begin with.
  dht: { enabled: true, bootstrap: ['dht.transmissionbt.com:6881', 'dht.libtorrent.org:25401'] },
  fetchOnAnnounce: true,
  uplink: { hours: [], yield: true, wasteShare: 0.1 },
  // The hours in which a cafe is emptiest, and a campus asleep.
  prefill: { hours: [{ from: '02:00', to: '07:00' }], dayShare: 0.5 },
  trace: true,
  optOut: [],
  neverSteer: [],
} as const;

/** Settings of several fields: those that are not given keep their defaults. */
const GROUPS = ['localPeer', 'dht', 'uplink', 'prefill'] as const;

type Check = (value: unknown) => string | undefined;
const port: Check = (v) =>
  Number.isInteger(v) && Number(v) > 0 && Number(v) < 65_536 ? undefined : 'a port, 1 to 65535';
const count =
  (max: number): Check =>
  (v) =>
    Number.isInteger(v) && Number(v) >= 0 && Number(v) <= max ? undefined : `a whole number from 0 to ${max}`;
/** Half of the flows that the kernel's set of diverted ones holds. */
const clientCount: Check = (v) =>
  Number.isInteger(v) && Number(v) >= 1 && Number(v) <= 30_000 ? undefined : 'a whole number from 1 to 30000';
/** The least still serves a block in a second and a half. */
const mbps: Check = (v) =>
  typeof v === 'number' && v >= 0.1 && v <= 100_000 ? undefined : 'a number of Mbit/s from 0.1 to 100000';
/** At the least a piece of 64 MiB takes eleven minutes. */
const scrubRate: Check = (v) =>
  v === 0 || (typeof v === 'number' && v >= 0.1 && v <= 10_000)
    ? undefined
    : 'a number of MB/s from 0.1 to 10000, or 0';
const oneOf =
  (names: readonly string[]): Check =>
  (v) =>
    names.some((name) => name === v) ? undefined : `one of ${names.map((name) => `"${name}"`).join(', ')}`;
const flag: Check = (v) => (typeof v === 'boolean' ? undefined : 'true or false');
/** The name goes into kernel rules, so it is held to what an interface is ever called. */
const device: Check = (v) =>
  typeof v === 'string' && /^[A-Za-z0-9._-]{1,15}$/.test(v) ? undefined : 'an interface name';
/** Each takes two listening sockets and a raw one. */
const MAX_VLANS = 64;
const vlanIds: Check = (v) =>
  Array.isArray(v) && v.length <= MAX_VLANS && v.every(isVlanId) && new Set(v).size === v.length
    ? undefined
    : `a list of at most ${MAX_VLANS} different VLAN ids, 1 to 4094`;
const folder: Check = (v) => (typeof v === 'string' && v.startsWith('/') ? undefined : 'an absolute path');
const MAX_DISKS = 64;
const folders: Check = (v) =>
  Array.isArray(v) &&
  v.length <= MAX_DISKS &&
  v.every((path) => folder(path) === undefined) &&
  new Set(v).size === v.length
    ? undefined
    : `a list of at most ${MAX_DISKS} different absolute paths`;
const optional =
  (check: Check): Check =>
  (v) =>
    v === undefined ? undefined : check(v);
const place: Check = (v) => {
  const a = v as { host?: unknown; port?: unknown; path?: unknown } | null;
  if (typeof a !== 'object' || a === null) return 'an object with host and port, or with path';
  if (typeof a.path === 'string') return folder(a.path);
  return typeof a.host === 'string' ? port(a.port) : 'an object with host and port, or with path';
};

const HASHES_MAX = 100_000;
/** BEP 52: on the wire a v2 info-hash is cut to 20 bytes. */
const hashOf = (v: unknown): InfoHash | undefined =>
  typeof v === 'string' && (v.length === 40 || v.length === 64) && /^[0-9a-fA-F]*$/.test(v)
    ? parseInfoHash(v.slice(0, 40))
    : undefined;
const hashes: Check = (v) =>
  Array.isArray(v) && v.length <= HASHES_MAX && v.every((hash) => hashOf(hash))
    ? undefined
    : `a list of at most ${HASHES_MAX} info-hashes of 40 or 64 hex digits`;

const BOOTSTRAP_MAX = 32;
const nodes: Check = (v) =>
  Array.isArray(v) &&
  v.length <= BOOTSTRAP_MAX &&
  v.every((node) => /^(\[[0-9a-fA-F:.]+\]|[^\s:[\]]+):\d{1,5}$/.test(String(node)))
    ? undefined
    : `a list of at most ${BOOTSTRAP_MAX} "host:port" or "[address]:port"`;

/** An object of these fields and no others. */
const group =
  (fields: Readonly<Record<string, Check>>): Check =>
  (v) => {
    if (typeof v !== 'object' || v === null || Array.isArray(v))
      return `an object with ${Object.keys(fields).join(', ')}`;
    const unknown = Object.keys(v).find((key) => !(key in fields));
    if (unknown !== undefined) return `an object without "${unknown}"`;
    for (const [key, check] of Object.entries(fields)) {
      const wanted = check((v as Record<string, unknown>)[key]);
      if (wanted) return `an object whose "${key}" is ${wanted}`;
    }
    return undefined;
  };
const timeOfDay: Check = (v) =>
  typeof v === 'string' && minutesOf(v) !== undefined ? undefined : 'a time of the day, "00:00" to "24:00"';
const HOURS_MAX = 24;
const hourLimit = group({ from: timeOfDay, to: timeOfDay, mbps });
const hours: Check = (v) =>
  Array.isArray(v) && v.length <= HOURS_MAX && v.every((h) => hourLimit(h) === undefined)
    ? undefined
    : `a list of at most ${HOURS_MAX} such as {"from": "08:00", "to": "24:00", "mbps": 20}`;
const window = group({ from: timeOfDay, to: timeOfDay });
const windows: Check = (v) =>
  Array.isArray(v) && v.length <= HOURS_MAX && v.every((h) => window(h) === undefined)
    ? undefined
    : `a list of at most ${HOURS_MAX} such as {"from": "02:00", "to": "07:00"}`;
const dayGB: Check = (v) =>
  typeof v === 'number' && v >= 0.001 && v <= 1e6 ? undefined : 'a number of GB from 0.001 to 1000000';
const share: Check = (v) => (typeof v === 'number' && v >= 0 && v <= 1 ? undefined : 'a share from 0 to 1');
/** The words go into kernel rules, so they are held to what an address is. */
const isNetwork = (v: unknown): boolean => {
  const [, ip = '', bits] = typeof v === 'string' ? (/^([0-9A-Fa-f:.]+)(?:\/(\d{1,3}))?$/.exec(v) ?? []) : [];
  return isIP(ip) !== 0 && Number(bits ?? 0) <= (isIPv4(ip) ? 32 : 128);
};
/** More would make starting slow; nobody writes that many by hand. */
const MAX_NETWORKS = 1_000;
const networks: Check = (v) =>
  Array.isArray(v) && v.length <= MAX_NETWORKS && v.every(isNetwork)
    ? undefined
    : `a list of at most ${MAX_NETWORKS} addresses or networks, such as "192.0.2.7", "10.0.0.0/8" or "2001:db8::/32"`;

const CHECKS: Readonly<Record<keyof Config, Check>> = {
  lan: device,
  wan: device,
  bridge: device,
  vlans: vlanIds,
  dataDir: folder,
  disks: folders,
  volatileDir: optional(folder),
  admin: place,
  listenPort: port,
  logGroup: count(65_535),
  cacheMiB: count(1 << 20),
  floorMiB: count(1 << 30),
  scrubMBps: scrubRate,
  seats: count(10_000),
  seatRule: oneOf(seatRuleNames),
  clients: clientCount,
  limits: group({ clientMbps: optional(mbps), taskMbps: optional(mbps), boxMbps: optional(mbps) }),
  servePrivate: flag,
  block: hashes,
  allow: optional(hashes),
  evict: flag,
  spareFlash: flag,
  pin: hashes,
  localPeer: group({ enabled: flag, port }),
  dht: group({ enabled: flag, bootstrap: nodes }),
  fetchOnAnnounce: flag,
  uplink: group({ mbps: optional(mbps), hours, dayGB: optional(dayGB), yield: flag, wasteShare: share }),
  prefill: group({ hours: windows, dayShare: share }),
  trace: flag,
  optOut: networks,
  neverSteer: networks,
};

/** Throws an error that tells which setting to mend. */
export function parseConfig(text: string): Config {
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch (error) {
    throw new Error(`it is not JSON: ${errorText(error)}`);
  }
  if (typeof given !== 'object' || given === null || Array.isArray(given)) throw new Error('it must be a JSON object');
  for (const key of Object.keys(given)) if (!(key in CHECKS)) throw new Error(`there is no setting called "${key}"`);
  const config: Record<string, unknown> = { ...DEFAULTS, ...given };
  for (const key of GROUPS) {
    const own = (given as Record<string, unknown>)[key];
    if (typeof own === 'object' && own !== null) config[key] = { ...DEFAULTS[key], ...own };
  }
  for (const [key, check] of Object.entries(CHECKS)) {
    const wanted = check(config[key]);
    if (wanted) throw new Error(`"${key}" must be ${wanted}`);
  }
  if (config.lan === config.wan) throw new Error('"lan" and "wan" must be two ports');
  for (const key of ['block', 'allow', 'pin']) if (config[key]) config[key] = (config[key] as unknown[]).map(hashOf);
  if ((config as Config).localPeer.port === config.listenPort)
    throw new Error('"listenPort" and the port of "localPeer" must differ');
  return config as Config;
}

export function readConfig(path: string): Config {
  try {
    return parseConfig(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new Error(`the configuration ${path} cannot be used: ${errorText(error)}`);
  }
}
