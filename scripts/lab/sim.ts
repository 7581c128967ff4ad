/**
 * `make sim`: the product's own rules for seats, judged by the policy lab (`../shared/facts/policy-lab`, or LAB), beside the rule as its source has it. One
 * JSON line a scenario, rule and setting: means over the seeds. SEEDS=1-5, SCENARIOS=cafe,campus,scan. Some minutes.
 *
 *   {"scenario","rule","setting","wanSaved","bound","wasted","meanTime","starved","harmed"}
 *
 * Shares of 1; `meanTime`: of a client's time without any box. Nothing here fails because a figure is low.
 */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { env, exit } from 'node:process';
import { pathToFileURL } from 'node:url';
import { factories } from './seats.ts';

type Result = {
  readonly saved: number;
  readonly bound: number;
  readonly wasted: number;
  readonly meanTime: number;
  readonly starved: number;
};
type Options = { readonly slots?: number; readonly wan?: number; readonly tee?: boolean };
type Workload = { readonly seed: number };
/** What is used of the lab. */
type Lab = {
  readonly SCENARIOS: Readonly<Record<string, object>>;
  generate(scenario: object, seed: number, days: number): Workload;
  simulateSlots(w: Workload, make: unknown, options: Options): Result;
  harmed(without: Result, result: Result): number;
  readonly SeedRule: new (pool: unknown) => unknown;
};

const ROOT = resolve(import.meta.dirname, '../..');
const LAB = env.LAB ?? resolve(ROOT, '../shared/facts/policy-lab');
const DAYS: Readonly<Record<string, number>> = { cafe: 7, campus: 7, scan: 5 };

/** The settings of one scenario: pull-through off and on, and for the long tail few and many seats and a thin line. */
const settingsOf = (scenario: string): Options[] => [
  {},
  { tee: true },
  ...(scenario === 'campus'
    ? [
        { slots: 1 },
        { slots: 2 },
        { slots: 32 },
        { wan: 20, slots: 1 },
        { wan: 20, slots: 2 },
        { wan: 20 },
        { wan: 20, slots: 32 },
      ]
    : []),
];

/** The lab lies where nothing may be written: it is built in a copy. */
async function built(): Promise<Lab> {
  const copy = join(ROOT, '.tools/policy-lab');
  await mkdir(copy, { recursive: true });
  for (const part of ['src', 'test', 'tsconfig.json', 'package.json'])
    await cp(join(LAB, part), join(copy, part), { recursive: true, force: true });
  execFileSync('chmod', ['-R', 'u+w', copy]);
  execFileSync('tsc', ['-p', copy], { stdio: ['ignore', 'inherit', 'inherit'] });
  const parts = ['workload', 'slots'].map((name) => import(pathToFileURL(join(copy, `dist/src/${name}.js`)).href));
  return Object.assign({}, ...(await Promise.all(parts)));
}

const [from = 1, to = from] = (env.SEEDS ?? '1-5').split('-').map(Number);
const seeds = Array.from({ length: to - from + 1 }, (_, i) => from + i);
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const round = (value: number): number => Number(value.toFixed(3));

function judge(lab: Lab, scenario: string): void {
  const workloads = seeds.map((seed) => lab.generate(lab.SCENARIOS[scenario] as object, seed, DAYS[scenario] ?? 7));
  for (const options of settingsOf(scenario)) {
    const { tee: _, ...line } = options;
    const without = workloads.map((w) => lab.simulateSlots(w, null, line));
    const rules: [string, unknown][] = [
      ["the source's", (pool: unknown) => new lab.SeedRule(pool)],
      // The others for comparison, where it is as usual.
      ...Object.entries(factories).filter(([name]) => name === 'priced' || Object.keys(options).length === 0),
    ];
    for (const [rule, make] of rules) {
      const results = workloads.map((w) => lab.simulateSlots(w, make, options));
      const of = (what: (r: Result, i: number) => number): number => round(mean(results.map(what)));
      const found = {
        wanSaved: of((r) => r.saved),
        bound: of((r) => r.bound),
        wasted: of((r) => r.wasted),
        meanTime: of((r, i) => r.meanTime / (without[i] as Result).meanTime),
        starved: of((r) => r.starved),
        harmed: of((r, i) => lab.harmed(without[i] as Result, r)),
      };
      console.log(
        JSON.stringify({ scenario, rule, setting: { pullThrough: options.tee ?? false, ...line }, ...found }),
      );
    }
  }
}

if (!existsSync(LAB)) {
  console.error(`sim: there is no policy lab at ${LAB}; name another place with LAB`);
  exit(1);
}
const lab = await built();
for (const scenario of (env.SCENARIOS ?? Object.keys(DAYS).join(',')).split(',')) judge(lab, scenario);
