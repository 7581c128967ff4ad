import { randomBytes } from 'node:crypto';
import { type InfoHash, infoHashBytes, infoHashOf } from '#base/units.ts';
import { beginsWith, HANDSHAKE_BYTES, type Handshake } from '../handshake.ts';
import { bad, ok, type Parsed } from '../parsed.ts';

/**
 * How a Qvod connection begins: BitTorrent's 68 bytes with another name, padded with zeros to the same 19.
 * Verified: ET Open rule 2014459, the ipp2p fork, libprotoident lpi_qvod.cc and YFNet protocol.h agree.
 * These 20 bytes are all that may be matched: later builds use the eight after them.
 */
export const QVOD_NAME: Buffer = Buffer.from('\x13QVOD protocol\0\0\0\0\0\0', 'latin1');

/** Stated (YFNet protocol.h, struct handshake): the eight reserved bytes are checkbit, isp[4] and three unused ones. */
const CHECKBIT_AT = 20;
const ISP_AT = 21;
const HASH_AT = 28;
const PEER_ID_AT = 48;

export type QvodHandshake = Handshake & {
  /** The 68 bytes as they came, its own copy. */
  readonly qvodHello: Buffer;
  /** Stated: messages carry a checksum. Its form is not known, so such a connection cannot be read. */
  readonly checked: boolean;
  /** Stated: a number for the peer's provider; what it means is not known. */
  readonly isp: number;
};

/** `maybe`: so far a proper prefix of the 20 bytes. */
export const looksLikeQvod = (head: Uint8Array): 'yes' | 'no' | 'maybe' => beginsWith(head, QVOD_NAME);

/** Reads the first 68 of `bytes`. The info-hash is the task hash of the link, which is not always BitTorrent's. */
export function parseQvodHandshake(bytes: Uint8Array): Parsed<QvodHandshake> {
  if (bytes.length < HANDSHAKE_BYTES) return bad('a handshake has 68 bytes');
  if (looksLikeQvod(bytes) !== 'yes') return bad('not a Qvod handshake');
  const hello = Buffer.from(bytes.subarray(0, HANDSHAKE_BYTES));
  return ok({
    infoHash: infoHashOf(hello.subarray(HASH_AT, PEER_ID_AT)),
    peerId: Buffer.from(hello.subarray(PEER_ID_AT)),
    extended: false,
    fast: false,
    dht: false,
    v2: false,
    qvodHello: hello,
    checked: hello[CHECKBIT_AT] !== 0,
    isp: hello.readUInt32BE(ISP_AT),
  });
}

/** Without checksums, and of no provider: the reserved bytes of the builds from which the public signatures were taken. */
export function encodeQvodHandshake(h: { infoHash: InfoHash; peerId: Uint8Array }): Buffer {
  if (h.peerId.length !== 20) throw new RangeError(`bug: a peer id has 20 bytes, not ${h.peerId.length}`);
  const bytes = Buffer.alloc(HANDSHAKE_BYTES);
  QVOD_NAME.copy(bytes, 0);
  infoHashBytes(h.infoHash).copy(bytes, HASH_AT);
  bytes.set(h.peerId, PEER_ID_AT);
  return bytes;
}

/**
 * `QVOD`, four digits of protocol version, twelve hex digits. Verified: the four letters (Wireshark's table of peer ids).
 * Stated (YFNet encode.cpp): the digits, and that characters 8..11 are a checksum over 12..19. Its rule is not known, so
 * ours is random there. The version is the one that the peer itself speaks: another may mean another protocol.
 */
export function newQvodPeerId(like: Uint8Array): Buffer {
  const version = qvodVersionOf(like) ?? '0000';
  return Buffer.from(`QVOD${version}${randomBytes(6).toString('hex').toUpperCase()}`, 'latin1');
}

/** Undefined when it is not Qvod's id. */
export function qvodVersionOf(peerId: Uint8Array): string | undefined {
  return /^QVOD(\d{4})$/.exec(Buffer.from(peerId.subarray(0, 8)).toString('latin1'))?.[1];
}
