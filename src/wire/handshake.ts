import { randomBytes } from 'node:crypto';
import type { InfoHash } from '#base/units.ts';
import { infoHashBytes, infoHashOf } from '#base/units.ts';
import type { Parsed } from './parsed.ts';
import { bad, ok } from './parsed.ts';

/** BEP 3: name length, name, 8 reserved bytes, info-hash, peer id. */
export const HANDSHAKE_BYTES = 68;
/** The length byte and the name: what every BitTorrent connection begins with. */
export const PROTOCOL_NAME: Buffer = Buffer.from('\x13BitTorrent protocol', 'latin1');

// Reserved bits: BEP 10 (extension protocol), BEP 6 (fast), BEP 5 (DHT), BEP 52 (v2 upgrade).
const EXTENDED = { byte: 25, bit: 0x10 };
const FAST = { byte: 27, bit: 0x04 };
const DHT = { byte: 27, bit: 0x01 };
const V2 = { byte: 27, bit: 0x10 };

export type Handshake = {
  infoHash: InfoHash;
  /** 20 bytes, its own copy. */
  peerId: Buffer;
  extended: boolean;
  fast: boolean;
  dht: boolean;
  /** The sender would also take the v2 swarm of a hybrid torrent (BEP 52); answering with the v1 hash declines. */
  v2: boolean;
  /** The peer speaks Qvod's dialect: its 68 bytes as they came, for the box to repeat to the origin peer. */
  qvodHello?: Buffer;
};

export function encodeHandshake(h: {
  infoHash: InfoHash;
  peerId: Uint8Array;
  extended?: boolean;
  fast?: boolean;
  dht?: boolean;
  v2?: boolean;
}): Buffer {
  if (h.peerId.length !== 20) throw new RangeError(`bug: a peer id has 20 bytes, not ${h.peerId.length}`);
  const bytes = Buffer.alloc(HANDSHAKE_BYTES);
  PROTOCOL_NAME.copy(bytes, 0);
  for (const [on, { byte, bit }] of [
    [h.extended, EXTENDED],
    [h.fast, FAST],
    [h.dht, DHT],
    [h.v2, V2],
  ] as const) {
    if (on) bytes[byte] = (bytes[byte] as number) | bit;
  }
  infoHashBytes(h.infoHash).copy(bytes, 28);
  bytes.set(h.peerId, 48);
  return bytes;
}

/** Reads the first 68 of `bytes`. */
export function parseHandshake(bytes: Uint8Array): Parsed<Handshake> {
  if (bytes.length < HANDSHAKE_BYTES) return bad('a handshake has 68 bytes');
  if (looksLikeHandshake(bytes) !== 'yes') return bad('not a BitTorrent handshake');
  const has = ({ byte, bit }: { byte: number; bit: number }): boolean => ((bytes[byte] as number) & bit) !== 0;
  return ok({
    infoHash: infoHashOf(bytes.subarray(28, 48)),
    peerId: Buffer.from(bytes.subarray(48, 68)),
    extended: has(EXTENDED),
    fast: has(FAST),
    dht: has(DHT),
    v2: has(V2),
  });
}

export const looksLikeHandshake = (head: Uint8Array): 'yes' | 'no' | 'maybe' => beginsWith(head, PROTOCOL_NAME);

/** `maybe`: so far a proper prefix of the name, which may come in more than one segment. */
export function beginsWith(head: Uint8Array, name: Uint8Array): 'yes' | 'no' | 'maybe' {
  const n = Math.min(head.length, name.length);
  for (let i = 0; i < n; i++) if (head[i] !== name[i]) return 'no';
  return n === name.length ? 'yes' : 'maybe';
}

/** `-SB0100-` and 12 random bytes (BEP 20, Azureus style). */
export function newPeerId(): Buffer {
  return Buffer.concat([Buffer.from('-SB0100-', 'latin1'), randomBytes(12)]);
}
