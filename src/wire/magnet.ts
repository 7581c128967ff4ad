import type { InfoHash } from '#base/units.ts';
import { infoHashOf, parseInfoHash } from '#base/units.ts';
import { WIRE_LIMITS } from './limits.ts';
import type { Parsed } from './parsed.ts';
import { bad, ok } from './parsed.ts';

const URI_CHARS = 64 * 1024;
const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567';

export type Magnet = {
  /** The first of `ids`. */
  infoHash: InfoHash;
  /** The 20-byte names it gives: v1's, v2's (cut as its swarm uses it), or both for a hybrid. */
  ids: readonly InfoHash[];
  name?: string;
  trackers: string[];
};

/** Reads a magnet link (BEP 9, BEP 52): `xt=urn:btih:` with 40 hex or 32 base32 digits, `xt=urn:btmh:`, `dn`, `tr`. */
export function parseMagnet(uri: string): Parsed<Magnet> {
  if (uri.length > URI_CHARS) return bad('the magnet link is too long');
  const [, query] = /^magnet:\?(.*)$/is.exec(uri.trim()) ?? [];
  if (query === undefined) return bad('not a magnet link');
  let v1: InfoHash | undefined;
  let v2: InfoHash | undefined;
  let name: string | undefined;
  const trackers = new Set<string>();
  for (const [key, value] of new URLSearchParams(query)) {
    // Links may number what comes more than once: xt.1, tr.2.
    switch (key.toLowerCase().replace(/\.\d+$/, '')) {
      case 'xt':
        v1 ??= btih(value);
        v2 ??= btmh(value);
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
  const ids = [v1, v2].filter((id) => id !== undefined);
  const [infoHash] = ids;
  if (!infoHash) return bad('the magnet link has no info-hash');
  return ok({ infoHash, ids, ...(name !== undefined && { name }), trackers: [...trackers] });
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

/** A multihash: SHA-256 (0x12) of 32 bytes (0x20), in hex. */
function btmh(urn: string): InfoHash | undefined {
  const [, digest] = /^urn:btmh:1220([0-9a-f]{64})$/i.exec(urn) ?? [];
  return digest === undefined ? undefined : parseInfoHash(digest.slice(0, 40));
}
