import { randomInt } from 'node:crypto';

/** BEP 29 version 1: type and version share the first byte. */
const SYN = 0x41;
const RESET = 0x31;
const HEADER_BYTES = 20;
/** Extensions of one packet: selective ACK, the legacy bits and close reason are all there are. */
const MAX_EXTENSIONS = 4;

/**
 * Reads a UDP payload as the packet that opens a uTP connection. Real ones state no timestamp difference and no ack,
 * and carry no data: with that, nothing else has been seen to look like one.
 */
export function parseUtpSyn(payload: Uint8Array): { connectionId: number; seq: number } | undefined {
  if (payload.length < HEADER_BYTES || payload[0] !== SYN) return undefined;
  const b = Buffer.from(payload.buffer, payload.byteOffset, payload.length);
  if (b.readUInt32BE(8) !== 0 || b.readUInt16BE(18) !== 0) return undefined;
  let extension = b[1] as number;
  let at = HEADER_BYTES;
  for (let count = 0; extension !== 0; count++) {
    if (extension > 3 || count >= MAX_EXTENSIONS || at + 2 > b.length) return undefined;
    extension = b[at] as number;
    at += 2 + (b[at + 1] as number);
  }
  return at === b.length ? { connectionId: b.readUInt16BE(2), seq: b.readUInt16BE(16) } : undefined;
}

/** Refuses a connection: `connectionId` and `ackNr` are those of the SYN, as libutp and libtorrent expect. */
export function encodeUtpReset(connectionId: number, ackNr: number): Buffer {
  const b = Buffer.alloc(HEADER_BYTES);
  b[0] = RESET;
  b.writeUInt16BE(connectionId, 2);
  b.writeUInt16BE(randomInt(0x1_0000), 16);
  b.writeUInt16BE(ackNr, 18);
  return b;
}
