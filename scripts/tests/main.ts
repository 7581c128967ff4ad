/**
 * `make test`: every test file, or those that match the patterns given; two processes at once, but for files that run alone, which come last. The runner counts
 * them together.
 */
import { existsSync, globSync } from 'node:fs';
import { join } from 'node:path';
import { argv } from 'node:process';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { ALONE } from './alone.ts';
import { AT_ONCE } from './turn.ts';
import { together } from './units.ts';

const EVERY = [
  'src/**/*.test.ts',
  'web/**/*.test.ts',
  'scripts/**/*.test.ts',
  'src/**/*.e2e.ts',
  'scripts/**/*.e2e.ts',
];

for (const file of Object.keys(ALONE))
  if (!existsSync(file)) throw new Error(`bug: there is no ${file}, which is to run alone`);

const patterns = argv.length > 2 ? argv.slice(2) : EVERY;
const found = globSync(patterns, { exclude: ['**/node_modules/**'] }).sort();
if (found.length === 0) throw new Error(`no test file matches ${patterns.join(' ')}`);
const isAlone = (file: string): boolean => Object.hasOwn(ALONE, file);

const tests = run({
  files: [...together(found.filter((file) => !isAlone(file))), ...found.filter(isAlone)],
  concurrency: AT_ONCE,
  execArgv: ['--import', join(import.meta.dirname, 'turn.ts')],
});
tests.on('test:fail', () => {
  process.exitCode = 1;
});
tests.compose(spec).pipe(process.stdout);
