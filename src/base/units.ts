/** Names for the numbers and strings that travel between folders. */

/** 40 lower-case hex digits: a torrent's 20-byte identity (BEP 3: SHA-1 of the info dictionary). */
export type InfoHash = string & { readonly brand: 'InfoHash' };

/** Zero-based number of a piece inside its torrent. */
export type PieceIndex = number;

/** The request unit every client uses (BEP 3 as practised: 16 KiB). */
export const BLOCK_BYTES = 16_384;

export const KIB = 1024;
export const MIB = 1024 * 1024;
export const GIB = 1024 * MIB;

const HEX40 = /^[0-9a-f]{40}$/;

/** Throws on anything but 20 bytes. */
export function infoHashOf(bytes: Uint8Array): InfoHash {
  if (bytes.length !== 20) throw new RangeError(`an info-hash has 20 bytes, not ${bytes.length}`);
  return Buffer.from(bytes.buffer, bytes.byteOffset, 20).toString('hex') as InfoHash;
}

/** The info-hash that a person or a config file wrote, or undefined when it is none. */
export function parseInfoHash(text: string): InfoHash | undefined {
  const lower = text.toLowerCase();
  return HEX40.test(lower) ? (lower as InfoHash) : undefined;
}

export const infoHashBytes = (hash: InfoHash): Buffer => Buffer.from(hash, 'hex');
