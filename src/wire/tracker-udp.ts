import type { InfoHash } from '#base/units.ts';
import { infoHashBytes, infoHashOf } from '#base/units.ts';
import { compactPeers } from './compact-peers.ts';
import { WIRE_LIMITS } from './limits.ts';
import type { Parsed } from './parsed.ts';
import { bad, ok } from './parsed.ts';
import type { AnnounceAnswer, AnnounceRequest } from './tracker-http.ts';

/** BEP 15: the constant that a connect request begins with. */
const MAGIC = 0x417_2710_1980n;
const ACTION = { connect: 0, announce: 1, scrape: 2, error: 3 } as const;
const EVENTS = [undefined, 'completed', 'started', 'stopped'] as const;
const CONNECT_BYTES = 16;
/** Without the options of BEP 41 that may follow. */
const ANNOUNCE_BYTES = 98;
const ANSWER_HEAD_BYTES = 20;
const FAILURE_CHARS = 200;

const asBuffer = (b: Uint8Array): Buffer => Buffer.from(b.buffer, b.byteOffset, b.length);

export function isConnectRequest(datagram: Uint8Array): boolean {
  const b = asBuffer(datagram);
  return b.length >= CONNECT_BYTES && b.readBigUInt64BE(0) === MAGIC && b.readUInt32BE(8) === ACTION.connect;
}

/** Only meaningful on a flow that began with a connect request: by itself an announce has little to tell it by. */
export function parseUdpAnnounceRequest(datagram: Uint8Array): Parsed<AnnounceRequest & { transactionId: number }> {
  const b = asBuffer(datagram);
  if (b.length < ANNOUNCE_BYTES || b.readUInt32BE(8) !== ACTION.announce) return bad('not a UDP announce');
  const event = b.readUInt32BE(80);
  if (event >= EVENTS.length) return bad('an announce of an unknown event');
  const left = b.readBigUInt64BE(64);
  const name = EVENTS[event];
  return ok({
    transactionId: b.readUInt32BE(12),
    infoHash: infoHashOf(b.subarray(16, 36)),
    port: b.readUInt16BE(96),
    // Clients without the metainfo state the largest number there is.
    ...(left <= BigInt(Number.MAX_SAFE_INTEGER) && { leftBytes: Number(left) }),
    ...(name !== undefined && { event: name }),
  });
}

/** The torrents that a scrape asks about (BEP 15). As with announces, the flow must have begun with a connect request. */
export function parseUdpScrapeRequest(datagram: Uint8Array): Parsed<InfoHash[]> {
  const b = asBuffer(datagram);
  const count = Math.floor((b.length - CONNECT_BYTES) / 20);
  if (count < 1 || b.readUInt32BE(8) !== ACTION.scrape) return bad('not a UDP scrape');
  const hashes = Math.min(count, WIRE_LIMITS.scrapeHashes);
  return ok(Array.from({ length: hashes }, (_, i) => infoHashOf(b.subarray(16 + 20 * i, 36 + 20 * i))));
}

/** `family`: that of the address the tracker was asked at, which decides how long its entries are. */
export function parseUdpAnnounceAnswer(
  datagram: Uint8Array,
  family: 4 | 6,
): Parsed<AnnounceAnswer & { transactionId: number }> {
  const b = asBuffer(datagram);
  if (b.length < 8) return bad('a tracker datagram is too short');
  const transactionId = b.readUInt32BE(4);
  const action = b.readUInt32BE(0);
  if (action === ACTION.error) return ok({ transactionId, peers: [], failure: failureText(b) });
  if (action !== ACTION.announce || b.length < ANSWER_HEAD_BYTES) return bad('not the answer to an announce');
  return ok({
    transactionId,
    intervalS: b.readUInt32BE(8),
    incomplete: b.readUInt32BE(12),
    complete: b.readUInt32BE(16),
    peers: compactPeers(b.subarray(ANSWER_HEAD_BYTES), family),
  });
}

const failureText = (b: Buffer): string => b.toString('utf8', 8, 8 + FAILURE_CHARS);

export function encodeConnect(transactionId: number): Buffer {
  const b = Buffer.alloc(CONNECT_BYTES);
  b.writeBigUInt64BE(MAGIC, 0);
  b.writeUInt32BE(ACTION.connect, 8);
  b.writeUInt32BE(transactionId, 12);
  return b;
}

/** `connectionId`: 8 bytes to repeat in announces, good for one minute. */
export function parseConnectAnswer(datagram: Uint8Array): Parsed<{ transactionId: number; connectionId: Buffer }> {
  const b = asBuffer(datagram);
  if (b.length >= 8 && b.readUInt32BE(0) === ACTION.error) return bad(`the tracker refuses: ${failureText(b)}`);
  if (b.length < CONNECT_BYTES || b.readUInt32BE(0) !== ACTION.connect) return bad('not the answer to a connect');
  return ok({ transactionId: b.readUInt32BE(4), connectionId: Buffer.from(b.subarray(8, 16)) });
}

export function encodeAnnounce(a: {
  connectionId: Uint8Array;
  transactionId: number;
  infoHash: InfoHash;
  peerId: Uint8Array;
  downloaded: number;
  left: number;
  uploaded: number;
  event?: 'started' | 'stopped' | 'completed';
  /** Tells the tracker that it is still us after our address changed. */
  key: number;
  numwant?: number;
  port: number;
  /** Path and query of the tracker's URL (BEP 41), which may carry a passkey. */
  urlData?: string;
}): Buffer {
  const b = Buffer.alloc(ANNOUNCE_BYTES);
  b.set(a.connectionId, 0);
  b.writeUInt32BE(ACTION.announce, 8);
  b.writeUInt32BE(a.transactionId, 12);
  infoHashBytes(a.infoHash).copy(b, 16);
  b.set(a.peerId, 36);
  b.writeBigUInt64BE(BigInt(a.downloaded), 56);
  b.writeBigUInt64BE(BigInt(a.left), 64);
  b.writeBigUInt64BE(BigInt(a.uploaded), 72);
  b.writeUInt32BE(EVENTS.indexOf(a.event), 80);
  b.writeUInt32BE(a.key >>> 0, 88);
  b.writeInt32BE(a.numwant ?? -1, 92);
  b.writeUInt16BE(a.port, 96);
  return Buffer.concat([b, ...urlOptions(a.urlData ?? '')]);
}

/** BEP 41: option 2 in portions of at most 255 bytes. */
function urlOptions(urlData: string): Buffer[] {
  const bytes = Buffer.from(urlData);
  const options: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += 255) {
    const portion = bytes.subarray(at, at + 255);
    options.push(Buffer.of(2, portion.length), portion);
  }
  return options;
}
