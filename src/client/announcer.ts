import { Bitfield } from '#base/bitfield.ts';
import type { PieceIndex } from '#base/units.ts';

/**
 * Decides when a client is told of a piece. Everything at once, but for one trap: libtorrent closes a connection whose peer becomes a seed
 * while it has nothing left to ask of it ("uninteresting upload peer"), and comes back a minute later. A client that keeps pace with a box
 * that is filling is in exactly that state when the last piece lands. So the last piece but one is held back until the last is there: the
 * first of the two makes the client interested, the second makes us a seed.
 */
export class Announcer {
  readonly #told: Bitfield;
  #held: PieceIndex | undefined;
  #heldAtMs = 0;

  private constructor(told: Bitfield, held: PieceIndex | undefined, nowMs: number) {
    this.#told = told;
    this.#held = held;
    this.#heldAtMs = nowMs;
  }

  /** What to say first, in place of `have`: the same, or one piece less. Undefined `have`: nothing is had, or it is told later. */
  static open(pieceCount: number, have: Bitfield | undefined, nowMs: number): { announcer: Announcer; bits: Buffer } {
    const told = (have && Bitfield.from(have.bytes, pieceCount)) ?? new Bitfield(pieceCount);
    let held: PieceIndex | undefined;
    if (told.count > 0 && told.count === pieceCount - 1) {
      held = pieceCount - 1;
      while (!told.has(held)) held--;
      told.clear(held);
    }
    return { announcer: new Announcer(told, held, nowMs), bits: Buffer.from(told.bytes) };
  }

  /** The client was told of it, or is about to be. */
  knows(piece: PieceIndex): boolean {
    return this.#held === piece || this.#told.has(piece);
  }

  /** Of what the client was told, that which it lacks: the bits are set in `bits`. `theirs`: what it has. */
  owed(theirs: Bitfield | undefined, bits: Uint8Array): void {
    const told = this.#told.bytes;
    for (let i = 0; i < bits.length; i++)
      bits[i] = (bits[i] as number) | ((told[i] as number) & ~(theirs?.bytes[i] ?? 0));
  }

  /** The `have`s to say now that the client is to know of this piece too. */
  gained(piece: PieceIndex, nowMs: number): PieceIndex[] {
    if (this.knows(piece)) return [];
    if (this.#held !== undefined) return [...this.release(), ...this.#tell(piece)];
    if (this.#told.size > 1 && this.#told.count === this.#told.size - 2) {
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

  /** The task has lost a piece; true when the client was told that it had it. */
  lost(piece: PieceIndex): boolean {
    if (this.#held === piece) this.#held = undefined;
    return this.#told.clear(piece);
  }

  release(): PieceIndex[] {
    const held = this.#held;
    if (held === undefined) return [];
    this.#held = undefined;
    return this.#tell(held);
  }

  #tell(piece: PieceIndex): PieceIndex[] {
    this.#told.set(piece);
    return [piece];
  }
}
