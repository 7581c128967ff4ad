import { Bitfield } from '#base/bitfield.ts';
import type { PieceIndex } from '#base/units.ts';

/**
 * Which pieces a peer has, by its own words. Before the piece count is known they are kept as they came (bounded) and understood
 * later. Returns of `string` say why the peer must be dropped.
 */
export class PeerPieces {
  readonly #earlyHaves: number;
  #bits: Buffer | undefined;
  #all = false;
  #haves = new Set<PieceIndex>();
  #known: Bitfield | undefined;

  constructor(limits: { earlyHaves: number }) {
    this.#earlyHaves = limits.earlyHaves;
  }

  get known(): Bitfield | undefined {
    return this.#known;
  }

  shapeKnown(pieceCount: number): string | undefined {
    const field = this.#bits ? Bitfield.from(this.#bits, pieceCount) : new Bitfield(pieceCount);
    if (!field) return 'a bitfield of another length than the torrent';
    if (this.#all) field.setAll();
    for (const piece of this.#haves) {
      if (piece >= pieceCount) return 'a have beyond the last piece';
      field.set(piece);
    }
    this.#known = field;
    this.#bits = undefined;
    this.#haves.clear();
    return undefined;
  }

  /** Replaces what was said before: real peers send more than one. `have-all` and `have-none` are a bitfield in other words (BEP 6). */
  bitfield(bits: Buffer | 'all' | 'none'): string | undefined {
    const count = this.#known?.size;
    this.#all = bits === 'all';
    // Copied: what came is a view of a network chunk, and may have to wait.
    this.#bits = typeof bits === 'string' ? undefined : Buffer.from(bits);
    this.#haves.clear();
    return count === undefined ? undefined : this.shapeKnown(count);
  }

  have(piece: PieceIndex): string | undefined {
    if (!this.#known) {
      if (this.#haves.size < this.#earlyHaves) this.#haves.add(piece);
      return undefined;
    }
    if (piece >= this.#known.size) return 'a have beyond the last piece';
    this.#known.set(piece);
    return undefined;
  }

  /** The peer has lost the piece (BEP 54). */
  lost(piece: PieceIndex): string | undefined {
    if (this.#known) {
      if (piece >= this.#known.size) return 'the loss of a piece beyond the last';
      this.#known.clear(piece);
      return undefined;
    }
    this.#haves.delete(piece);
    const byte = this.#bits?.[piece >> 3];
    if (this.#bits && byte !== undefined) this.#bits[piece >> 3] = byte & ~(0x80 >> (piece & 7));
    return undefined;
  }
}
