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

  /** What counting anew costs, in questions whether a client has a piece, with so many clients. */
  costWith(holders: number): number {
    return holders * this.#counts.length;
  }

  /** One more client, which has said nothing yet. */
  joined(): void {
    this.#wanting++;
    for (let i = 0; i < this.#counts.length; i++) this.#counts[i] = (this.#counts[i] as number) + 1;
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

  /** In plain loops: with hundreds of clients of a large torrent this is where the time goes. */
  #add({ pieces, skips, wasGiven }: Holder, have: Bitfield | undefined): Need {
    const counts = this.#counts;
    let [wanted, had, ready] = [0, 0, 0];
    if (pieces?.full) return { lacked: 0, ready: 0 };
    for (let piece = 0; piece < counts.length; piece++) {
      if (pieces?.has(piece)) continue;
      counts[piece] = (counts[piece] as number) + 1;
      wanted++;
      if (!have?.has(piece)) continue;
      had++;
      if (!wasGiven?.(piece)) ready++;
    }
    for (const { first, end } of skips)
      for (let piece = first; piece < end; piece++) {
        if (pieces?.has(piece) || this.#isSample(piece)) continue;
        counts[piece] = (counts[piece] as number) - 1;
        wanted--;
        if (!have?.has(piece)) continue;
        had--;
        if (!wasGiven?.(piece)) ready--;
      }
    return { lacked: wanted - had, ready };
  }
}
