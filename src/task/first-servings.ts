import type { PieceIndex } from '#base/units.ts';

/** Pieces remembered, some 40 bytes each: more than are on their way to clients at once. */
const PIECES = 65_536;

/**
 * Which of the bytes given to clients were fetched for it: each that came in from outside counts once, the first time that so much of its piece is
 * given. Then `fresh` never exceeds what was fetched, and the rest of what is given had been here. Of more pieces than it remembers, and of
 * a torrent that rested in between, what is given counts as having been here.
 */
export class FirstServings {
  readonly #left = new Map<PieceIndex, number>();

  /** Bytes of the piece have come in from outside. */
  came(piece: PieceIndex, bytes: number): void {
    this.#left.set(piece, (this.#left.get(piece) ?? 0) + bytes);
    for (const oldest of this.#left.keys()) {
      if (this.#left.size <= PIECES) break;
      this.#left.delete(oldest);
    }
  }

  /** Returns how many of the given bytes are given for the first time. */
  given(piece: PieceIndex, bytes: number): number {
    const left = this.#left.get(piece);
    if (left === undefined) return 0;
    const fresh = Math.min(left, bytes);
    if (fresh === left) this.#left.delete(piece);
    else this.#left.set(piece, left - fresh);
    return fresh;
  }
}
