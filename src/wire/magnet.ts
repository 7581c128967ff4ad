import type { InfoHash } from '#base/units.ts';
import { infoHashOf, parseInfoHash } from '#base/units.ts';
import { WIRE_LIMITS } from './limits.ts';
import type { Parsed } from './parsed.ts';
import { bad, ok } from './parsed.ts';

const URI_CHARS = 64 * 1024;
const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567';

/** Reads a magnet link (BEP 9): `xt=urn:btih:` with 40 hex or 32 base32 digits, `dn`, `tr`. */
export function parseMagnet(uri: string): Parsed<{ infoHash: InfoHash; name?: string; trackers: string[] }> {
  if (uri.length > URI_CHARS) return bad('the magnet link is too long');
  const [, query] = /^magnet:\?(.*)$/is.exec(uri.trim()) ?? [];
  if (query === undefined) return bad('not a magnet link');
  let infoHash: InfoHash | undefined;
  let isV2 = false;
  let name: string | undefined;
  const trackers = new Set<string>();
  for (const [key, value] of new URLSearchParams(query)) {
    // Links may number what comes more than once: xt.1, tr.2.
    switch (key.toLowerCase().replace(/\.\d+$/, '')) {
      case 'xt':
        infoHash ??= btih(value);
        isV2 ||= /^urn:btmh:/i.test(value);
        break;
      case 'dn':
        name ??= value.slice(0, WIRE_LIMITS.nameChars) || undefined;
        break;
      case 'tr':
        if (value !== '' && value.length <= WIRE_LIMITS.trackerChars && trackers.size < WIRE_LIMITS.trackers) {
          trackers.add(value);
        }
    }
  }
  if (!infoHash) return bad(isV2 ? 'BitTorrent v2 links are not supported yet' : 'the magnet link has no info-hash');
  return ok({ infoHash, ...(name !== undefined && { name }), trackers: [...trackers] });
}

function btih(urn: string): InfoHash | undefined {
  const [, id = ''] = /^urn:btih:([0-9a-z]+)$/i.exec(urn) ?? [];
  if (id.length !== 32) return parseInfoHash(id);
  const bytes = Buffer.alloc(20);
  for (const [i, char] of [...id.toLowerCase()].entries()) {
    const five = BASE32.indexOf(char);
    if (five < 0) return undefined;
    for (let bit = 0; bit < 5; bit++) {
      const at = i * 5 + bit;
      if ((five & (16 >> bit)) !== 0) bytes[at >> 3] = (bytes[at >> 3] as number) | (0x80 >> (at & 7));
    }
  }
  return infoHashOf(bytes);
}
