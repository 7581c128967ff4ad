import type { Bitfield } from '#base/bitfield.ts';
import type { PieceIndex } from '#base/units.ts';
import { LIMITS } from './limits.ts';

/**
 * Where in the torrent a client is that wants nothing of what it is offered. Nothing in the protocol says it, so pieces are fetched to find out: each is offered,
 * and taken or not. First the middle of the longest stretch that the box lacks, until one is taken; then halfway between
 * that one and the nearest below that was not, until they meet: what a player wants begins there.
 */
export class PlaceSearch {
  /** Not taken, nor anything between it and `#high`. */
  #low: PieceIndex = -1;
  #high: PieceIndex | undefined;
  #probe: PieceIndex | undefined;
  #offeredMs: number | undefined;
  #probes = 0;

  /** The lowest piece that it took. */
  get place(): PieceIndex | undefined {
    return this.#high;
  }

  /** It may want nothing at all. */
  get inVain(): boolean {
    return this.#high === undefined && this.#probes > LIMITS.probes;
  }

  get over(): boolean {
    return this.#high !== undefined && this.#high - this.#low <= 1;
  }

  /** The client asks for a piece. `refused`: it was offered that one, and did not take it. */
  asked(piece: PieceIndex, refused: (piece: PieceIndex) => boolean): void {
    if (this.#high !== undefined && (piece >= this.#high || piece <= this.#low)) return;
    if (this.#high === undefined) for (this.#low = piece - 1; this.#low >= 0 && !refused(this.#low); ) this.#low--;
    this.#high = piece;
    this.#probe = undefined;
  }

  /** What is to be fetched now. `done`: what the client has or does not want at all. */
  next(have: Bitfield, done: Bitfield, nowMs: number): PieceIndex | undefined {
    if (this.#probe !== undefined && have.has(this.#probe)) {
      this.#offeredMs ??= nowMs;
      if (nowMs - this.#offeredMs < LIMITS.answerMs) return undefined;
      if (this.#high !== undefined) this.#low = this.#probe;
      this.#probe = undefined;
    }
    if (this.#probe === undefined || done.has(this.#probe)) {
      this.#probes++;
      if (this.inVain) return undefined;
      this.#probe = this.#high === undefined ? middleOfLongest(have, done) : this.#between(this.#high, done);
      this.#offeredMs = undefined;
    }
    return this.#probe;
  }

  #between(high: PieceIndex, done: Bitfield): PieceIndex | undefined {
    let piece = (this.#low + high) >> 1;
    while (piece > this.#low && done.has(piece)) piece--;
    if (piece === this.#low) this.#low = high - 1;
    return piece > this.#low ? piece : undefined;
  }
}

/** Of the pieces that the box lacks, and the client too. */
function middleOfLongest(have: Bitfield, done: Bitfield): PieceIndex | undefined {
  let longest = 0;
  let middle: PieceIndex | undefined;
  for (let piece = 0, run = 0; piece < have.size; piece++) {
    run = have.has(piece) || done.has(piece) ? 0 : run + 1;
    if (run <= longest) continue;
    longest = run;
    middle = piece - (run >> 1);
  }
  return middle;
}
