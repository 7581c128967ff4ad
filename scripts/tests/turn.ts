/** Loaded before each test file of a whole run: waits until the file may begin. */
import { relative, resolve } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { ALONE } from './alone.ts';
import { Seats } from './seats.ts';

/** Processes of a run, and its seats. */
export const AT_ONCE = 2;

// Not in a file's workers, nor in the runner.
if (isMainThread && process.env.NODE_TEST_CONTEXT?.startsWith('child')) {
  const file = relative(resolve(import.meta.dirname, '../..'), process.argv[1] ?? '');
  const seats = new Seats(String(process.ppid), AT_ONCE);
  await (Object.hasOwn(ALONE, file) ? seats.all() : seats.one());
}
