import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { promisify } from 'node:util';
import { gzip as gzipCallback } from 'node:zlib';
import { handleMock, serveLive } from './handle.ts';
import { setMode } from './mode.ts';

const gzip = promisify(gzipCallback);
const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};
/** As the box sends it: what the page does against it must show here too. */
const CSP =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** The built page before the made-up box, with the headers of the real one; on a free port of 127.0.0.1 unless one is named. */
export async function serveMock(webRoot: string, port = 0): Promise<{ port: number; server: Server }> {
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://mock');
    const isCentral = url.pathname === '/central.html';
    if (url.pathname === '/' || isCentral) setMode(url.searchParams, isCentral);
    const file = async () => {
      const name = url.pathname === '/' ? '/index.html' : url.pathname;
      const body = name.includes('..') ? undefined : await readFile(join(webRoot, name)).catch(() => undefined);
      response.writeHead(body ? 200 : 404, {
        'content-type': TYPES[extname(name)] ?? 'text/plain',
        'content-security-policy': CSP,
        'content-encoding': 'gzip',
        'cache-control': name.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
      });
      response.end(await gzip(body ?? 'none'));
    };
    handleMock(request, response)
      .then((handled) => (handled ? undefined : file()))
      .catch((error: unknown) => {
        console.error(error);
        response.destroy();
      });
  });
  serveLive(server);
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return { port: (server.address() as AddressInfo).port, server };
}

if (import.meta.main) {
  const { port } = await serveMock(join(import.meta.dirname, '../dist'), Number(process.env.PORT ?? 0));
  console.log(`http://127.0.0.1:${port}/`);
}
