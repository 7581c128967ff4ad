import type { Bitfield } from '#base/bitfield.ts';
import type { PieceIndex } from '#base/units.ts';

/**
 * Decides when a client is told of a piece. Everything at once, but for one trap: libtorrent closes a connection whose peer becomes a seed
 * while it has nothing left to ask of it ("uninteresting upload peer"), and comes back a minute later. A client that keeps pace with a box
 * that is filling is in exactly that state when the last piece lands. So the last piece but one is held back until the last is there: the
 * first of the two makes the client interested, the second makes us a seed.
 */
export class Announcer {
  readonly #pieceCount: number;
  #told: number;
  #held: PieceIndex | undefined;
  #heldAtMs = 0;

  private constructor(pieceCount: number, told: number, held: PieceIndex | undefined, nowMs: number) {
    this.#pieceCount = pieceCount;
    this.#told = told;
    this.#held = held;
    this.#heldAtMs = nowMs;
  }

  /** What to say first, in place of `have`: the same, or one piece less. Undefined `have`: nothing is had. */
  static open(pieceCount: number, have: Bitfield | undefined, nowMs: number): { announcer: Announcer; bits: Buffer } {
    const bits = Buffer.alloc(Math.ceil(pieceCount / 8));
    if (have) bits.set(have.bytes);
    if (!have || have.count !== pieceCount - 1 || have.count === 0)
      return { announcer: new Announcer(pieceCount, have?.count ?? 0, undefined, nowMs), bits };
    let held = pieceCount - 1;
    while (!have.has(held)) held--;
    bits[held >> 3] = (bits[held >> 3] as number) & ~(0x80 >> (held & 7));
    return { announcer: new Announcer(pieceCount, have.count - 1, held, nowMs), bits };
  }

  /** The `have`s to say now that the task has this piece too. */
  gained(piece: PieceIndex, nowMs: number): PieceIndex[] {
    if (this.#held !== undefined) return [...this.release(), ...this.#tell(piece)];
    if (this.#pieceCount > 1 && this.#told === this.#pieceCount - 2) {
      this.#held = piece;
      this.#heldAtMs = nowMs;
      return [];
    }
    return this.#tell(piece);
  }

  /** What was held back for longer than `ms`: the last piece does not come, and one piece is better than none. */
  overdue(ms: number, nowMs: number): PieceIndex[] {
    return this.#held !== undefined && nowMs - this.#heldAtMs >= ms ? this.release() : [];
  }

  /** The task has lost a piece; was the client told that it had it? */
  lost(piece: PieceIndex): 'told' | 'held back' {
    if (this.#held === piece) {
      this.#held = undefined;
      return 'held back';
    }
    this.#told = Math.max(0, this.#told - 1);
    return 'told';
  }

  release(): PieceIndex[] {
    const held = this.#held;
    if (held === undefined) return [];
    this.#held = undefined;
    return this.#tell(held);
  }

  #tell(piece: PieceIndex): PieceIndex[] {
    this.#told++;
    return [piece];
  }
}
