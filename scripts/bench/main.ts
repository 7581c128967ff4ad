/** `make bench`: the box beside other programs, and what its parts cost. See README.md. */
import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { env } from 'node:process';
import { ciphers, handshakes, hashing } from './alone.ts';
import { BenchFailed, Children } from './children.ts';
import { cold } from './cold.ts';
import { type Left, type Serving, table } from './figures.ts';
import { fill } from './fill.ts';
import { type Case, PlanError, readPlan, secondsOf } from './plan.ts';
import { serving } from './serving.ts';
import { startUp } from './start-up.ts';
import { tapCosts } from './tap.ts';

const KIB = 1024;
const root = process.getuid?.() === 0;
/** They mount a file system, or make a network namespace. */
const NEED_ROOT: ReadonlySet<Case> = new Set(['cold', 'start-up', 'tap']);
const say = (figures: object): void => console.log(JSON.stringify(figures));

async function run(): Promise<void> {
  const plan = readPlan(env);
  const dir = await mkdtemp(join(tmpdir(), 'swarmbox-bench-'));
  try {
    await using children = new Children(dir);
    // Whoever waits for a child then sees it end, and the run unwinds.
    let stopped = false;
    const stop = (): void => {
      stopped = true;
      void children.end();
    };
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, stop);
    const minutes = Math.ceil(secondsOf(plan) / 60);
    console.log(
      `${cpus().length} cores, ${cpus()[0]?.model ?? 'unknown'}; ${plan.cases.join(', ')}: about ${minutes} min`,
    );
    const rows: Serving[] = [];
    const tell = (row: Serving | Left): void => {
      if (!('left' in row)) rows.push(row);
      say(row);
    };
    /** One that fails leaves the others' figures, and the run ends as failed. */
    const measure = async (bench: string, work: () => Promise<void>): Promise<void> => {
      try {
        await work();
      } catch (error) {
        if (stopped || !(error instanceof BenchFailed)) throw error;
        say({ bench, left: error.message });
        process.exitCode = 1;
      }
    };
    await measure('serving', () => serving(children, plan, dir, tell));
    const others: Partial<Record<Case, () => Promise<void>>> = {
      fill: async () => say(await fill(children, plan, dir)),
      cold: async () => tell(await cold(children, plan, dir)),
      'start-up': async () => say(await startUp(children, plan, dir)),
      hash: async () => {
        for (const kib of [256, 4096]) say(await hashing(children, kib * KIB));
      },
      cipher: async () => {
        say(await ciphers(children));
        say(await handshakes(children));
      },
      tap: async () => {
        for (const row of await tapCosts(children)) say(row);
      },
    };
    for (const one of plan.cases) {
      const work = others[one];
      if (work && NEED_ROOT.has(one) && !root) say({ bench: one, left: 'it needs root' });
      else if (work) await measure(one, work);
    }
    if (rows.length > 0)
      console.log(`\n${table(rows)}\n\nMedians of ${plan.rounds} rounds, box : peer, by turns. Trust the ratios.`);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

try {
  await run();
} catch (error) {
  const expected = error instanceof BenchFailed || error instanceof PlanError;
  console.error(`bench: ${expected ? error.message : ((error as Error).stack ?? error)}`);
  process.exitCode = 1;
}
