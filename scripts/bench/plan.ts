/** What a run measures, from the environment: `make bench CASES=memory PEERS=libtorrent,rtorrent CONNS=8,64 ROUNDS=5`. */
import { type PeerKind, peerKinds } from './peers/peer.ts';
import { depthOf } from './settings.ts';

export const cases = [
  'memory',
  'page-cache',
  'encrypted',
  'fill',
  'cold',
  'start-up',
  'hash',
  'cipher',
  'tap',
] as const;
export type Case = (typeof cases)[number];

export type Load = {
  /** Leeching connections, each from a loopback address of its own. */
  readonly conns: number;
  /** Requests of 16 KiB that each keeps open. */
  readonly depth: number;
};

export type Plan = {
  readonly cases: readonly Case[];
  readonly peers: readonly PeerKind[];
  readonly loads: (of: 'memory' | 'page-cache' | 'encrypted') => readonly Load[];
  /** Box and peer take turns within each round; the medians of the rounds are told. */
  readonly rounds: number;
};

/** Ask for 1 and 1,000 by name: ten minutes do not hold them all. Where the disk or the cipher is the bound, a few connections tell as much as many. */
const CONNS = { memory: [8, 64, 200], 'page-cache': [64], encrypted: [8] } as const;
const MOST_CONNS = 4_000;
const MOST_DEPTH = 2_000;
const MOST_ROUNDS = 100;

export class PlanError extends Error {}

type Env = Readonly<Record<string, string | undefined>>;

const wordsOf = (env: Env, name: string): string[] => (env[name] ?? '').split(',').filter(Boolean);

function picked<T extends string>(env: Env, name: string, all: readonly T[]): readonly T[] {
  const words = wordsOf(env, name);
  const unknown = words.find((word) => !(all as readonly string[]).includes(word));
  if (unknown !== undefined) throw new PlanError(`${name}: '${unknown}' is not one of ${all.join(', ')}`);
  return words.length > 0 ? all.filter((one) => words.includes(one)) : all;
}

function numbers(env: Env, name: string, most: number): number[] {
  return wordsOf(env, name).map((word) => {
    const value = Number(word);
    if (Number.isInteger(value) && value >= 1 && value <= most) return value;
    throw new PlanError(`${name}: '${word}' is no number from 1 to ${most}`);
  });
}

export function readPlan(env: Env): Plan {
  const conns = numbers(env, 'CONNS', MOST_CONNS);
  const [depth] = numbers(env, 'DEPTH', MOST_DEPTH);
  const [rounds = 5] = numbers(env, 'ROUNDS', MOST_ROUNDS);
  return {
    cases: picked(env, 'CASES', cases),
    peers: picked(env, 'PEERS', peerKinds),
    loads: (of) => (conns.length > 0 ? conns : CONNS[of]).map((n) => ({ conns: n, depth: depth ?? depthOf(n) })),
    rounds,
  };
}

/** Seconds, from the turns that a plan has on a machine like the one that the README's figures are from. */
export function secondsOf({ cases: wanted, peers, loads, rounds }: Plan): number {
  const seeds = peers.filter((peer) => peer !== 'nginx').length;
  const serving = (of: 'memory' | 'page-cache' | 'encrypted', against: number, begin: number): number =>
    begin + loads(of).reduce((sum) => sum + 11 + 2 * against * rounds * 1.4, 0);
  const each: Record<Case, number> = {
    memory: serving('memory', peers.length, 5),
    'page-cache': serving('page-cache', peers.length, 12),
    encrypted: serving('encrypted', seeds, 5),
    fill: 10 + rounds * 10,
    cold: 10 + rounds * 16,
    'start-up': rounds * 6,
    hash: 10,
    cipher: 6,
    tap: 35,
  };
  return wanted.reduce((sum, one) => sum + each[one], 0);
}
