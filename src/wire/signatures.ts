import { asBytes, asDict, asInt, asList, asText, type BDict, decode } from './bencode.ts';
import { PROTOCOL_NAME } from './handshake.ts';
import { isConnectRequest } from './tracker-udp.ts';

/**
 * Byte patterns by which protocols of the swarm, and those that must not be taken for it, are told apart. Each one is
 * long enough to be right by itself: none was seen in some 8,600 flows of other protocols.
 */

/** The two ends of a flow. `a` opened it, as far as is known. */
export type Side = 'a' | 'b';

const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1');

/** The whole 20 bytes of a Qvod handshake's name field: only 13 of them are the name, six are zero. */
export const QVOD_NAME: Buffer = latin1('\x13QVOD protocol\0\0\0\0\0\0');
/** Microsoft Delivery Optimization: BitTorrent's shape, another protocol. */
export const MS_DO_NAME: Buffer = latin1('\x0eSwarm protocol');
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
  { verdict: 'ms-do', bytes: MS_DO_NAME },
] as const;

/** A request line longer than this, in bytes, is no announce: passkey, hash and numbers take some 400. */
export const MAX_REQUEST_BYTES = 2048;
const GET = latin1('GET ');

const startsWith = (bytes: Buffer, pattern: Buffer): boolean =>
  bytes.length >= pattern.length && pattern.equals(bytes.subarray(0, pattern.length));
const mayBecome = (bytes: Buffer, pattern: Buffer): boolean =>
  bytes.length < pattern.length && bytes.equals(pattern.subarray(0, bytes.length));

export type StreamSign = 'bittorrent' | 'qvod' | 'ms-do' | 'http-announce' | 'http-scrape' | 'http-info-hash';

/** What the first bytes of a stream, or of a message in it, say. `maybe`: more bytes are needed. */
export function streamSign(head: Buffer): StreamSign | 'maybe' | undefined {
  for (const { verdict, bytes } of OPENINGS) {
    if (startsWith(head, bytes)) return verdict;
    if (mayBecome(head, bytes)) return 'maybe';
  }
  if (mayBecome(head, GET)) return 'maybe';
  return startsWith(head, GET) ? requestSign(head) : undefined;
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
      return isConnectRequest(payload) ? 'udp-connect' : isQvodDatagram(payload) ? 'qvod' : undefined;
    case 0x42:
      return startsWith(payload, LSD_SEARCH) ? 'lsd' : undefined;
    case 0x64:
      return isKrpc(payload) ? 'dht' : undefined;
    default:
      return undefined;
  }
}

/** The total length in four bytes, nine bytes of unknown meaning, then the peer handshake. */
function isQvodDatagram(payload: Buffer): boolean {
  if (payload.length < 13 + QVOD_NAME.length || payload.readUInt32BE(0) !== payload.length) return false;
  return startsWith(payload.subarray(13), QVOD_NAME);
}

/** The two beginnings are signs enough, even of a datagram that the capture cut; anything else must be whole. */
function isKrpc(payload: Buffer): boolean {
  if (startsWith(payload, KRPC_QUERY) || startsWith(payload, KRPC_REPLY)) return true;
  const read = decode(payload, { keys: 'any-order' });
  const message = read.kind === 'ok' ? asDict(read.value) : undefined;
  return message !== undefined && asBytes(message.get('t')) !== undefined && hasKrpcBody(message);
}

function hasKrpcBody(message: BDict): boolean {
  const hasId = (key: string): boolean => asBytes(asDict(message.get(key))?.get('id'))?.length === 20;
  switch (asText(message.get('y'))) {
    case 'q':
      return hasId('a') && asBytes(message.get('q')) !== undefined;
    case 'r':
      return hasId('r');
    case 'e':
      return asInt(asList(message.get('e'))?.[0]) !== undefined;
    default:
      return false;
  }
}
