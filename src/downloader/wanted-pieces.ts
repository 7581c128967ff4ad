import type { PieceIndex } from '#base/units.ts';

/** Ranks above this are as good as it: bounds the number of buckets. */
export const MAX_RANK = 63;
/** The highest ranks are for pieces that somebody needs soon; below them, 55 waiting clients are waiting clients. */
export const URGENT_LEVELS = 8;
export const URGENT_RANK = MAX_RANK - URGENT_LEVELS + 1;

type Bucket = { readonly bits: Uint8Array; count: number /** No bit is set in a byte before this one. */; low: number };

/**
 * The pieces that may be begun, by rank (how soon they are needed, else how many clients lack them). Each rank is a bit set laid out like a
 * bitfield message (BEP 3), so that "the best piece this origin has" is a byte-wise AND from a cursor: no sorting, and nothing per block.
 */
export class WantedPieces {
  readonly #ranks: Uint8Array;
  readonly #buckets: (Bucket | undefined)[] = [];
  #top = 0;
  #count = 0;

  constructor(pieceCount: number) {
    this.#ranks = new Uint8Array(pieceCount);
  }

  get count(): number {
    return this.#count;
  }

  has(piece: PieceIndex): boolean {
    return this.#ranks[piece] !== 0;
  }

  /** Rank 0 takes the piece out. */
  set(piece: PieceIndex, wantedRank: number): void {
    const rank = Math.min(wantedRank, MAX_RANK);
    const old = this.#ranks[piece] as number;
    if (old === rank) return;
    if (old !== 0) this.#unset(piece, old);
    if (rank !== 0) this.#enter(piece, rank);
    this.#ranks[piece] = rank;
  }

  urgent(piece: PieceIndex): boolean {
    return (this.#ranks[piece] as number) >= URGENT_RANK;
  }

  /** The piece of the highest rank up to `top`, then of the lowest index, among those in `bits` (undefined: all pieces). */
  first(bits: Uint8Array | undefined, top = MAX_RANK): PieceIndex | undefined {
    for (let rank = Math.min(top, this.#top); rank > 0; rank--) {
      const bucket = this.#buckets[rank];
      if (!bucket || bucket.count === 0) {
        if (rank === this.#top) this.#top--;
        continue;
      }
      while (bucket.bits[bucket.low] === 0) bucket.low++;
      for (let at = bucket.low; at < bucket.bits.length; at++) {
        const byte = (bucket.bits[at] as number) & (bits ? (bits[at] as number) : 0xff);
        if (byte !== 0) return at * 8 + Math.clz32(byte) - 24;
      }
    }
    return undefined;
  }

  #enter(piece: PieceIndex, rank: number): void {
    let bucket = this.#buckets[rank];
    if (!bucket) {
      bucket = { bits: new Uint8Array(Math.ceil(this.#ranks.length / 8)), count: 0, low: 0 };
      this.#buckets[rank] = bucket;
    }
    const at = piece >> 3;
    bucket.bits[at] = (bucket.bits[at] as number) | (0x80 >> (piece & 7));
    bucket.low = bucket.count === 0 ? at : Math.min(bucket.low, at);
    bucket.count++;
    this.#count++;
    this.#top = Math.max(this.#top, rank);
  }

  #unset(piece: PieceIndex, rank: number): void {
    const bucket = this.#buckets[rank] as Bucket;
    const at = piece >> 3;
    bucket.bits[at] = (bucket.bits[at] as number) & ~(0x80 >> (piece & 7));
    bucket.count--;
    this.#count--;
  }
}
