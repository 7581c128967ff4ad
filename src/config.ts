import { readFileSync } from 'node:fs';
import { errorText } from '#base/errors.ts';
import { type InfoHash, parseInfoHash } from '#base/units.ts';
import type { RateLimits } from '#client/rate-limits.ts';
import type { UplinkLimits } from '#downloader/uplink-limits.ts';
import type { SeatRuleName } from '#manager/seat-rules.ts';
import type { PrefillSettings } from '#prefill/prefill.ts';
import { problemText } from '#settings/problem-text.ts';
import { filled } from '#settings/setting-defaults.ts';
import { settingProblems } from '#settings/setting-rules.ts';
import { readSettings } from '#settings/settings-file.ts';
import type { FleetSettings } from './fleet-section.ts';

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
  /** Host names under which the page may be opened, beside its addresses. */
  readonly names: readonly string[];
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
  /** Where log lines are sent, too (RFC 5424). */
  readonly syslog: {
    readonly enabled: boolean;
    readonly host: string;
    readonly port: number;
    readonly protocol: 'udp' | 'tcp';
  };
  /** The box as a relay of a fleet. */
  readonly fleet: FleetSettings;
  /** Whether what each client did is kept, and for how many days. */
  readonly clientHistory: { readonly enabled: boolean; readonly keepDays: number };
};

const HASH_LISTS = ['block', 'allow', 'pin'] as const;
/** BEP 52: on the wire a v2 info-hash is cut to 20 bytes. */
const hashOf = (text: string): InfoHash | undefined => parseInfoHash(text.slice(0, 40));

/** Settings as a file gives them, which `settingProblems` has nothing to say about. */
export function configOf(given: Readonly<Record<string, unknown>>): Config {
  const config = filled(given);
  for (const key of HASH_LISTS) {
    const hashes = config[key] as readonly string[] | undefined;
    if (hashes) config[key] = hashes.map(hashOf);
  }
  return config as Config;
}

/** Throws an error that tells which setting to mend. */
export function parseConfig(text: string): Config {
  const { given } = readSettings(text);
  const [problem] = settingProblems(given);
  if (problem) throw new Error(problemText(problem));
  return configOf(given);
}

export function readConfig(path: string): Config {
  try {
    return parseConfig(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new Error(`the configuration ${path} cannot be used: ${errorText(error)}`);
  }
}
