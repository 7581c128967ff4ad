import { BestRate } from './best-rate.ts';

/** At least and at most. The least is sure, but late: it is what the kernel smooths. The most is of this moment, but may be an origin's own queue. */
export type Queue = { readonly leastMs: number; readonly mostMs: number };

/** What was seen of the line since the last look. */
export type LineSeen = {
  /** How long packets wait in the line's queue; undefined when nothing tells. */
  readonly queue: Queue | undefined;
  /** What the box fetches just now, and what the line brings to others; undefined when that is not known. */
  readonly fetchedBytesPerS: number;
  readonly othersBytesPerS: number | undefined;
  /** Requests had to wait because of `allowedBytesPerS`. */
  readonly held: boolean;
};

/** The numbers of the rule; the test runs it against a line. */
export const YIELD = {
  lookMs: 200,
  /** A longer queue than this is too long. A block alone is 13 ms of a line of 10 Mbit/s, but the least wait that is seen is a gap's. */
  targetMs: 10,
  /** Before any queue was seen nothing is limited: so many looks in a row must show one that no busy processor makes. */
  realMs: 25,
  realLooks: 3,
  /**
   * The first cut empties a queue of the box's own, and is given time to. When the queue stays it is somebody else's: the cuts become deeper, and come
   * with every look.
   */
  cuts: [
    { by: 0.9, looks: 2 },
    { by: 0.75, looks: 1 },
    { by: 0.5, looks: 1 },
  ],
  /** Who gave way waits this long without a queue before it comes back: a TCP that has just lost packets leaves the line empty for a moment. */
  calmLooks: 5,
  /** After so long without a queue the line can do more than was known. */
  longCalmLooks: 25,
  /** Nobody's download stands still: of what the line could do, and at least. */
  floorShare: 0.03,
  floorBytesPerS: 32 * 1024,
  /**
   * With nobody else on the line a queue that stays is not the line's but an origin's own: the box keeps so much of what the line could do. It is less by three
   * times what others use, who take more as soon as there is room.
   */
  roomShare: 0.75,
  roomPerOther: 3,
  /** Back to what the line could do it goes fast, and beyond that slowly. */
  nearShare: 0.9,
  climb: 1.4,
  creep: 1.02,
} as const;

/**
 * How fast the box may fetch so that it fills the line but not its queue, and gives way to whoever else uses it: LEDBAT's idea (RFC 6817) for a receiver,
 * who decides by what it asks for. Pure: it is told what is seen, once every `lookMs`.
 */
export class LineYield {
  #allowed = Number.POSITIVE_INFINITY;
  readonly #best = new BestRate();
  /** A queue has come again after the first: before that `#best` is too early a figure to slow down near it. */
  #isBestKnown = false;
  #looksWithQueue = 0;
  /** Cuts in a row. */
  #cuts = 0;
  #looksToWait = 0;
  /** Looks without a queue in a row. */
  #calm = 0;

  /** Infinite until the first queue was seen. */
  get allowedBytesPerS(): number {
    return this.#allowed;
  }

  get isFree(): boolean {
    return this.#allowed === Number.POSITIVE_INFINITY;
  }

  /** The queue was too long when it was last seen. */
  get gaveWay(): boolean {
    return this.#cuts > 0;
  }

  look(seen: LineSeen): void {
    this.#best.look(seen.fetchedBytesPerS);
    if (this.isFree) this.#lookFree(seen);
    else this.#lookLimited(seen);
  }

  #lookFree({ queue, fetchedBytesPerS, othersBytesPerS }: LineSeen): void {
    this.#looksWithQueue = queue && queue.leastMs >= YIELD.realMs ? this.#looksWithQueue + 1 : 0;
    if (this.#looksWithQueue < YIELD.realLooks) return;
    this.#allowed = fetchedBytesPerS;
    this.#cut(othersBytesPerS);
  }

  #lookLimited({ queue, fetchedBytesPerS, othersBytesPerS, held }: LineSeen): void {
    if (this.#looksToWait > 0) this.#looksToWait--;
    if (queue && queue.leastMs > YIELD.targetMs) {
      this.#calm = 0;
      if (this.#looksToWait > 0) return;
      // As long as a queue stands, what comes is what the line has for the box.
      this.#allowed = Math.min(this.#allowed, fetchedBytesPerS);
      this.#isBestKnown ||= this.#cuts === 0;
      this.#cut(othersBytesPerS);
      return;
    }
    // Whoever it was has gone.
    this.#allowed = Math.max(this.#allowed, this.#room(othersBytesPerS));
    if (!queue || (++this.#calm < YIELD.calmLooks && this.#cuts >= YIELD.cuts.length)) return;
    this.#cuts = 0;
    if (held && queue.mostMs <= YIELD.targetMs) this.#climb();
  }

  #climb(): void {
    const near =
      this.#isBestKnown && this.#calm < YIELD.longCalmLooks
        ? YIELD.nearShare * this.#best.bytesPerS
        : Number.POSITIVE_INFINITY;
    this.#allowed = this.#allowed < near ? Math.min(near, this.#allowed * YIELD.climb) : this.#allowed * YIELD.creep;
  }

  #cut(others: number | undefined): void {
    const floor = Math.max(YIELD.floorBytesPerS, YIELD.floorShare * this.#best.bytesPerS, this.#room(others));
    const { by, looks } = YIELD.cuts[Math.min(this.#cuts, YIELD.cuts.length - 1)] as (typeof YIELD.cuts)[number];
    this.#allowed = Math.max(Math.min(floor, this.#allowed), this.#allowed * by);
    this.#cuts++;
    this.#looksToWait = looks;
  }

  /** What is nobody else's. */
  #room(others = Number.POSITIVE_INFINITY): number {
    return YIELD.roomShare * this.#best.bytesPerS - YIELD.roomPerOther * others;
  }
}
