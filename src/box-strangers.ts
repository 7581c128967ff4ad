/**
 * Programs for end-to-end tests, each run inside a machine's namespace: `box-strangers.ts NAME JSON`. Servers say `ready`;
 * the others print one JSON line per event and end.
 */
import { createHash, randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { argv } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { plainIp } from '#base/endpoint.ts';
import { type InfoHash, infoHashBytes } from '#base/units.ts';
import { FakeSeed } from '#downloader/fake-seed.ts';
import { encodeMessage } from '#wire/frames.ts';
import { encodeHandshake, HANDSHAKE_BYTES, parseHandshake } from '#wire/handshake.ts';
import { encodeLsd, LSD_GROUP, LSD_PORT, parseLsd } from '#wire/lsd.ts';
import { parseMetainfo } from '#wire/metainfo.ts';

export type At = { readonly ip: string; readonly port: number };
/** Serves a torrent's true bytes, but one byte of every block of the pieces that `lies` counts (every n-th) is wrong. */
export type SeedOptions = At & { torrentPath: string; files: readonly string[]; lies?: number };
/** `silent`: waits for the client's first words; `greeting`: speaks first. Tells whom it sees, then echoes. */
export type EchoOptions = At & { first: 'client' | 'server' };
/** `opening`: the first bytes in hex, in place of a line of text. */
export type TalkOptions = At & { first: 'client' | 'server'; bytes: number; opening?: string };
/** A JSON file: answers every path that begins with its key with these bytes, in base64. */
export type TrackerOptions = At & { answersPath: string };
/** Reads at most `maxBytes` of the answer, then hangs up. */
export type AskOptions = At & { path: string; maxBytes: number };
export type GreetOptions = At & { infoHash: InfoHash; everyMs: number; times: number };
export type NeighbourOptions = { readonly ip: string; infoHashes?: readonly InfoHash[]; ms: number };
export type GarbageOptions = At & { infoHash: InfoHash; kind: 'noise' | 'after-handshake' };

const say = (line: Record<string, unknown>): void => void process.stdout.write(`${JSON.stringify(line)}\n`);
const LIMIT_MS = 30_000;

async function listen(server: Server, { ip, port }: At): Promise<void> {
  server.listen(port, ip);
  await once(server, 'listening');
  process.stdout.write('ready\n');
}

async function seed(o: SeedOptions): Promise<void> {
  const parsed = parseMetainfo(readFileSync(o.torrentPath));
  if (parsed.kind === 'bad') throw new Error(parsed.why);
  const content = Buffer.concat(o.files.map((path) => readFileSync(path)));
  const torrent = { meta: parsed.value, content };
  const lies = (piece: number): boolean => o.lies !== undefined && piece % o.lies === 0;
  const server = createServer((socket) => {
    const onRequest = (_: FakeSeed, piece: number) => (lies(piece) ? 'lie' : 'answer');
    new FakeSeed(socket, torrent, { onRequest, metadata: true });
  });
  await listen(server, o);
}

async function echo(o: EchoOptions): Promise<void> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => socket.destroy());
    const greet = () => socket.write(`${plainIp(socket.remoteAddress ?? '')}:${socket.remotePort}\n`);
    if (o.first === 'server') greet();
    else socket.once('data', greet);
    socket.pipe(socket);
  });
  await listen(server, o);
}

/** Prints what the server saw and whether everything came back. */
async function talk(o: TalkOptions): Promise<void> {
  const begin = performance.now();
  const opening = o.opening ? Buffer.from(o.opening, 'hex') : Buffer.from('HELLO I am no BitTorrent client\r\n');
  const sent = Buffer.concat([opening, randomBytes(o.bytes)]);
  const socket = connect({ host: o.ip, port: o.port, allowHalfOpen: true });
  socket.setTimeout(LIMIT_MS, () => socket.destroy(new Error('nothing came back')));
  await once(socket, 'connect');
  const me = `${socket.localAddress}:${socket.localPort}`;
  const parts: Buffer[] = [];
  if (o.first === 'client') socket.end(sent);
  for await (const part of socket) {
    if (o.first === 'server' && parts.length === 0) socket.end(sent);
    parts.push(part as Buffer);
  }
  const back = Buffer.concat(parts);
  const line = back.subarray(0, back.indexOf('\n'));
  const same = back.subarray(line.length + 1).equals(sent);
  say({ me, seen: line.toString(), same, ms: Math.round(performance.now() - begin) });
}

async function tracker(o: TrackerOptions): Promise<void> {
  const answers = JSON.parse(readFileSync(o.answersPath, 'utf8')) as Record<string, string>;
  const paths = Object.keys(answers).sort((a, b) => b.length - a.length);
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.once('data', (head: Buffer) => {
      const target = head.toString('latin1').split(' ')[1] ?? '';
      const path = paths.find((p) => target.startsWith(p));
      socket.end(Buffer.from(answers[path ?? ''] ?? '', 'base64'));
    });
  });
  await listen(server, o);
}

