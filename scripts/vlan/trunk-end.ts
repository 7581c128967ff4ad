/**
 * Programs in the machines of the trunk's tests: `trunk-end.ts NAME JSON`. The server says `ready`; the others print one JSON
 * line and end.
 */
import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { argv } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';

export type At = { readonly ip: string; readonly port: number };

const LIMIT_MS = 60_000;
const say = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`);

/** Says its name and whom it sees, then echoes. */
async function server({ ip, port, name }: At & { name: string }): Promise<void> {
  const listening = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.write(`${name} ${socket.remoteAddress} ${socket.remotePort}\n`);
    socket.pipe(socket);
  }).listen(port, ip);
  await once(listening, 'listening');
  process.stdout.write('ready\n');
}

async function dialled({ ip, port, from }: At & { from: number }): Promise<Socket> {
  const socket = connect({ host: ip, port, localPort: from });
  socket.setTimeout(LIMIT_MS, () => socket.destroy(new Error('nothing came')));
  await once(socket, 'connect');
  return socket;
}

/** At the time `atMs` dials, waits for the server's name, then has bytes echoed. */
async function talk(o: At & { from: number; bytes: number; atMs: number }): Promise<void> {
  await sleep(Math.max(0, o.atMs - Date.now()));
  const socket = await dialled(o);
  const sent = randomBytes(o.bytes);
  let got: Buffer = Buffer.alloc(0);
  let greeting = '';
  for await (const part of socket) {
    got = Buffer.concat([got, part as Buffer]);
    if (greeting === '' && got.includes('\n')) {
      greeting = got.toString('latin1', 0, got.indexOf('\n'));
      got = got.subarray(got.indexOf('\n') + 1);
      socket.write(sent);
    }
    if (greeting !== '' && got.length >= o.bytes) break;
  }
  say({ greeting, same: got.equals(sent) });
}

/** A plain BitTorrent handshake to an endpoint that nobody has named yet: from then on the box steers it. */
async function greet(o: At): Promise<void> {
  const socket = await dialled({ ...o, from: 0 });
  socket.write(Buffer.concat([Buffer.from('\x13BitTorrent protocol', 'latin1'), Buffer.alloc(8), randomBytes(40)]));
  await once(socket, 'data');
  socket.destroy();
  say({ ok: true });
}

/** A uTP SYN (BEP 29): the type of the answer's packet, 3 for a reset. */
async function utp(o: At): Promise<void> {
  const socket = createSocket('udp4');
  const syn = Buffer.alloc(20);
  syn[0] = 0x41;
  syn.writeUInt16BE(4711, 2);
  syn.writeUInt32BE(1 << 20, 12);
  syn.writeUInt16BE(1, 16);
  const again = setInterval(() => socket.send(syn, o.port, o.ip), 2_000);
  socket.send(syn, o.port, o.ip);
  const late = setTimeout(() => socket.close(() => say({ type: null })), 20_000);
  socket.once('message', (answer, from) => {
    say({ type: (answer[0] ?? 0) >> 4, id: answer.readUInt16BE(2), from: from.address });
    socket.close();
  });
  await once(socket, 'close');
  clearInterval(again);
  clearTimeout(late);
}

const programs: Readonly<Record<string, (o: never) => Promise<void>>> = { server, talk, greet, utp };
const [, , name = '', options = '{}'] = argv;
const program = programs[name];
if (!program) throw new Error(`no program '${name}'`);
await program(JSON.parse(options) as never);
