import type { Bitfield } from '#base/bitfield.ts';
import type { PieceIndex } from '#base/units.ts';
import type { Part } from './wishes.ts';

export type Holder = {
  /** What is known of one client's pieces: undefined while it has said nothing, which means "none" (BEP 3). */
  pieces(): Bitfield | undefined;
  /** What it lacks and does not want. */
  readonly skips: readonly Part[];
};

/** For each piece: how many connected clients lack it and want it. */
export class LackCounts {
  #counts: Uint16Array;
  #holders = 0;
  #wanting = 0;
  readonly #isSample: (piece: PieceIndex) => boolean;

  /** `isSample`: a piece that is wanted by whoever lacks it. */
  constructor(pieceCount: number, isSample: (piece: PieceIndex) => boolean = () => false) {
    this.#counts = new Uint16Array(pieceCount);
    this.#isSample = isSample;
  }

  of(piece: number): number {
    return this.#counts[piece] ?? 0;
  }

  /** Counts anew from what all clients have. */
  recount(holders: Iterable<Holder>): void {
    const counts = new Uint16Array(this.#counts.length);
    this.#holders = 0;
    this.#wanting = 0;
    for (const { pieces, skips } of [...holders].map((h) => ({ pieces: h.pieces(), skips: h.skips }))) {
      this.#holders++;
      if (pieces?.full) continue;
      let wanted = counts.length - (pieces?.count ?? 0);
      for (let i = 0; i < counts.length; i++) if (!pieces?.has(i)) counts[i] = (counts[i] as number) + 1;
      for (const { first, end } of skips)
        for (let i = first; i < end; i++) {
          if (pieces?.has(i) || this.#isSample(i)) continue;
          counts[i] = (counts[i] as number) - 1;
          wanted--;
        }
      if (wanted > 0) this.#wanting++;
    }
    this.#counts = counts;
  }

  /** What counting anew costs, in questions whether a client has a piece, with so many clients. */
  costWith(holders: number): number {
    return holders * this.#counts.length;
  }

  /** One more client, which has said nothing yet. */
  joined(): void {
    this.#holders++;
    this.#wanting++;
    for (let i = 0; i < this.#counts.length; i++) this.#counts[i] = (this.#counts[i] as number) + 1;
  }

  /** Clients that want something. */
  get wanting(): number {
    return this.#wanting;
  }

  /** One client now has one more piece. */
  gained(piece: number): void {
    const count = this.#counts[piece];
    if (count) this.#counts[piece] = count - 1;
  }

  get holders(): number {
    return this.#holders;
  }
}
