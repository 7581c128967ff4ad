import type { PieceIndex } from '#base/units.ts';
import type { Holder } from './holder.ts';

/** For each piece: how many clients lack it and want it. */
export class LackCounts {
  #counts: Uint16Array;
  #wanting = 0;
  readonly #isSample: (piece: PieceIndex) => boolean;

  /** `isSample`: a piece that is wanted by whoever lacks it. */
  constructor(pieceCount: number, isSample: (piece: PieceIndex) => boolean = () => false) {
    this.#counts = new Uint16Array(pieceCount);
    this.#isSample = isSample;
  }

  /** Pieces of the torrent; 0 while that is not known. */
  get size(): number {
    return this.#counts.length;
  }

  of(piece: number): number {
    return this.#counts[piece] ?? 0;
  }

  /** Counts anew from what all clients have: on a join, a leave, or a client's whole bitfield. */
  recount(holders: Iterable<Holder>): void {
    const counts = new Uint16Array(this.#counts.length);
    this.#wanting = 0;
    for (const { pieces, skips } of holders) {
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

  /** Clients that want something. */
  get wanting(): number {
    return this.#wanting;
  }
}
