/** Sends one request of the API to the running box and prints the answer. See `scripts/ask`. */
import { argv, exit, stdout } from 'node:process';
import { pipeline } from 'node:stream/promises';
import { admin, askBox } from './ask-box.ts';

const [method = '', path = '', body, ...more] = argv.slice(2);
if (!/^(GET|POST|PUT|PATCH|DELETE)$/.test(method) || !path.startsWith('/') || more.length > 0) {
  console.error('usage: scripts/ask METHOD PATH [JSON], such as: scripts/ask GET /api/worth');
  exit(2);
}
try {
  await pipeline(await askBox({ method, path, ...(body !== undefined && { body }) }), stdout, { end: false });
  stdout.write('\n');
} catch (error) {
  console.error(`ask: ${admin}: ${(error as Error).message}`);
  exit(1);
}
