import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { argv, cwd, env, exit, stderr, stdout } from 'node:process';
import { fuzz, keep } from './fuzz.ts';
import { FUZZ_LIMITS } from './limits.ts';
import { Random } from './random.ts';
import type { Target } from './target.ts';
import { targets } from './targets.ts';

const USAGE = `usage: scripts/fuzz.sh [TARGET...]              INPUTS (${FUZZ_LIMITS.inputs}) inputs of each, or of all, from SEED (1)
       scripts/fuzz.sh --replay TARGET FILE     one input
targets: ${Object.keys(targets).join(' ')}
`;

function number(name: string, otherwise: number): number {
  const n = Number(env[name] ?? otherwise);
  if (Number.isSafeInteger(n) && n >= 1) return n;
  stderr.write(`${name} is a number from 1, not ${env[name]}\n`);
  exit(2);
}

/** Ways to cut an input that is replayed. */
const REPLAYS = 200;

async function runAll(names: readonly string[]): Promise<boolean> {
  const [inputs, seed] = [number('INPUTS', FUZZ_LIMITS.inputs), number('SEED', 1)];
  const module = join(import.meta.dirname, 'targets.ts');
  const waiting = [...names];
  let isFine = true;
  const work = async (): Promise<void> => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
      const { failure, ...report } = await fuzz({ module, name, target: targets[name] as Target, seed, inputs });
      stdout.write(`${JSON.stringify(report)}\n`);
      if (!failure) continue;
      isFine = false;
      const file = relative(cwd(), keep(name, failure.input));
      stderr.write(`${name}, input ${failure.index}: ${failure.why}\n`);
      stderr.write(`kept; try it again with: scripts/fuzz.sh --replay ${name} ${file}\n`);
    }
  };
  await Promise.all(Array.from({ length: FUZZ_LIMITS.processes }, work));
  return isFine;
}

const args = argv.slice(2);
const [first, name = '', file] = args;
if (first === '--replay' && targets[name] && file !== undefined) {
  for (let i = 0; i < REPLAYS; i++) await (targets[name] as Target).run(readFileSync(file), new Random(1, i));
  stdout.write(`${name}: nothing wrong with ${file}\n`);
} else if (args.every((arg) => targets[arg])) {
  process.exitCode = (await runAll(args.length > 0 ? args : Object.keys(targets))) ? 0 : 1;
} else {
  stderr.write(USAGE);
  process.exitCode = 2;
}
