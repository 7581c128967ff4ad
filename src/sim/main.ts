/**
 * The whole box on a simulated street, one scenario for each seed: `node src/sim/main.ts --seeds 1-2000`. One JSON line for each run that
 * broke something (`--each`: for every run), one at the end. Exits with 1 when there was one. `--verbose` tells how each run ended.
 */
import { argv, exit } from 'node:process';
import { parseArgs } from 'node:util';
import { type Outcome, runScenario } from './run.ts';
import { scenarioOf } from './scenario.ts';

const { values } = parseArgs({
  args: argv.slice(2),
  options: {
    seeds: { type: 'string', default: '1-200' },
    each: { type: 'boolean', default: false },
    verbose: { type: 'boolean', default: false },
  },
});
const [, from, to = from] = /^(\d+)(?:-(\d+))?$/.exec(values.seeds) ?? [];
if (from === undefined) {
  console.error('usage: node src/sim/main.ts [--seeds FROM-TO] [--each] [--verbose]');
  exit(2);
}

const SUMMED = [
  'simulatedS',
  'events',
  'clients',
  'alone',
  'boxed',
  'fromBoxBytes',
  'fetchedBytes',
] as const satisfies (keyof Outcome)[];

const beganMs = performance.now();
const total = { runs: 0, broken: 0, ...Object.fromEntries(SUMMED.map((key) => [key, 0])) } as Record<string, number>;
const reached = new Map<string, number>();
for (let seed = Number(from); seed <= Number(to); seed++) {
  const { last, said, ...outcome } = await runScenario(scenarioOf(seed));
  const isBroken = outcome.violations.length > 0;
  add('runs', 1);
  add('broken', isBroken ? 1 : 0);
  for (const key of SUMMED) add(key, outcome[key]);
  for (const [event, times] of said) reached.set(event, (reached.get(event) ?? 0) + times);
  if (values.verbose) console.error(last.join('\n'));
  const again = `node src/sim/main.ts --seeds ${seed} --verbose`;
  if (values.each || isBroken) console.log(JSON.stringify({ ...outcome, ...(isBroken && { again }) }));
}
const seconds = (performance.now() - beganMs) / 1000;
const said = Object.fromEntries([...reached].sort(([, a], [, b]) => b - a));
const speed = { seconds: Math.round(seconds), simulatedSPerS: Math.round((total.simulatedS ?? 0) / seconds) };
console.log(JSON.stringify({ ...total, ...speed, said }));
exit(total.broken ? 1 : 0);

function add(key: string, more: number): void {
  total[key] = (total[key] ?? 0) + more;
}
