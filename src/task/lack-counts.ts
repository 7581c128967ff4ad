import type { Bitfield } from '#base/bitfield.ts';

/** What is known of one client's pieces: undefined while it has said nothing, which means "none" (BEP 3). */
export type Holder = { pieces(): Bitfield | undefined };

/** For each piece: how many connected clients lack it. */
export class LackCounts {
  #counts: Uint16Array;
  #holders = 0;

  constructor(pieceCount: number) {
    this.#counts = new Uint16Array(pieceCount);
  }

  of(piece: number): number {
    return this.#counts[piece] ?? 0;
  }

  /** Counts anew from what all clients have: on a join, a leave, or a client's whole bitfield. */
  recount(holders: Iterable<Holder>): void {
    const counts = new Uint16Array(this.#counts.length);
    this.#holders = 0;
    for (const holder of holders) {
      this.#holders++;
      const pieces = holder.pieces();
      if (pieces?.full) continue;
      for (let i = 0; i < counts.length; i++) if (!pieces?.has(i)) counts[i] = (counts[i] as number) + 1;
    }
    this.#counts = counts;
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
