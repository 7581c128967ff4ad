/** Asks the running box what other disks and rules would have saved, in lines for a person. See `scripts/what-if`. */
import { argv, exit, stdout } from 'node:process';
import { json } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import type { WhatIfView } from '#admin/contract.ts';
import { admin, askBox } from './ask-box.ts';
import { whatIfText } from './what-if-text.ts';

/** Longer than the box ever works on it. */
const LIMIT_MS = 150_000;

const words = argv.slice(2);
if (words.length > 1 || words.some((word) => word !== '--export')) {
  console.error('usage: scripts/what-if [--export]');
  exit(2);
}
try {
  if (words.length > 0) await pipeline(await askBox({ path: '/api/trace' }), stdout);
  else console.log(whatIfText((await json(await askBox({ path: '/api/what-if', limitMs: LIMIT_MS }))) as WhatIfView));
} catch (error) {
  console.error(`what-if: ${admin}: ${(error as Error).message}`);
  exit(1);
}
