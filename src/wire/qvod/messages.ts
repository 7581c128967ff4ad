import { type InfoHash, infoHashBytes, infoHashOf, type PieceIndex } from '#base/units.ts';
import { decodeMessage, type Message } from '../frames.ts';
import { WIRE_LIMITS } from '../limits.ts';
import { bad, ok, type Parsed } from '../parsed.ts';

/**
 * Messages of the Qvod dialect. Everything here is stated (YFNet protocol.h), nothing verified: no capture is known.
 * Framing and ids 0 to 8 are BitTorrent's (BEP 3). What lies above means something else than in BEP 5, 6 and 10: 14 is
 * "have all" there and "have not" here.
 */
export type QvodMessage =
  | Message
  /** 9, length 21. BitTorrent's 9 is PORT, length 3. */
  | { kind: 'metafile-request'; hash: InfoHash }
  /** 10: a whole .torrent, not checked. */
  | { kind: 'metafile'; seed: Buffer }
  /** 14: the sender has lost the piece. That its body is a piece index, as in `have`, is inferred. */
  | { kind: 'unhave'; piece: PieceIndex };

export const QVOD_IDS = {
  metafileRequest: 9,
  metafile: 10,
  /** A request that took too long; its body is not known. */
  requestTimeout: 11,
  /** Asking for and granting VIP service; bodies not known. */
  vipRequest: 12,
  vipAnswer: 13,
  unhave: 14,
  userId: 109,
} as const;

const LAST_COMMON_ID = 8;
const HASH_BYTES = 20;
const PORT_BYTES = 2;

/** Reads one whole frame, its 4-byte length included. Byte fields are views of `frame`. */
export function decodeQvodMessage(frame: Buffer): Parsed<QvodMessage> {
  const id = frame.length > 4 ? (frame[4] as number) : 0;
  if (id <= LAST_COMMON_ID) return decodeMessage(frame);
  if (frame.readUInt32BE(0) !== frame.length - 4) return bad('a frame is not as long as it says');
  const body = frame.subarray(5);
  switch (id) {
    case QVOD_IDS.metafileRequest:
      if (body.length === HASH_BYTES) return ok({ kind: 'metafile-request', hash: infoHashOf(body) });
      return body.length === PORT_BYTES ? decodeMessage(frame) : bad(`message 9 with a body of ${body.length} bytes`);
    case QVOD_IDS.metafile:
      if (body.length > WIRE_LIMITS.qvodSeedBytes) return bad(`a metafile of ${body.length} bytes`);
      return ok({ kind: 'metafile', seed: body });
    case QVOD_IDS.unhave:
      if (body.length === 4) return ok({ kind: 'unhave', piece: body.readUInt32BE(0) });
  }
  return ok({ kind: 'unknown', id });
}

export const encodeMetafileRequest = (hash: InfoHash): Buffer => framed(QVOD_IDS.metafileRequest, infoHashBytes(hash));

export const encodeMetafile = (seed: Uint8Array): Buffer => framed(QVOD_IDS.metafile, seed);

export function encodeUnhave(piece: PieceIndex): Buffer {
  const body = Buffer.alloc(4);
  body.writeUInt32BE(piece);
  return framed(QVOD_IDS.unhave, body);
}

function framed(id: number, body: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(5 + body.length);
  frame.writeUInt32BE(1 + body.length);
  frame[4] = id;
  frame.set(body, 5);
  return frame;
}
