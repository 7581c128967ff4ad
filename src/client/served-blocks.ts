import { Bitfield } from '#base/bitfield.ts';
import { BLOCK_BYTES, type PieceIndex } from '#base/units.ts';
import { type Metainfo, pieceSize } from '#wire/metainfo.ts';

/** Pieces given in part that are remembered, some 32 bytes each: clients have a few dozen open. */
const OPEN_PIECES = 1_024;

/**
 * Which blocks one client was given. Clients ask for some twice, Transmission in the normal course of its end game; what it
 * saved the line counts once. Costs a bit for each piece given whole and a few bytes for each that is not yet: of more such
 * than anybody has open, the oldest are forgotten and would count again.
 */
export class ServedBlocks {
  readonly #meta: Metainfo;
  readonly #whole: Bitfield;
  readonly #open = new Map<PieceIndex, Bitfield>();

  constructor(meta: Metainfo) {
    this.#meta = meta;
    this.#whole = new Bitfield(meta.pieceCount);
  }

  /** Pieces of which it was given every block. */
  get whole(): Bitfield {
    return this.#whole;
  }

  /** How many of these bytes the client is given for the first time. A block counts as given once its end was. */
  give(piece: PieceIndex, begin: number, length: number): number {
    if (this.#whole.has(piece)) return 0;
    const pieceBytes = pieceSize(this.#meta, piece);
    const begun = this.#open.get(piece);
    const given = begun ?? new Bitfield(Math.ceil(pieceBytes / BLOCK_BYTES));
    let fresh = 0;
    for (let block = Math.floor(begin / BLOCK_BYTES); block * BLOCK_BYTES < begin + length; block++) {
      if (given.has(block)) continue;
      const blockEnd = Math.min((block + 1) * BLOCK_BYTES, pieceBytes);
      const end = Math.min(begin + length, blockEnd);
      fresh += end - Math.max(begin, block * BLOCK_BYTES);
      if (end === blockEnd) given.set(block);
    }
    if (given.full) {
      this.#open.delete(piece);
      this.#whole.set(piece);
    } else if (!begun) this.#opened(piece, given);
    return fresh;
  }

  #opened(piece: PieceIndex, given: Bitfield): void {
    this.#open.set(piece, given);
    for (const oldest of this.#open.keys()) {
      if (this.#open.size <= OPEN_PIECES) break;
      this.#open.delete(oldest);
    }
  }
}
