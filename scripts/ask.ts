/** Sends one request of the API to the running box and prints the answer. See `scripts/ask`. */
import { argv, exit, stdout } from 'node:process';
import { pipeline } from 'node:stream/promises';
import { admin, askBox } from './ask-box.ts';

/** As long as the slowest of them takes: a large disk is formatted. */
const LIMIT_MS = 600_000;
const [method = '', path = '', body, ...more] = argv.slice(2);
if (!/^(GET|POST|PUT|PATCH|DELETE)$/.test(method) || !path.startsWith('/') || more.length > 0) {
  console.error('usage: scripts/ask METHOD PATH [JSON], such as: scripts/ask GET /api/worth');
  exit(2);
}
try {
  const asked = { method, path, limitMs: LIMIT_MS, ...(body !== undefined && { body }) };
  await pipeline(await askBox(asked), stdout, { end: false });
  stdout.write('\n');
} catch (error) {
  console.error(`ask: ${admin}: ${(error as Error).message}`);
  exit(1);
}
