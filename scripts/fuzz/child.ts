import { openSync, writeSync } from 'node:fs';
import { argv, exit, memoryUsage } from 'node:process';
import { inspect } from 'node:util';
import { FUZZ_LIMITS } from './limits.ts';
import { Inputs, type Target } from './target.ts';

/**
 * Runs one target, in a process of its own: `child.ts MODULE TARGET SEED INPUTS PROGRESS`. Before each input its index is
 * written to PROGRESS, so that the parent knows which input a hang or a crash was about.
 */
const [module, name, seed, inputs, progress] = argv.slice(2) as [string, string, string, string, string];

export type Outcome =
  | { readonly kind: 'failed'; readonly index: number; readonly why: string }
  | { readonly kind: 'done'; readonly heapGrowthBytes: number };

/** Buffers are given back a turn after they are found to be garbage. */
async function memoryInUse(): Promise<number> {
  for (let i = 0; i < 3; i++) {
    globalThis.gc?.();
    await new Promise((resolve) => setImmediate(resolve));
  }
  const { heapUsed, external } = memoryUsage();
  return heapUsed + external;
}

function tell(outcome: Outcome): never {
  writeSync(1, `${JSON.stringify(outcome)}\n`);
  exit(0);
}

const { targets } = (await import(module)) as { targets: Readonly<Record<string, Target>> };
const target = targets[name] as Target;
const count = Number(inputs);
const made = new Inputs(name, target, Number(seed));
const fd = openSync(progress, 'w');
const index = Buffer.alloc(8);
let memoryBefore = 0;
for (let i = 0; i < count; i++) {
  index.writeDoubleLE(i);
  writeSync(fd, index, 0, 8, 0);
  if (i === Math.floor(count * FUZZ_LIMITS.warmUp)) memoryBefore = await memoryInUse();
  const { input, random } = made.at(i);
  try {
    const running = target.run(input, random);
    if (running) await running;
  } catch (error) {
    tell({ kind: 'failed', index: i, why: inspect(error).slice(0, FUZZ_LIMITS.failureChars) });
  }
}
const heapGrowthBytes = (await memoryInUse()) - memoryBefore;
if (heapGrowthBytes <= FUZZ_LIMITS.heapGrowthBytes) tell({ kind: 'done', heapGrowthBytes });
tell({ kind: 'failed', index: count - 1, why: `memory in use grew by ${heapGrowthBytes} bytes` });
