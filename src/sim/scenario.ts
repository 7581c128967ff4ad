import { Random } from '#base/seeded-random.ts';
import { KIB, MIB } from '#base/units.ts';
import type { RateLimits } from '#client/rate-limits.ts';
import { type SeatRuleName, seatRuleNames } from '#manager/seat-rules.ts';
import { type Fault, faultsOf } from './faults.ts';

/** What happens in one run, as plain data that follows from its seed. Times in milliseconds since the beginning. */
export type Scenario = {
  readonly seed: number;
  readonly theme: Theme;
  readonly torrents: readonly TorrentPlan[];
  readonly origins: readonly OriginPlan[];
  readonly clients: readonly ClientPlan[];
  readonly faults: readonly Fault[];
  readonly box: BoxPlan;
  readonly wanBytesPerS: number;
  /** Bytes of a chunk at most. */
  readonly chunkBytes: number;
};

export type TorrentPlan = {
  readonly kind: 'one file' | 'files' | 'hybrid' | 'sharing' | 'private';
  readonly bytes: number;
  readonly pieceLength: number;
};

export type OriginPlan = {
  readonly torrent: number;
  readonly ip: string;
  readonly port: number;
  readonly has: readonly number[];
  readonly habit: OriginHabit;
  readonly fast: boolean;
  readonly mse: boolean;
  readonly metadata: 'yes' | 'none' | 'wrong';
  readonly bytesPerS: number;
  readonly latencyMs: number;
  /** Nobody listens then, and who is connected is cut off. */
  readonly away: readonly { readonly fromMs: number; readonly toMs: number }[];
};
export type OriginHabit = 'honest' | (typeof ORIGIN_HABITS)[number];

export type ClientPlan = {
  readonly torrent: number;
  readonly ip: string;
  readonly arrivesMs: number;
  readonly order: 'in order' | 'random';
  /** By the torrent's last name: the v2 one of a hybrid (BEP 52). */
  readonly byLastName: boolean;
  readonly wants: 'all' | 'one file' | 'nothing';
  readonly habit: ClientHabit;
  readonly pipeline: number;
  readonly connections: number;
  readonly fast: boolean;
  readonly extended: boolean;
  /** It gives its metainfo to who asks. */
  readonly metadata: boolean;
  readonly bytesPerS: number;
  /** After it has all that it wants. */
  readonly staysMs: number;
};
export type ClientHabit = 'honest' | (typeof CLIENT_HABITS)[number];

export type BoxPlan = {
  readonly slots: number;
  readonly seats: number;
  readonly seatRule: SeatRuleName;
  readonly evicts: boolean;
  readonly keepsBegun: boolean;
  /** A disk with an arm, and hardly any memory: clients are told of pieces step by step. */
  readonly steers: boolean;
  /** The DHT finds the swarm. */
  readonly dht: boolean;
  readonly limits: RateLimits;
  /** Share of dials that do not pass through the box. */
  readonly unsteered: number;
};

/** Of a file that several torrents hold: enough to be borrowed. */
export const SHARED_BYTES = 400_000;

const THEMES = ['calm', 'clients', 'swarm', 'disk', 'restart', 'all'] as const;
export type Theme = (typeof THEMES)[number];

const ORIGIN_HABITS = [
  'choking',
  'rejecting',
  'forgetful',
  'hanging up',
  'lying',
  'silent',
  'refusing',
  'hanging',
] as const;
const CLIENT_HABITS = ['flapping', 'dozing', 'vanishing', 'greedy', 'garbage', 'idle'] as const;

/** The run of a seed. */
export function scenarioOf(seed: number): Scenario {
  const random = new Random(seed);
  const theme = random.pick(THEMES);
  const has = (...themes: Theme[]): boolean => theme === 'all' || themes.includes(theme);
  const torrents = Array.from({ length: random.pick([1, 1, 2, 3]) }, () => torrentOf(random));
  const count = random.between(1, random.pick([4, 8, 12, 30]));
  const clients = Array.from({ length: count }, (_, i) => clientOf(random, i, torrents, has('clients')));
  return {
    seed,
    theme,
    torrents,
    origins: torrents.flatMap((torrent, i) => originsOf(random, torrent, i, has('swarm'))),
    clients,
    faults: faultsOf(random, theme, clients),
    box: {
      slots: random.pick([1, 2, 8]),
      seats: random.pick([0, 1, 8]),
      seatRule: random.chance(0.6) ? 'priced' : random.pick(seatRuleNames),
      evicts: random.chance(0.5),
      keepsBegun: random.chance(0.3),
      steers: random.chance(0.2),
      dht: random.chance(0.3),
      limits: random.chance(0.2) ? { [random.pick(['clientMbps', 'taskMbps', 'boxMbps'])]: random.between(4, 40) } : {},
      unsteered: theme === 'calm' || random.chance(0.7) ? 0 : 0.1,
    },
    wanBytesPerS: random.pick([300 * KIB, MIB, 4 * MIB, 50 * MIB]),
    chunkBytes: random.chance(0.1) ? 1_500 : random.pick([16 * KIB, 64 * KIB]),
  };
}

