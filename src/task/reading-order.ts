import { Bitfield } from '#base/bitfield.ts';
import type { PieceIndex } from '#base/units.ts';
import { LIMITS } from './limits.ts';

/** What a client has shown: nothing yet, that it takes what comes, or that it reads from front to back, as a film is watched. */
export type Order = 'unknown' | 'any' | 'in order';

/**
 * How one client chooses among the pieces that it is offered. Only a choice counts: the box tells of pieces as they land, in an order of its own, and
 * whoever is offered one piece at a time follows that order whatever its own may be. Who passes several lower ones over has
 * turned to another place: for a film that is a jump of its playhead, and what follows shows which it was.
 */
export class ReadingOrder {
  readonly #asked: Bitfield;
  #score = 0;
  #order: Order = 'unknown';
  #tookAny = false;
  #from: PieceIndex = 0;
  #came = false;

  constructor(pieceCount: number) {
    this.#asked = new Bitfield(pieceCount);
  }

  get order(): Order {
    return this.#order;
  }

  /** It reads in order and has never taken anything else: what it was told of step by step would look the same if it took whatever it is told. */
  get inOrderFromFirst(): boolean {
    return this.#order === 'in order' && !this.#tookAny;
  }

  /** Where it began to read, or jumped to last. */
  get from(): PieceIndex {
    return this.#from;
  }

  /** It has asked for something. */
  get hasBegun(): boolean {
    return this.#asked.count > 0;
  }

  hasAsked(piece: PieceIndex): boolean {
    return this.#asked.has(piece);
  }

  /** It was found to read from here on. Who can be found thus wants no other place, so it reads in order until it shows otherwise. */
  turnTo(piece: PieceIndex): void {
    this.#from = piece;
    this.#score = Math.max(this.#score, LIMITS.orderAsks);
    this.#order = 'in order';
    this.#tookAny = false;
  }

  /** What it has when it comes, the first time that this is known: many runs of pieces are not left by who reads in order. */
  came(pieces: Bitfield): void {
    if (this.#came || pieces.count === 0) return;
    this.#came = true;
    let runs = 0;
    for (let piece = 0; piece < pieces.size; piece++) if (pieces.has(piece) && !pieces.has(piece - 1)) runs++;
    if (runs > LIMITS.orderRuns) this.#count(-LIMITS.orderFarMiss);
  }

  /** It asks for a piece. `offered`: it lacks it and knows that it is to be had. True: it is known better how or where it reads. */
  asked(piece: PieceIndex, offered: (piece: PieceIndex) => boolean): boolean {
    if (!this.#asked.set(piece)) return false;
    const { order, from } = this;
    const open = (other: PieceIndex): boolean => !this.#asked.has(other) && offered(other);
    if (piece < this.#from) this.#jump(piece);
    else this.#judge(piece, open);
    return order !== this.order || from !== this.from;
  }

  #judge(piece: PieceIndex, open: (piece: PieceIndex) => boolean): void {
    const { orderSlack, orderChoices, orderLook } = LIMITS;
    let lower = 0;
    for (let at = piece - 1; at >= Math.max(this.#from, piece - orderLook) && lower < orderSlack; at--)
      if (open(at)) lower++;
    if (lower === orderSlack) {
      this.#jump(piece);
      return;
    }
    // Its connections may be heard out of turn: the lowest quarter of what it could take is low enough.
    const needed = orderChoices * (lower + 1) - lower - 1;
    let higher = 0;
    const end = Math.min(this.#asked.size, piece + orderLook);
    for (let at = piece + 1; at < end && higher < needed; at++) if (open(at)) higher++;
    if (higher === needed) this.#count(1);
    else if (lower > 0) this.#count(-1);
  }

  #jump(to: PieceIndex): void {
    this.#from = to;
    this.#count(-LIMITS.orderFarMiss);
  }

  #count(change: number): void {
    const { orderAsks, orderFarMiss } = LIMITS;
    this.#score = Math.max(-2 * orderFarMiss, Math.min(orderAsks + orderFarMiss, this.#score + change));
    if (this.#score >= orderAsks) this.#order = 'in order';
    else if (this.#score <= -orderFarMiss) this.#order = 'any';
    this.#tookAny ||= this.#order === 'any';
  }
}
