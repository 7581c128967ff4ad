import { Bitfield } from '#base/bitfield.ts';
import type { PieceIndex } from '#base/units.ts';

/**
 * Which pieces an origin can be asked for. Before the piece count is known its words are kept as they came (bounded) and understood later.
 * Returns of `string` say why the origin must be dropped.
 */
export class OriginPieces {
  readonly #limits: { earlyHaves: number; rejectedMs: number };
  #bits: Buffer | undefined;
  #all = false;
  #haves = new Set<PieceIndex>();
  #known: Bitfield | undefined;
  /** Pieces it has but rejected, and until when they are left alone. */
  readonly #refused = new Map<PieceIndex, number>();

  constructor(limits: { earlyHaves: number; rejectedMs: number }) {
    this.#limits = limits;
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
    this.#refused.clear();
    return undefined;
  }

  /** Replaces what was said before (BEP 3: a bitfield comes first; real peers send more than one). */
  bitfield(bits: Buffer | 'all'): string | undefined {
    const count = this.#known?.size;
    this.#all = bits === 'all';
    this.#bits = bits === 'all' ? undefined : Buffer.from(bits);
    this.#haves.clear();
    return count === undefined ? undefined : this.shapeKnown(count);
  }

  have(piece: PieceIndex): string | undefined {
    if (!this.#known) {
      if (this.#haves.size < this.#limits.earlyHaves) this.#haves.add(piece);
      return undefined;
    }
    if (piece >= this.#known.size) return 'a have beyond the last piece';
    if (!this.#refused.has(piece)) this.#known.set(piece);
    return undefined;
  }

  /** It lets us ask, and rejected the piece all the same: asking again at once would go on for ever. */
  refuse(piece: PieceIndex, nowMs: number): void {
    if (!this.#known?.clear(piece)) return;
    this.#refused.set(piece, nowMs + this.#limits.rejectedMs);
  }

  tick(nowMs: number): void {
    for (const [piece, untilMs] of this.#refused) {
      if (untilMs > nowMs) return;
      this.#refused.delete(piece);
      this.#known?.set(piece);
    }
  }
}
