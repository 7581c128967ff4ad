import { DELIVERY_NAME } from './delivery-optimization.ts';
import { beginsWith, PROTOCOL_NAME } from './handshake.ts';
import { parseKrpc } from './krpc.ts';
import { QVOD_NAME } from './qvod/handshake.ts';
import { qvodDatagram } from './qvod/udp.ts';
import { isConnectRequest } from './tracker-udp.ts';

/**
 * Byte patterns by which protocols of the swarm, and those that must not be taken for it, are told apart. Each one is
 * long enough to be right by itself: none was seen in some 8,600 flows of other protocols.
 */

/** The two ends of a flow. `a` opened it, as far as is known. */
export type Side = 'a' | 'b';

const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1');

export const GET_ANNOUNCE: Buffer = latin1('GET /announce?');
export const GET_SCRAPE: Buffer = latin1('GET /scrape?');
/** BEP 14. */
export const LSD_SEARCH: Buffer = latin1('BT-SEARCH * HTTP/1.1\r\n');
/** BEP 5 messages as everyone writes them: keys sorted, the sender's id first. */
export const KRPC_QUERY: Buffer = latin1('d1:ad2:id20:');
export const KRPC_REPLY: Buffer = latin1('d1:rd2:id20:');

/** Handshakes that open a TCP stream, from either side. */
const OPENINGS = [
  { verdict: 'bittorrent', bytes: PROTOCOL_NAME },
  { verdict: 'qvod', bytes: QVOD_NAME },
  { verdict: 'ms-do', bytes: DELIVERY_NAME },
] as const;

/** A request line longer than this, in bytes, is no announce: passkey, hash and numbers take some 400. */
export const MAX_REQUEST_BYTES = 2048;
const GET = latin1('GET ');

const startsWith = (bytes: Buffer, pattern: Buffer): boolean => beginsWith(bytes, pattern) === 'yes';

export type StreamSign = 'bittorrent' | 'qvod' | 'ms-do' | 'http-announce' | 'http-scrape' | 'http-info-hash';

/** What the first bytes of a stream, or of a message in it, say. `maybe`: more bytes are needed. */
export function streamSign(head: Buffer): StreamSign | 'maybe' | undefined {
  for (const { verdict, bytes } of OPENINGS) {
    const begins = beginsWith(head, bytes);
    if (begins !== 'no') return begins === 'yes' ? verdict : 'maybe';
  }
  const begins = beginsWith(head, GET);
  return begins === 'yes' ? requestSign(head) : begins === 'maybe' ? 'maybe' : undefined;
}

function requestSign(head: Buffer): StreamSign | 'maybe' | undefined {
  if (startsWith(head, GET_ANNOUNCE)) return 'http-announce';
  if (startsWith(head, GET_SCRAPE)) return 'http-scrape';
  const text = head.toString('latin1', GET.length, MAX_REQUEST_BYTES);
  const end = text.search(/[ \r\n]/);
  const target = end < 0 ? text : text.slice(0, end);
  // Only a value that is followed by something is whole.
  const whole = end < 0 ? /[?&]info_hash=([^&]*)&/ : /[?&]info_hash=([^&]*)/;
  const value = whole.exec(target)?.[1];
  if (value !== undefined && value.replace(/%[0-9a-f]{2}/gi, 'x').length === 20) return 'http-info-hash';
  return end < 0 && head.length < MAX_REQUEST_BYTES ? 'maybe' : undefined;
}

export type DatagramSign = 'dht' | 'lsd' | 'qvod' | 'udp-connect';

/** What one datagram says by itself. */
export function datagramSign(payload: Buffer): DatagramSign | undefined {
  switch (payload[0]) {
    case 0x00:
      return isConnectRequest(payload) ? 'udp-connect' : qvodDatagram(payload) === 'handshake' ? 'qvod' : undefined;
    case 0x42:
      return startsWith(payload, LSD_SEARCH) ? 'lsd' : undefined;
    case 0x64:
      return isKrpc(payload) ? 'dht' : undefined;
    default:
      return undefined;
  }
}

/** The two beginnings are signs enough, even of a datagram that the capture cut; anything else must be whole. */
const isKrpc = (payload: Buffer): boolean =>
  startsWith(payload, KRPC_QUERY) || startsWith(payload, KRPC_REPLY) || parseKrpc(payload).kind === 'ok';
