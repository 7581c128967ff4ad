import { crc32 } from 'node:zlib';
import { BLOCK_BYTES, type PieceIndex } from '#base/units.ts';
import type { OriginId } from './begun-piece.ts';

type Suspect = {
  readonly sources: Int32Array /** One checksum per block, once the first mixed piece made us watchful. */;
  readonly sums: number[] | undefined;
};

/**
 * Who lied, when a piece proves bad. From one origin: that origin. From several: the piece is fetched again from one origin alone, and the
 * blocks of the good piece that differ name the liars. Checksums of blocks (CRC-32: a liar who forges it only escapes this ban) are kept only
 * after the first mixed bad piece, so honest swarms pay nothing for them.
 */
export class Blame {
  readonly #limit: number;
  readonly #suspects = new Map<PieceIndex, Suspect>();
  #watchful = false;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** To be called before the piece is verified, and kept until it is: verification may take the buffer away. */
  sums(payload: readonly Uint8Array[]): number[] | undefined {
    return this.#watchful ? blockSums(payload) : undefined;
  }

  /** Returns the origins to ban. When none, the piece is to be fetched from one origin. */
  bad(piece: PieceIndex, sources: Int32Array, sums: number[] | undefined): OriginId[] {
    const distinct = new Set(sources);
    if (distinct.size === 1) return [...distinct];
    this.#watchful = true;
    if (this.#suspects.size >= this.#limit) {
      const oldest = this.#suspects.keys().next().value as PieceIndex;
      this.#suspects.delete(oldest);
    }
    this.#suspects.set(piece, { sources: sources.slice(), sums });
    return [];
  }

  /** A piece proved good. Returns the origins whose part in its earlier, bad version was wrong. */
  good(piece: PieceIndex, sources: Int32Array, sums: number[] | undefined): OriginId[] {
    const suspect = this.#suspects.get(piece);
    if (!suspect) return [];
    this.#suspects.delete(piece);
    if (suspect.sums && sums) {
      const liars = new Set<OriginId>();
      for (const [block, sum] of suspect.sums.entries()) {
        if (sum !== sums[block]) liars.add(suspect.sources[block] as OriginId);
      }
      return [...liars];
    }
    const honest = new Set(sources);
    const others = new Set([...suspect.sources].filter((origin) => !honest.has(origin)));
    return others.size === 1 ? [...others] : [];
  }
}

/** `payload`: the piece's blocks, each its own view, or views cut anywhere. */
function blockSums(payload: readonly Uint8Array[]): number[] {
  const sums: number[] = [];
  let filled = 0;
  let sum = 0;
  for (const part of payload) {
    for (let at = 0; at < part.length; ) {
      const take = Math.min(part.length - at, BLOCK_BYTES - filled);
      sum = crc32(part.subarray(at, at + take), sum);
      filled += take;
      at += take;
      if (filled === BLOCK_BYTES) {
        sums.push(sum);
        filled = 0;
        sum = 0;
      }
    }
  }
  if (filled > 0) sums.push(sum);
  return sums;
}
