/**
 * A Qvod peer as a program, for no real one is left: `qvod-peer.ts NAME JSON`. What it says and takes is in the fixtures of
 * src/wire/qvod, which keep to the published facts and refuse anything else. One JSON line per event.
 */
import { createHash } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { argv } from 'node:process';
import { parseLink } from '#wire/links.ts';
import { QvodDownload, QvodLeecher } from '#wire/qvod/fake-leecher.ts';
import { QvodSeeder } from '#wire/qvod/fake-seeder.ts';
import { type QvodFile, qvodFile } from '#wire/qvod/fixtures.ts';
import { qvodPieceLength } from '#wire/qvod/seed.ts';
import { SeededBytes } from '../payload.ts';

type At = { readonly ip: string; readonly port: number };
export type SeedOptions = At & { readonly seed: string; readonly bytes: number };
export type FetchOptions = At & { readonly link: string };
/** A datagram as Qvod's, answered by the same. */
export type DatagramOptions = At & { readonly link: string };

const LIMIT_MS = 60_000;

/** The file that a seeder of these options has. */
export const fileOf = (o: Pick<SeedOptions, 'seed' | 'bytes'>): QvodFile =>
  qvodFile(new SeededBytes(o.seed).take(o.bytes), qvodPieceLength(o.bytes));

const say = (line: Record<string, unknown>): void => void process.stdout.write(`${JSON.stringify(line)}\n`);

function hashOf(link: string): Buffer {
  const read = parseLink(link);
  if (read.kind === 'bad' || read.value.kind !== 'torrent') throw new Error(`no Qvod link: ${link}`);
  return Buffer.from(read.value.infoHash, 'hex');
}

/** Over TCP, and an echo over UDP at the same port. */
async function seed(o: SeedOptions): Promise<void> {
  const file = fileOf(o);
  const server = createServer((socket) => {
    const seeder = new QvodSeeder(socket, file);
    socket.on('close', () =>
      say({ caller: seeder.caller, requests: seeder.requests.length, offences: seeder.offences }),
    );
  });
  const udp = createSocket('udp4');
  udp.on('message', (bytes, from) => udp.send(bytes, from.port, from.address));
  udp.bind(o.port, o.ip);
  server.listen(o.port, o.ip);
  await Promise.all([once(server, 'listening'), once(udp, 'listening')]);
  process.stdout.write('ready\n');
}

async function dial({ ip, port }: At): Promise<Socket> {
  const socket = connect({ host: ip, port });
  socket.setTimeout(LIMIT_MS, () => socket.destroy(new Error('nothing came')));
  await once(socket, 'connect');
  return socket;
}

/** Shakes hands and hangs up: prints the peer id of who answered. */
async function knock(o: FetchOptions): Promise<void> {
  const socket = await dial(o);
  const leecher = new QvodLeecher(socket, new QvodDownload(hashOf(o.link)));
  while (leecher.answeredBy === '' && !leecher.closed)
    await Promise.race([once(socket, 'data'), once(socket, 'close')]);
  leecher.close();
  say({ by: leecher.answeredBy });
}

/** Downloads what the link names over one connection. */
async function fetchFile(o: FetchOptions): Promise<void> {
  const beganAtMs = performance.now();
  const into = new QvodDownload(hashOf(o.link));
  const socket = await dial(o);
  const leecher = new QvodLeecher(socket, into);
  while (!into.complete && !leecher.closed) await Promise.race([once(socket, 'data'), once(socket, 'close')]);
  leecher.close();
  say({
    by: leecher.answeredBy,
    complete: into.complete,
    sha1: createHash('sha1').update(into.content()).digest('hex'),
    offences: leecher.offences.join('; '),
    ms: Math.round(performance.now() - beganAtMs),
  });
}

async function datagram(o: DatagramOptions): Promise<void> {
  const hello = Buffer.concat([
    Buffer.alloc(13),
    Buffer.from('\x13QVOD protocol\0\0\0\0\0\0', 'latin1'),
    Buffer.alloc(8),
    hashOf(o.link),
    Buffer.from('QVOD0052AAAAC11E4700'),
  ]);
  hello.writeUInt32BE(hello.length);
  const udp = createSocket('udp4');
  const late = setTimeout(() => udp.close(), LIMIT_MS / 6);
  udp.send(hello, o.port, o.ip);
  const [back] = (await once(udp, 'message')) as [Buffer];
  clearTimeout(late);
  udp.close();
  say({ same: back.equals(hello) });
}

const programs: Readonly<Record<string, (o: never) => Promise<void>>> = { seed, knock, fetch: fetchFile, datagram };
if (import.meta.main) {
  const [, , name = '', options = '{}'] = argv;
  const program = programs[name];
  if (!program) throw new Error(`no program '${name}'`);
  await program(JSON.parse(options) as never);
}
