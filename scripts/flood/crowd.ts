/**
 * A crowd inside one PC: many well-behaved clients that stay, and new connections of every sort, many a second.
 * argv: its options as JSON. Prints a line when the first are all served, and one at the end.
 */
import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { argv } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Endpoint } from '#base/endpoint.ts';
import { BLOCK_BYTES, type InfoHash, infoHashOf } from '#base/units.ts';
import { decodeMessage, encodeMessage, FrameSplitter } from '#wire/frames.ts';
import { encodeHandshake, HANDSHAKE_BYTES, parseHandshake } from '#wire/handshake.ts';
import { MseInitiator } from '#wire/mse.ts';

export type CrowdOptions = {
  readonly held: number;
  readonly perS: number;
  readonly seconds: number;
  readonly torrents: readonly {
    readonly infoHash: InfoHash;
    /** A peer that lives. */
    readonly peer: Endpoint;
    /** Endpoints that a tracker named and where nobody listens: connections that waste them. */
    readonly wasted: readonly Endpoint[];
  }[];
  /** Connections from these local ports send nothing after their SYN: the namespace's own rules see to it. */
  readonly halfOpenPorts: readonly [from: number, to: number];
};

/** What the box calls itself. */
const BOX_ID = '-SB';
/** A held client asks for a block this often. */
const ASK_EVERY_MS = 4_000;
/** Held clients come in portions of this many, half as fast as the box steers at most: those beyond would pass, and nothing of the box be measured. */
const AT_ONCE = 100;
const PORTION_MS = 200;
const HELD_WITHIN_MS = 60_000;

const o = JSON.parse(argv[2] ?? '') as CrowdOptions;
const torrentOf = (n: number) => o.torrents[n % o.torrents.length] as CrowdOptions['torrents'][number];
const handshake = (infoHash: InfoHash): Buffer =>
  encodeHandshake({ infoHash, peerId: Buffer.concat([Buffer.from('-XX0000-'), randomBytes(12)]) });
const interested = encodeMessage({ kind: 'interested' });

const counts = { alive: 0, lost: 0, blocks: 0, otherPeer: 0 };

/** A client that stays and asks for a block now and then. */
function hold(n: number): void {
  const { infoHash, peer } = torrentOf(n);
  const socket = connect({ host: peer.ip, port: peer.port });
  const frames = new FrameSplitter(1 << 20);
  let head: Buffer | undefined = Buffer.alloc(0);
  let timer: NodeJS.Timeout | undefined;
  const ask = (): void =>
    void socket.write(encodeMessage({ kind: 'request', piece: 0, begin: 0, length: BLOCK_BYTES }));
  socket.write(Buffer.concat([handshake(infoHash), interested]));
  socket.on('data', (bytes: Buffer) => {
    let rest = bytes;
    if (head) {
      head = Buffer.concat([head, bytes]);
      if (head.length < HANDSHAKE_BYTES) return;
      const answer = parseHandshake(head);
      rest = head.subarray(HANDSHAKE_BYTES);
      head = undefined;
      if (answer.kind === 'bad' || !answer.value.peerId.toString('latin1').startsWith(BOX_ID)) counts.otherPeer++;
      counts.alive++;
      timer = setInterval(ask, ASK_EVERY_MS);
    }
    frames.push(rest, (frame) => {
      const m = decodeMessage(frame);
      if (m.kind === 'ok' && m.value.kind === 'piece') counts.blocks++;
    });
  });
  socket.on('error', () => {});
  socket.on('close', () => {
    clearInterval(timer);
    if (!head) counts.alive--;
    counts.lost++;
  });
}

type Visit = (n: number) => Promise<void>;
const dial = ({ ip, port }: Endpoint, localPort?: number): Socket => {
  const socket = connect({ host: ip, port, ...(localPort ? { localPort } : {}) });
  socket.on('error', () => {});
  socket.resume();
  return socket;
};
const wasted = (n: number): Endpoint => {
  const { wasted } = torrentOf(n);
  return wasted[Math.floor(n / o.torrents.length) % wasted.length] as Endpoint;
};

async function encrypted(socket: Socket, infoHash: InfoHash): Promise<void> {
  const mse = new MseInitiator(infoHash, handshake(infoHash));
  socket.write(mse.start());
  socket.on('data', (bytes: Buffer) => {
    const step = mse.push(bytes);
    if (step.kind !== 'bad') for (const part of step.send) socket.write(part);
  });
  await sleep(2_000);
  socket.destroy();
}

const VISITS: Readonly<Record<string, Visit>> = {
  peer: async (n) => {
    const { infoHash, peer } = torrentOf(n);
    const socket = dial(peer);
    socket.write(Buffer.concat([handshake(infoHash), interested]));
    await sleep(2_000);
    socket.destroy();
  },
  encrypted: (n) => encrypted(dial(torrentOf(n).peer), torrentOf(n).infoHash),
  'byte by byte': async (n) => {
    const { infoHash, peer } = torrentOf(n);
    const socket = dial(peer);
    for (const byte of handshake(infoHash)) {
      socket.write(Buffer.of(byte));
      await sleep(50);
    }
    socket.destroy();
  },
  silent: async (n) => {
    const socket = dial(wasted(n));
    await sleep(5_000);
    socket.destroy();
  },
  'half open': async (n) => {
    const [from, to] = o.halfOpenPorts;
    const socket = dial(torrentOf(n).peer, from + (n % (to - from)));
    await sleep(3_000);
    socket.destroy();
  },
  'endless noise': async (n) => {
    const socket = dial(wasted(n));
    for (let i = 0; i < 20 && !socket.destroyed; i++) {
      socket.write(Buffer.concat([Buffer.of(0x80), randomBytes(4_000)]));
      await sleep(100);
    }
    socket.destroy();
  },
  'broken frames': async (n) => {
    const { infoHash, peer } = torrentOf(n);
    const socket = dial(peer);
    socket.write(Buffer.concat([handshake(infoHash), Buffer.from([0xff, 0xff, 0xff, 0xff]), randomBytes(2_000)]));
    await sleep(1_000);
    socket.destroy();
  },
  'encrypted, unknown torrent': (n) => encrypted(dial(wasted(n)), infoHashOf(randomBytes(20))),
};

for (let n = 0; n < o.held; n++) {
  hold(n);
  if (n % AT_ONCE === AT_ONCE - 1) await sleep(PORTION_MS);
}
for (const end = performance.now() + HELD_WITHIN_MS; counts.alive < o.held && performance.now() < end; )
  await sleep(100);
console.log(JSON.stringify({ phase: 'held', ...counts }));

const visits = Object.entries(VISITS);
const made: Record<string, number> = Object.fromEntries(visits.map(([name]) => [name, 0]));
const start = performance.now();
let n = 0;
while (performance.now() - start < o.seconds * 1000) {
  const due = Math.floor(((performance.now() - start) / 1000) * o.perS);
  for (; n < due; n++) {
    const [name, visit] = visits[n % visits.length] as [string, Visit];
    made[name] = (made[name] ?? 0) + 1;
    void visit(Math.floor(n / visits.length));
  }
  await sleep(20);
}
await sleep(ASK_EVERY_MS);
console.log(JSON.stringify({ phase: 'done', ...counts, visits: n, made }));
process.exit(0);
