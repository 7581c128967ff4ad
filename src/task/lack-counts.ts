import type { Bitfield } from '#base/bitfield.ts';
import type { PieceIndex } from '#base/units.ts';
import type { Holder } from './holder.ts';

/** Of the pieces that one client lacks and wants: those that the box lacks, too, and those that lie ready for it. */
export type Need = { readonly lacked: number; readonly ready: number };

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

  /** Clients that want something. */
  get wanting(): number {
    return this.#wanting;
  }

  /** Counts anew from what all clients have and what the box has. Returns what each needs, in their order. */
  recount(holders: readonly Holder[], have: Bitfield | undefined): Need[] {
    this.#counts = new Uint16Array(this.#counts.length);
    const needs = holders.map((holder) => this.#add(holder, have));
    this.#wanting = needs.filter(({ lacked, ready }) => lacked + ready > 0).length;
    return needs;
  }

  #add({ pieces, skips }: Holder, have: Bitfield | undefined): Need {
    const counts = this.#counts;
    let [lacked, ready] = [0, 0];
    const count = (piece: number, one: 1 | -1): void => {
      counts[piece] = (counts[piece] as number) + one;
      if (have?.has(piece)) ready += one;
      else lacked += one;
    };
    if (pieces?.full) return { lacked, ready };
    for (let piece = 0; piece < counts.length; piece++) if (!pieces?.has(piece)) count(piece, 1);
    for (const { first, end } of skips)
      for (let piece = first; piece < end; piece++) if (!pieces?.has(piece) && !this.#isSample(piece)) count(piece, -1);
    return { lacked, ready };
  }
}