async function ask(o: AskOptions): Promise<void> {
  const begin = performance.now();
  const socket = connect({ host: o.ip, port: o.port });
  socket.setTimeout(LIMIT_MS, () => socket.destroy(new Error('no answer')));
  socket.write(`GET ${o.path} HTTP/1.1\r\nHost: ${o.ip}:${o.port}\r\n\r\n`);
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of socket) {
    parts.push(part as Buffer);
    bytes += (part as Buffer).length;
    if (bytes >= o.maxBytes) break;
  }
  const body = Buffer.concat(parts).subarray(0, o.maxBytes);
  const ms = Math.round(performance.now() - begin);
  say({ bytes: body.length, sha1: createHash('sha1').update(body).digest('hex'), ms });
}

/** Shakes hands again and again and prints who answered, by the head of its peer id; `-SB` is the box. */
async function greet(o: GreetOptions): Promise<void> {
  for (let time = 0; time < o.times; time++) {
    const startedAtMs = Date.now();
    const who = await greetOnce(o).catch((error: Error) => ({ why: error.message }));
    say({ startedAtMs, answeredAtMs: Date.now(), ...who });
    await sleep(o.everyMs);
  }
}

async function greetOnce(o: At & { infoHash: InfoHash }): Promise<{ peer: string }> {
  const socket = connect({ host: o.ip, port: o.port });
  socket.setTimeout(1_000, () => socket.destroy(new Error('no answer')));
  try {
    socket.write(handshake(o.infoHash));
    let head = Buffer.alloc(0);
    for await (const part of socket) {
      head = Buffer.concat([head, part as Buffer]);
      if (head.length < HANDSHAKE_BYTES) continue;
      const parsed = parseHandshake(head);
      if (parsed.kind === 'bad') throw new Error(parsed.why);
      return { peer: parsed.value.peerId.toString('latin1', 0, 8) };
    }
    throw new Error('closed without an answer');
  } finally {
    socket.destroy();
  }
}

const handshake = (infoHash: InfoHash): Buffer =>
  encodeHandshake({ infoHash, peerId: Buffer.concat([Buffer.from('-XX0000-'), randomBytes(12)]) });

/** Prints how the box took it. */
async function garbage(o: GarbageOptions): Promise<void> {
  const socket: Socket = connect({ host: o.ip, port: o.port });
  socket.setTimeout(LIMIT_MS, () => socket.destroy(new Error('still connected')));
  if (o.kind === 'noise') socket.write(Buffer.concat([Buffer.from([0x80]), randomBytes(2_000)]));
  else {
    socket.write(handshake(o.infoHash));
    socket.write(encodeMessage({ kind: 'interested' }));
    socket.write(Buffer.concat([Buffer.from([0xff, 0xff, 0xff, 0xff]), randomBytes(2_000)]));
  }
  let bytes = 0;
  let why = 'closed';
  socket.on('data', (part: Buffer) => {
    bytes += part.length;
  });
  socket.on('error', (error) => {
    why = error.message;
  });
  await new Promise((resolve) => socket.once('close', resolve));
  say({ why, bytes });
}

/** Looks around by LSD (BEP 14): announces one torrent after another, and prints every announce that it hears but its own. */
async function neighbour(o: NeighbourOptions): Promise<void> {
  const socket = createSocket({ type: 'udp4', reuseAddr: true });
  socket.bind(LSD_PORT);
  await once(socket, 'listening');
  socket.addMembership(LSD_GROUP[4], o.ip);
  socket.setMulticastInterface(o.ip);
  socket.setMulticastLoopback(false);
  socket.on('message', (datagram, { address }) => {
    const heard = parseLsd(datagram);
    if (heard.kind === 'ok')
      for (const infoHash of heard.value.infoHashes) say({ from: address, infoHash, port: heard.value.port });
  });
  say({ ready: true });
  for (const infoHash of o.infoHashes ?? []) {
    socket.send(encodeLsd(4, { infoHashes: [infoHash], port: 6_999, cookie: 'neighbour' }), LSD_PORT, LSD_GROUP[4]);
    await sleep(100);
  }
  await sleep(o.ms);
  socket.close();
}

const programs: Readonly<Record<string, (o: never) => Promise<void>>> = {
  seed,
  echo,
  talk,
  tracker,
  ask,
  greet,
  garbage,
  neighbour,
};
if (import.meta.main) {
  const [, , name = '', options = '{}'] = argv;
  const program = programs[name];
  if (!program) throw new Error(`no program '${name}'`);
  await program(JSON.parse(options) as never);
}

/** The 20 bytes of an info-hash as a tracker's URL spells them. */
export const escapedHash = (infoHash: InfoHash): string =>
  infoHashBytes(infoHash).toString('hex').replace(/../g, '%$&');
