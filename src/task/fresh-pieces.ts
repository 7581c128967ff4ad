import type { PieceIndex } from '#base/units.ts';
import { LIMITS } from './limits.ts';

/** Pieces that came a short while ago: who waited for them is about to take them. Of very many only the last ones. */
export class FreshPieces {
  /** The first to have come first. */
  readonly #cameAtMs = new Map<PieceIndex, number>();

  came(piece: PieceIndex, nowMs: number): void {
    this.#cameAtMs.delete(piece);
    this.#cameAtMs.set(piece, nowMs);
    for (const [oldest, atMs] of this.#cameAtMs) {
      if (nowMs - atMs < LIMITS.freshMs && this.#cameAtMs.size <= LIMITS.freshPieces) break;
      this.#cameAtMs.delete(oldest);
    }
  }

  /** Nobody is here to take anything. */
  clear(): void {
    this.#cameAtMs.clear();
  }

  has(piece: PieceIndex, nowMs: number): boolean {
    return nowMs - (this.#cameAtMs.get(piece) ?? Number.NEGATIVE_INFINITY) < LIMITS.freshMs;
  }
}
