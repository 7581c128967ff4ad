/** What a run measures, from the environment: `make bench-fleet NODES=10,20 SIZES=1 SHAPES=equal SYSTEMS=rabbitmq,ours REPEAT=3`. */
import { availableParallelism } from 'node:os';

/** Bytes a second: of whoever gives first, and of each node. */
export type Lines = { readonly giver: number; readonly node: number };

const MB = 1e6;
export const SHAPES = {
  loopback: undefined,
  equal: { giver: 5 * MB, node: 5 * MB },
  wide: { giver: 50 * MB, node: 5 * MB },
} as const satisfies Record<string, Lines | undefined>;
export type Shape = keyof typeof SHAPES;

/** `relay`: ours once more, with a relay between the central and the nodes. */
export const SYSTEMS = ['rabbitmq', 'bittorrent', 'ours', 'relay'] as const;
export type System = (typeof SYSTEMS)[number];
const BY_DEFAULT: readonly System[] = ['rabbitmq', 'bittorrent', 'ours'];

export type BenchPlan = {
  readonly nodes: readonly number[];
  /** Of a file, MB. */
  readonly sizes: readonly number[];
  readonly shapes: readonly Shape[];
  readonly systems: readonly System[];
  readonly repeat: number;
  /** Processes that the nodes are spread over. */
  readonly workers: number;
  /** One distribution may take so long, seconds. */
  readonly limitS: number;
  /** When each message of the control plane passed is told, too. */
  readonly trace: boolean;
};

export class PlanError extends Error {}

type Env = Readonly<Record<string, string | undefined>>;

const wordsOf = (env: Env, name: string): string[] => (env[name] ?? '').split(',').filter(Boolean);

function picked<T extends string>(env: Env, name: string, all: readonly T[], byDefault = all): readonly T[] {
  const words = wordsOf(env, name);
  const unknown = words.find((word) => !(all as readonly string[]).includes(word));
  if (unknown !== undefined) throw new PlanError(`${name}: '${unknown}' is not one of ${all.join(', ')}`);
  return words.length > 0 ? all.filter((one) => words.includes(one)) : byDefault;
}

function numbers(env: Env, name: string, most: number, byDefault: readonly number[]): readonly number[] {
  const words = wordsOf(env, name);
  for (const word of words) {
    const value = Number(word);
    if (!Number.isInteger(value) || value < 1 || value > most)
      throw new PlanError(`${name}: '${word}' is no number from 1 to ${most}`);
  }
  return words.length > 0 ? words.map(Number) : byDefault;
}

const one = (env: Env, name: string, most: number, byDefault: number): number =>
  numbers(env, name, most, [byDefault])[0] as number;

/** Each node has an address of its own in 127.77.0.0/24. */
export const MOST_NODES = 200;

export function readPlan(env: Env): BenchPlan {
  return {
    nodes: numbers(env, 'NODES', MOST_NODES, [10, 20, 40, 60]),
    sizes: numbers(env, 'SIZES', 4_000, [1, 10, 100]),
    shapes: picked(env, 'SHAPES', Object.keys(SHAPES) as Shape[]),
    systems: picked(env, 'SYSTEMS', SYSTEMS, BY_DEFAULT),
    repeat: one(env, 'REPEAT', 100, 1),
    workers: one(env, 'WORKERS', 64, availableParallelism()),
    limitS: one(env, 'LIMIT_S', 3_600, 300),
    trace: env.TRACE === '1',
  };
}

/** Beyond that RabbitMQ alone is not run where its lines are shaped, seconds: there it takes what the formula says. */
const RABBITMQ_RUNS_S = 120;

/** RabbitMQ alone sends each byte to each node over the giver's line: measured on shaped lines, this holds to 2 %. */
export function rabbitmqSeconds(lines: Lines, nodes: number, mb: number): number {
  return 0.03 + 0.001 * nodes + (nodes * mb * MB) / lines.giver;
}

/** Seconds, where the formula stands for a run. */
export function computedSeconds(system: System, shape: Shape, nodes: number, mb: number): number | undefined {
  const lines = SHAPES[shape];
  if (system !== 'rabbitmq' || !lines) return undefined;
  const seconds = rabbitmqSeconds(lines, nodes, mb);
  return seconds - rabbitmqSeconds(lines, nodes, 0) > RABBITMQ_RUNS_S ? seconds : undefined;
}

/** Bytes that a cell needs: a file each and the original, what nodes keep in memory for their neighbours, and the processes. */
export function bytesFor(nodes: number, mb: number): number {
  const kept = Math.min(mb * MB, 64 * 2 ** 20);
  return (nodes + 2) * mb * MB + nodes * kept + 1.5e9;
}

/** About, on two cores. */
export function minutesOf(plan: BenchPlan): number {
  let seconds = 15 * plan.shapes.length;
  for (const shape of plan.shapes)
    for (const nodes of plan.nodes)
      for (const system of plan.systems) {
        seconds += plan.repeat * (system === 'bittorrent' ? 2 : 6 + nodes / 4);
        for (const mb of plan.sizes) {
          if (computedSeconds(system, shape, nodes, mb)) continue;
          const lines: Lines = SHAPES[shape] ?? { giver: 600 * MB, node: 600 * MB };
          const shared = 1.5 + (4 * mb * MB) / lines.node + (nodes * mb * MB) / (600 * MB);
          seconds += plan.repeat * (1 + (system === 'rabbitmq' ? rabbitmqSeconds(lines, nodes, mb) : shared));
        }
      }
  return Math.ceil(seconds / 60);
}
