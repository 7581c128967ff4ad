/**
 * Ordinary traffic: `traffic.ts source IP PORT` pours bytes into whoever connects; `traffic.ts sink IP PORT MS` takes them
 * for so long and prints one JSON line.
 */
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { argv } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';

const CHUNK = Buffer.alloc(256 * 1024, 'ordinary traffic ');
/** TCP finds the line's rate first. */
const WARM_UP_MS = 1_000;

async function source(ip: string, port: number): Promise<void> {
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    const pour = (): void => {
      while (!socket.destroyed && socket.write(CHUNK));
    };
    socket.on('drain', pour);
    pour();
  });
  server.listen(port, ip);
  await once(server, 'listening');
  console.log('ready');
}

async function sink(ip: string, port: number, ms: number): Promise<void> {
  const socket = connect({ host: ip, port });
  let bytes = 0;
  socket.on('data', (part: Buffer) => {
    bytes += part.length;
  });
  await once(socket, 'connect');
  await sleep(WARM_UP_MS);
  const [start, before] = [performance.now(), bytes];
  await sleep(ms);
  const mbps = ((bytes - before) * 8) / 1e3 / (performance.now() - start);
  socket.destroy();
  console.log(JSON.stringify({ mbps: Number(mbps.toFixed(1)) }));
}

const [, , what = '', ip = '', port = '', ms = ''] = argv;
await (what === 'source' ? source(ip, Number(port)) : sink(ip, Number(port), Number(ms)));
