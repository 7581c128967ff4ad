import type { InfoHash } from '#base/units.ts';
import { parseInfoHash } from '#base/units.ts';
import { WIRE_LIMITS } from './limits.ts';
import type { Parsed } from './parsed.ts';
import { bad, ok } from './parsed.ts';

/** BEP 14: it must fit into 1,400 bytes. */
const DATAGRAM_BYTES = 1500;

/** Reads a Local Service Discovery announce (BEP 14): which torrents a LAN client has, and where it listens. */
export function parseLsd(datagram: Uint8Array): Parsed<{ infoHashes: InfoHash[]; port: number }> {
  if (datagram.length > DATAGRAM_BYTES) return bad('longer than an LSD announce');
  const text = Buffer.from(datagram.buffer, datagram.byteOffset, datagram.length).toString('latin1');
  const [first, ...lines] = text.split('\r\n');
  if (!first || !/^BT-SEARCH \* HTTP\/1\.\d$/i.test(first)) return bad('not an LSD announce');
  let port: number | undefined;
  const infoHashes = new Set<InfoHash>();
  for (const line of lines) {
    const [, name, value] = /^([A-Za-z-]+):[ \t]*(\S*)[ \t]*$/.exec(line) ?? [];
    if (name?.toLowerCase() === 'port' && /^\d{1,5}$/.test(value ?? '')) port = Number(value);
    if (name?.toLowerCase() !== 'infohash' || infoHashes.size >= WIRE_LIMITS.lsdHashes) continue;
    const hash = parseInfoHash(value ?? '');
    if (hash) infoHashes.add(hash);
  }
  if (port === undefined || port === 0 || port > 65_535) return bad('an LSD announce without a port');
  if (infoHashes.size === 0) return bad('an LSD announce without an info-hash');
  return ok({ infoHashes: [...infoHashes], port });
}
