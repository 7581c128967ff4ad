/**
 * The user beside whom the box fills, and the server that he reads from.
 *
 *     http-user.ts serve IP PORT      an endless file, to whoever asks; says `ready`
 *     http-user.ts fetch URL SECONDS  reads for that long -> {bytes, seconds}
 */
import { once } from 'node:events';
import { createServer, get, type IncomingMessage } from 'node:http';
import { argv, exit } from 'node:process';

const CHUNK = Buffer.alloc(64 * 1024);

async function serve(ip: string, port: number): Promise<void> {
  const server = createServer((_, response) => {
    const more = (): void => {
      while (!response.destroyed && response.write(CHUNK));
    };
    response.on('drain', more).on('error', () => {});
    more();
  });
  server.listen(port, ip);
  await once(server, 'listening');
  console.log('ready');
}

async function read(url: string, seconds: number): Promise<void> {
  const begin = performance.now();
  const [answer] = (await once(get(url), 'response')) as [IncomingMessage];
  let bytes = 0;
  answer.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
  });
  setTimeout(() => {
    console.log(JSON.stringify({ bytes, seconds: (performance.now() - begin) / 1000 }));
    exit(0);
  }, seconds * 1000);
}

const [, , what = '', first = '', second = ''] = argv;
await (what === 'serve' ? serve(first, Number(second)) : read(first, Number(second)));
