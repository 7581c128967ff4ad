/** What `make test` runs: every test file in a process of its own, two at once but for those that run alone. The runner counts them together. */
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { ALONE } from './alone.ts';
import { AT_ONCE } from './turn.ts';

const PATTERNS = [
  'src/**/*.test.ts',
  'web/**/*.test.ts',
  'scripts/**/*.test.ts',
  'src/**/*.e2e.ts',
  'scripts/**/*.e2e.ts',
];

const files = globSync(PATTERNS, { exclude: ['**/node_modules/**'] }).sort();
const alone = Object.keys(ALONE);
for (const file of alone) if (!files.includes(file)) throw new Error(`bug: there is no ${file}, which is to run alone`);

const tests = run({
  files: [...files.filter((file) => !alone.includes(file)), ...alone],
  concurrency: AT_ONCE,
  execArgv: ['--import', join(import.meta.dirname, 'turn.ts')],
});
tests.on('test:fail', () => {
  process.exitCode = 1;
});
tests.compose(spec).pipe(process.stdout);
