/** The policy lab (`../shared/facts/policy-lab`, or LAB), as much of it as is used; and how its figures are said. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { env } from 'node:process';
import { pathToFileURL } from 'node:url';

export type SlotResult = {
  readonly saved: number;
  readonly bound: number;
  readonly wasted: number;
  readonly meanTime: number;
  readonly starved: number;
};
export type SlotOptions = { readonly slots?: number; readonly wan?: number; readonly tee?: boolean };
export type Workload = { readonly seed: number };
export type SegmentTrace = { readonly footprint: number };
export type RamResult = { readonly mbps: number; readonly hit: number; readonly diskMBps: number };

/** What is handed to a referee to judge: it looks like what the referee's own `types.ts` or `slots.ts` says. */
type Judged = (view: never) => unknown;
type Classic = new (view: unknown, ...options: number[]) => unknown;

export type Lab = {
  readonly SCENARIOS: Readonly<Record<string, object>>;
  generate(scenario: object, seed: number, days?: number): Workload;
  simulateSlots(w: Workload, make: Judged | null, options: SlotOptions): SlotResult;
  harmed(without: SlotResult, result: SlotResult): number;
  readonly SeedRule: new (pool: unknown) => unknown;
  segmentTrace(w: Workload, segmentMB: number): SegmentTrace;
  replay(t: SegmentTrace, capacity: number, make: Judged): { readonly byteHit: number; readonly written: number };
  readonly Lru: Classic;
  readonly Arc: Classic;
  readonly S3Fifo: Classic;
  readonly Belady: Classic;
  readonly RAM_SCENARIOS: Readonly<Record<string, object>>;
  simulateRam(options: object, make: Judged): RamResult;
};

const ROOT = resolve(import.meta.dirname, '../..');
export const LAB = env.LAB ?? resolve(ROOT, '../shared/facts/policy-lab');

/** It lies where nothing may be written: it is built in a copy. Undefined: there is none. */
export async function builtLab(): Promise<Lab | undefined> {
  if (!existsSync(LAB)) return undefined;
  const copy = join(ROOT, '.tools/policy-lab');
  await mkdir(copy, { recursive: true });
  for (const part of ['src', 'tsconfig.json', 'package.json'])
    await cp(join(LAB, part), join(copy, part), { recursive: true, force: true });
  execFileSync('chmod', ['-R', 'u+w', copy]);
  execFileSync('tsc', ['-p', copy], { stdio: ['ignore', 'inherit', 'inherit'] });
  const parts = ['workload', 'slots', 'evict', 'ram', 'policies/classic'];
  const loaded = parts.map((name) => import(pathToFileURL(join(copy, `dist/src/${name}.js`)).href));
  return Object.assign({}, ...(await Promise.all(loaded)));
}

/** SEEDS, `1-5` or one number; else from 1 to `most`. */
export function seedsTo(most: number): number[] {
  const said = env.SEEDS ?? `1-${most}`;
  if (!/^\d+(-\d+)?$/.test(said)) throw new Error(`SEEDS is '${said}': it may be a number, or two as in 1-5`);
  const [from = 1, to = from] = said.split('-').map(Number);
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}

export const mean = (values: readonly number[]): number => values.reduce((sum, x) => sum + x, 0) / values.length;

/** One JSON line; numbers with three decimals. */
export function say(line: object): void {
  console.log(JSON.stringify(line, (_, value) => (typeof value === 'number' ? Number(value.toFixed(3)) : value)));
}
