import { looksLikeQvod } from './handshake.ts';

/**
 * Qvod over UDP. Verified: the two rules (ipp2p: the first word is the datagram's length and `QVOD protocol` stands at 14;
 * libprotoident lpi_qvod_udp.cc: 13 bytes that begin 00 00 00 0d, or the one byte '0'). Inferred: that both show one
 * header of 13 bytes. What its last nine mean is not known, so such flows are recognised and left alone.
 */
export const QVOD_UDP_HEADER_BYTES = 13;
const PUNCH = 0x30;

/** `handshake` is certain; the other two have no more than a few bytes and mean something only inside a known flow. */
export function qvodDatagram(payload: Uint8Array): 'handshake' | 'empty' | 'punch' | 'data' | undefined {
  if (payload.length === 1) return payload[0] === PUNCH ? 'punch' : undefined;
  if (payload.length < QVOD_UDP_HEADER_BYTES) return undefined;
  const stated = Buffer.from(payload.buffer, payload.byteOffset, 4).readUInt32BE(0);
  if (stated !== payload.length) return undefined;
  if (payload.length === QVOD_UDP_HEADER_BYTES) return 'empty';
  return looksLikeQvod(payload.subarray(QVOD_UDP_HEADER_BYTES)) === 'yes' ? 'handshake' : 'data';
}
