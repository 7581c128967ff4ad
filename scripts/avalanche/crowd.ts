/**
 * A crowd that comes all at once: each client shakes hands, asks for a block now and then or for nothing, and dials again when it is cut off.
 * argv: its options as JSON. Prints how it fares, one JSON line a second, and ends when it is told to (SIGTERM).
 */
import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { argv } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Endpoint } from '#base/endpoint.ts';
import { BLOCK_BYTES, type InfoHash } from '#base/units.ts';
import { encodeMessage } from '#wire/frames.ts';
import { encodeHandshake, HANDSHAKE_BYTES, parseHandshake } from '#wire/handshake.ts';

export type CrowdOptions = {
  readonly clients: number;
  readonly seconds: number;
  /** Addresses of this machine that the clients come from. */
  readonly from: readonly string[];
  /** They ask for blocks; else they take nothing. */
  readonly asks: boolean;
  readonly torrents: readonly { readonly infoHash: InfoHash; readonly peer: Endpoint }[];
};

/** Of all clients so far. */
export type CrowdLine = {
  readonly come: number;
  /** Who answers them now. */
  readonly byBox: number;
  readonly byOrigin: number;
  /** Connections that ended before an answer came, and after one. */
  readonly refused: number;
  readonly cutOff: number;
  /** Clients that gave up: nobody had answered so many dials in a row. */
  readonly givenUp: number;
  /** From the SYN to the answer, of those that were answered. */
  readonly answerMs: { readonly p50: number; readonly p99: number; readonly max: number };
};

/** What the box calls itself. */
const BOX_ID = '-SB';
const ASK_EVERY_MS = 4_000;
const DIAL_AGAIN_MS = 1_000;
const MOST_DIALS = 5;
const LINE_EVERY_MS = 1_000;

const o = JSON.parse(argv[2] ?? '') as CrowdOptions;
const counts = { come: 0, byBox: 0, byOrigin: 0, refused: 0, cutOff: 0, givenUp: 0 };
const answerMs: number[] = [];
const ask = encodeMessage({ kind: 'request', piece: 0, begin: 0, length: BLOCK_BYTES });

/** A hall wants the first torrent, the others one each of the rest. */
const HALL_SHARE = 1 / 8;
const torrentOf = (n: number): CrowdOptions['torrents'][number] => {
  const which = (n * HALL_SHARE) % 1 === 0 ? 0 : n % o.torrents.length;
  return o.torrents[which] as CrowdOptions['torrents'][number];
};

type By = 'byBox' | 'byOrigin';

/** One connection, to its end. Who answered, if anybody did. */
function converse(n: number): Promise<By | undefined> {
  const { promise, resolve } = Promise.withResolvers<By | undefined>();
  const { infoHash, peer } = torrentOf(n);
  const localAddress = o.from[n % o.from.length] as string;
  const begin = performance.now();
  const socket = connect({ host: peer.ip, port: peer.port, localAddress });
  const peerId = Buffer.concat([Buffer.from('-XX0000-'), randomBytes(12)]);
  socket.write(Buffer.concat([encodeHandshake({ infoHash, peerId }), encodeMessage({ kind: 'interested' })]));
  let head = Buffer.alloc(0);
  let by: By | undefined;
  let timer: NodeJS.Timeout | undefined;
  socket.on('data', (bytes: Buffer) => {
    if (by) return;
    head = Buffer.concat([head, bytes]);
    if (head.length < HANDSHAKE_BYTES) return;
    answerMs.push(performance.now() - begin);
    const answer = parseHandshake(head);
    const isBox = answer.kind === 'ok' && answer.value.peerId.toString('latin1').startsWith(BOX_ID);
    by = isBox ? 'byBox' : 'byOrigin';
    counts[by]++;
    if (o.asks) timer = setInterval(() => void socket.write(ask), ASK_EVERY_MS);
  });
  socket.on('end', () => socket.destroy());
  socket.on('error', () => {});
  socket.on('close', () => {
    clearInterval(timer);
    if (by) counts[by]--;
    counts[by ? 'cutOff' : 'refused']++;
    resolve(by);
  });
  return promise;
}

async function client(n: number): Promise<void> {
  counts.come++;
  for (let dials = 0; dials < MOST_DIALS; dials++) {
    if (await converse(n)) dials = 0;
    await sleep(DIAL_AGAIN_MS);
  }
  counts.givenUp++;
}

function line(): CrowdLine {
  const sorted = answerMs.toSorted((a, b) => a - b);
  const at = (share: number): number => Math.round(sorted[Math.ceil(share * sorted.length) - 1] ?? 0);
  return { ...counts, answerMs: { p50: at(0.5), p99: at(0.99), max: at(1) } };
}

setInterval(() => console.log(JSON.stringify(line())), LINE_EVERY_MS);
const start = performance.now();
for (let n = 0; n < o.clients; ) {
  const due = Math.min(o.clients, Math.floor(((performance.now() - start) / 1000 / o.seconds) * o.clients));
  for (; n < due; n++) void client(n);
  await sleep(10);
}
