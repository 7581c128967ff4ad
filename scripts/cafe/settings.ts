/** What a run of the cafe can be told, from the environment: `make cafe WAN_MBIT=20 CLIENTS=aria2`. */
import { type ClientKind, clientKinds, isClientKind } from './clients/client.ts';

export type Settings = {
  /** First part of every namespace's name: two cafes with different prefixes run beside each other. */
  readonly prefix: string;
  /** Both directions of the line between the cafe's router and the internet, in Mbit/s. */
  readonly wanMbit: number;
  readonly sizeMib: number;
  readonly pieceKib: number;
  /** The same seed makes the same files and the same torrent. */
  readonly seed: string;
  /** One kind per PC, PC 1 first. */
  readonly clients: readonly ClientKind[];
  readonly seeders: readonly ClientKind[];
  readonly trackers: readonly ('http' | 'udp')[];
  /** Every client refuses plain connections. */
  readonly encrypt: boolean;
  /** The seeders are killed before the warm downloads; the tracker goes on naming them. */
  readonly dead: boolean;
  /** Run the scenario, print its figures, end. */
  readonly once: boolean;
  readonly pagePort: number;
  /** Longest time for one download, in seconds. */
  readonly phaseLimitS: number;
};

const MAX_PCS = 50;

/** Bytes that fit in three to four minutes of two downloads at 10 Mbit/s. */
const DEFAULT_SIZE_MIB = 112;

export class SettingError extends Error {}

type Env = Readonly<Record<string, string | undefined>>;

function number(env: Env, name: string, fallback: number, least: number, most: number): number {
  const text = env[name];
  if (text === undefined || text === '') return fallback;
  const value = Number(text);
  if (!Number.isFinite(value) || value < least || value > most)
    throw new SettingError(`${name}=${text}: a number from ${least} to ${most} is wanted`);
  return value;
}

function flag(env: Env, name: string): boolean {
  const text = env[name] ?? '';
  if (['', '0', 'no', 'false'].includes(text)) return false;
  if (['1', 'yes', 'true'].includes(text)) return true;
  throw new SettingError(`${name}=${text}: 1 or 0 is wanted`);
}

function list<T extends string>(
  env: Env,
  name: string,
  fallback: readonly T[],
  is: (t: string) => t is T,
  all: readonly T[],
): T[] {
  const words = (env[name] ?? '').split(',').filter((w) => w !== '');
  if (words.length === 0) return [...fallback];
  return words.map((word) => {
    if (!is(word)) throw new SettingError(`${name}: '${word}' is not one of ${all.join(', ')}`);
    return word;
  });
}

const trackerKinds = ['http', 'udp'] as const;
const isTrackerKind = (t: string): t is (typeof trackerKinds)[number] => t === 'http' || t === 'udp';

export function readSettings(env: Env): Settings {
  const prefix = env.CAFE_PREFIX || 'swarmbox-';
  if (!/^[a-z0-9][a-z0-9-]{0,30}-$/.test(prefix))
    throw new SettingError(`CAFE_PREFIX=${prefix}: small letters, digits and -, ending in -`);
  const kinds = list(env, 'CLIENTS', clientKinds, isClientKind, clientKinds);
  const pcs = Math.trunc(number(env, 'PCS', env.CLIENTS ? kinds.length : 3, 1, MAX_PCS));
  const wanMbit = number(env, 'WAN_MBIT', 10, 0.1, 10_000);
  const sizeMib = number(env, 'SIZE_MIB', DEFAULT_SIZE_MIB, 1, 20_000);
  const lineS = (sizeMib * 1024 * 1024 * 8) / (wanMbit * 1e6);
  return {
    prefix,
    wanMbit,
    sizeMib,
    pieceKib: number(env, 'PIECE_KIB', 256, 16, 16_384),
    seed: env.SEED || 'swarmbox',
    clients: Array.from({ length: pcs }, (_, i) => kinds[i % kinds.length] as ClientKind),
    seeders: list(env, 'SEEDERS', ['libtorrent', 'aria2'], isClientKind, clientKinds),
    trackers: list(env, 'TRACKERS', trackerKinds, isTrackerKind, trackerKinds),
    encrypt: flag(env, 'ENCRYPT'),
    dead: flag(env, 'DEAD'),
    once: flag(env, 'ONCE'),
    pagePort: number(env, 'PAGE_PORT', 8080, 0, 65_535),
    // Three times what the line needs, and time for a client that dials late.
    phaseLimitS: number(env, 'PHASE_LIMIT_S', Math.ceil(lineS * 3) + 120, 1, 86_400),
  };
}
