import type { Bitfield } from '#base/bitfield.ts';
import type { PieceIndex } from '#base/units.ts';
import { PeerPieces } from '#wire/peer-pieces.ts';

/** Which pieces an origin can be asked for. Returns of `string` say why the origin must be dropped. */
export class OriginPieces {
  readonly #rejectedMs: number;
  readonly #has: PeerPieces;
  /** Pieces it has but rejected, and until when they are left alone. */
  readonly #refused = new Map<PieceIndex, number>();

  constructor(limits: { earlyHaves: number; rejectedMs: number }) {
    this.#rejectedMs = limits.rejectedMs;
    this.#has = new PeerPieces(limits);
  }

  get known(): Bitfield | undefined {
    return this.#has.known;
  }

  shapeKnown(pieceCount: number): string | undefined {
    return this.#fresh(this.#has.shapeKnown(pieceCount));
  }

  bitfield(bits: Buffer | 'all'): string | undefined {
    return this.#fresh(this.#has.bitfield(bits));
  }

  have(piece: PieceIndex): string | undefined {
    return this.#refused.has(piece) ? undefined : this.#has.have(piece);
  }

  /** It lets us ask, and rejected the piece all the same: asking again at once would go on for ever. */
  refuse(piece: PieceIndex, nowMs: number): void {
    if (!this.known?.clear(piece)) return;
    this.#refused.set(piece, nowMs + this.#rejectedMs);
  }

  tick(nowMs: number): void {
    for (const [piece, untilMs] of this.#refused) {
      if (untilMs > nowMs) return;
      this.#refused.delete(piece);
      this.known?.set(piece);
    }
  }

  /** What it says of everything at once counts more than what it rejected before. */
  #fresh(why: string | undefined): string | undefined {
    if (why === undefined) this.#refused.clear();
    return why;
  }
}