/** Each of another size, so that no two have the same name. */
function torrentOf(random: Random): TorrentPlan {
  const kind = random.pick([
    'one file',
    'one file',
    'one file',
    'one file',
    'files',
    'files',
    'hybrid',
    'hybrid',
    'sharing',
    'sharing',
    'private',
  ] as const);
  const pieceLength = random.pick([16, 32, 64, 256]) * KIB;
  // Files are told apart from a size on; smaller torrents make more runs.
  if (kind === 'files' && random.chance(0.15))
    return { kind, bytes: random.between(9 * MIB, 13 * MIB), pieceLength: 256 * KIB };
  return { kind, bytes: random.between(20_000, random.pick([150_000, 600_000, 2 * MIB])), pieceLength };
}

/** More than it has: where files begin with a piece of their own there are a few more, and one file may be another torrent's. */
const pieceCountOf = ({ bytes, pieceLength, kind }: TorrentPlan): number =>
  Math.ceil((bytes + (kind === 'sharing' ? SHARED_BYTES : 0)) / pieceLength) + 2;

function originsOf(random: Random, torrent: TorrentPlan, index: number, isBad: boolean): OriginPlan[] {
  const all = Array.from({ length: pieceCountOf(torrent) }, (_, piece) => piece);
  return Array.from({ length: random.between(1, 6) }, (_, i) => {
    const isPartial = i > 0 && random.chance(0.3);
    return {
      torrent: index,
      ip: `203.0.113.${10 * index + i + 1}`,
      port: 6_881 + i,
      has: isPartial ? all.filter(() => random.chance(0.6)) : all,
      habit: isBad && random.chance(0.5) ? originHabit(random, i) : 'honest',
      fast: random.chance(0.8),
      mse: random.chance(0.1),
      metadata: random.chance(0.8) || (i === 0 && !isBad) ? 'yes' : isBad && random.chance(0.2) ? 'wrong' : 'none',
      bytesPerS: random.pick([50 * KIB, 400 * KIB, 5 * MIB]),
      latencyMs: random.between(5, 200),
      away: isBad && random.chance(0.4) ? spells(random) : [],
    };
  });
}

/** The first tells the truth, if it takes its time: a swarm of liars alone would be a matter of luck. */
function originHabit(random: Random, i: number): OriginHabit {
  if (i === 0) return random.pick(['choking', 'rejecting', 'forgetful', 'hanging up']);
  return random.chance(0.4) ? 'lying' : random.pick(ORIGIN_HABITS);
}

function spells(random: Random): OriginPlan['away'] {
  let atMs = 0;
  return Array.from({ length: random.between(1, 4) }, () => {
    const fromMs = atMs + random.between(500, 40_000);
    atMs = fromMs + random.between(1_000, 60_000);
    return { fromMs, toMs: atMs };
  });
}

function clientOf(random: Random, index: number, torrents: readonly TorrentPlan[], isBad: boolean): ClientPlan {
  const habit = isBad && random.chance(0.5) ? random.pick(CLIENT_HABITS) : 'honest';
  const torrent = random.below(torrents.length);
  return {
    torrent,
    ip: `192.168.1.${10 + index}`,
    arrivesMs: random.chance(0.5) ? random.between(0, 2_000) : random.between(0, 120_000),
    byLastName: random.chance(0.3),
    order: random.pick(['in order', 'random']),
    wants:
      habit === 'idle' ? 'nothing' : torrents[torrent]?.kind === 'files' && random.chance(0.4) ? 'one file' : 'all',
    habit,
    pipeline: random.pick([1, 5, 32, 100]),
    connections: random.between(2, 8),
    fast: random.chance(0.8),
    extended: random.chance(0.9),
    metadata: random.chance(0.7),
    bytesPerS: random.pick([200 * KIB, 2 * MIB, 50 * MIB]),
    staysMs: random.pick([0, 5_000, 60_000]),
  };
}
