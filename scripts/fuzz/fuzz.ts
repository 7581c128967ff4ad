import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execPath } from 'node:process';
import type { Outcome } from './child.ts';
import { FUZZ_LIMITS } from './limits.ts';
import { Inputs, SEEDS, type Target } from './target.ts';

export type Order = {
  /** Absolute path of the module that exports `targets`. */
  readonly module: string;
  readonly name: string;
  readonly target: Target;
  readonly seed: number;
  readonly inputs: number;
  readonly hangMs?: number;
};

export type Report = {
  readonly target: string;
  readonly inputs: number;
  readonly seconds: number;
  readonly perSecond: number;
  readonly heapGrowthBytes: number;
  readonly ok: boolean;
  /** What went wrong, and the input it went wrong with. */
  readonly failure?: { readonly why: string; readonly index: number; readonly input: Buffer };
};

type Ended = { outcome: Outcome | undefined; how: string; index: number };

/** Runs a target in a child process that is killed when an input hangs. */
export async function fuzz(order: Order): Promise<Report> {
  const startedAt = performance.now();
  const { outcome, how, index } = await runChild(order);
  const seconds = Math.round(performance.now() - startedAt) / 1000;
  const failed = outcome?.kind === 'failed' ? outcome : outcome ? undefined : { why: how, index };
  const done = failed ? failed.index : order.inputs;
  return {
    target: order.name,
    inputs: done,
    seconds,
    perSecond: Math.round(done / seconds),
    heapGrowthBytes: outcome?.kind === 'done' ? outcome.heapGrowthBytes : 0,
    ok: !failed,
    ...(failed && {
      failure: {
        why: failed.why,
        index: failed.index,
        input: new Inputs(order.name, order.target, order.seed).at(failed.index).input,
      },
    }),
  };
}

async function runChild({ module, name, seed, inputs, hangMs = FUZZ_LIMITS.hangMs }: Order): Promise<Ended> {
  const folder = mkdtempSync(join(tmpdir(), 'swarmbox-fuzz-'));
  const progress = join(folder, 'progress');
  writeFileSync(progress, Buffer.alloc(8));
  const options = [
    '--expose-gc',
    `--max-old-space-size=${FUZZ_LIMITS.childHeapMib}`,
    join(import.meta.dirname, 'child.ts'),
  ];
  const child = spawn(execPath, [...options, module, name, String(seed), String(inputs), progress], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let errors = '';
  child.stdout.on('data', (chunk: Buffer) => (output = `${output}${chunk}`.slice(-2 * FUZZ_LIMITS.failureChars)));
  child.stderr.on('data', (chunk: Buffer) => (errors = `${errors}${chunk}`.slice(-FUZZ_LIMITS.failureChars)));
  let hung = false;
  let before = { index: -1, atMs: performance.now() };
  const watch = setInterval(() => {
    const index = indexIn(progress);
    if (index !== before.index) before = { index, atMs: performance.now() };
    else if (performance.now() - before.atMs > hangMs) {
      hung = true;
      child.kill('SIGKILL');
    }
  }, FUZZ_LIMITS.lookEveryMs);
  try {
    const end = await new Promise<string>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) => resolve(signal ?? `exit code ${code}`));
    });
    const line = output.trim().split('\n').at(-1) ?? '';
    const outcome = line.startsWith('{') && !hung ? (JSON.parse(line) as Outcome) : undefined;
    const how = hung ? `no end within ${hangMs} ms` : `the process died (${end}): ${errors}`;
    return { outcome, how, index: indexIn(progress) };
  } finally {
    clearInterval(watch);
    rmSync(folder, { recursive: true });
  }
}

function indexIn(progress: string): number {
  const bytes = readFileSync(progress);
  return bytes.length === 8 ? bytes.readDoubleLE() : 0;
}

/** Keeps a failing input as a seed, so that it is tried first from then on. Returns its file. */
export function keep(name: string, input: Buffer): string {
  const folder = join(SEEDS, name);
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `failed-${createHash('sha1').update(input).digest('hex').slice(0, 12)}`);
  writeFileSync(file, input);
  return file;
}
