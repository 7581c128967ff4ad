import type { InfoHash } from '#base/units.ts';
import { parseInfoHash } from '#base/units.ts';
import { WIRE_LIMITS } from './limits.ts';
import type { Parsed } from './parsed.ts';
import { bad, ok } from './parsed.ts';

/** BEP 14: it must fit into 1,400 bytes. */
const DATAGRAM_BYTES = 1500;
/** BEP 14: the groups, site-local and, by the router's leave, never beyond. */
export const LSD_GROUP = { 4: '239.192.152.143', 6: 'ff15::efc0:988f' } as const;
export const LSD_PORT = 6771;
/** Info-hashes of one announce of ours: 24 lines of 52 bytes and the head stay below 1,400 bytes. */
export const LSD_BATCH = 24;
const COOKIE_CHARS = 64;

/** A Local Service Discovery announce (BEP 14). `cookie`: what its sender knows its own announces by. */
export type Lsd = { readonly infoHashes: readonly InfoHash[]; readonly port: number; readonly cookie?: string };

/** At most `LSD_BATCH` info-hashes. */
export function encodeLsd(family: 4 | 6, { infoHashes, port, cookie }: Lsd): Buffer {
  if (infoHashes.length > LSD_BATCH) throw new RangeError(`bug: ${infoHashes.length} info-hashes in one LSD announce`);
  const host = family === 4 ? LSD_GROUP[4] : `[${LSD_GROUP[6]}]`;
  const lines = [
    'BT-SEARCH * HTTP/1.1',
    `Host: ${host}:${LSD_PORT}`,
    `Port: ${port}`,
    ...infoHashes.map((hash) => `Infohash: ${hash}`),
    ...(cookie === undefined ? [] : [`cookie: ${cookie}`]),
  ];
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n\r\n`, 'latin1');
}

/** Which torrents a LAN client has, and where it listens. */
export function parseLsd(datagram: Uint8Array): Parsed<Lsd> {
  if (datagram.length > DATAGRAM_BYTES) return bad('longer than an LSD announce');
  const text = Buffer.from(datagram.buffer, datagram.byteOffset, datagram.length).toString('latin1');
  const [first, ...lines] = text.split('\r\n');
  if (!first || !/^BT-SEARCH \* HTTP\/1\.\d$/i.test(first)) return bad('not an LSD announce');
  let port: number | undefined;
  let cookie: string | undefined;
  const infoHashes = new Set<InfoHash>();
  for (const line of lines) {
    const [, name, value] = /^([A-Za-z-]+):[ \t]*(\S*)[ \t]*$/.exec(line) ?? [];
    if (name?.toLowerCase() === 'port' && /^\d{1,5}$/.test(value ?? '')) port = Number(value);
    if (name?.toLowerCase() === 'cookie') cookie = value?.slice(0, COOKIE_CHARS);
    if (name?.toLowerCase() !== 'infohash' || infoHashes.size >= WIRE_LIMITS.lsdHashes) continue;
    const hash = parseInfoHash(value ?? '');
    if (hash) infoHashes.add(hash);
  }
  if (port === undefined || port === 0 || port > 65_535) return bad('an LSD announce without a port');
  if (infoHashes.size === 0) return bad('an LSD announce without an info-hash');
  return ok({ infoHashes: [...infoHashes], port, ...(cookie && { cookie }) });
}
