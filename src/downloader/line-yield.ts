/** At least and at most. The least is sure, but late: it is what the kernel smooths. The most is of this moment, but may be an origin's own queue. */
export type Queue = { readonly leastMs: number; readonly mostMs: number };

/** What was seen of the line since the last look. */
export type LineSeen = {
  /** How long packets wait in the line's queue; undefined when nothing tells. */
  readonly queue: Queue | undefined;
  /** What the box fetches just now. */
  readonly fetchedBytesPerS: number;
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
  /** A cut shows after some round trips: so many looks pass before the next. */
  cutLooks: 2,
  /** The first cut empties a queue of the box's own. When it stays, it is somebody else's, and the cuts become deeper. */
  cuts: [0.9, 0.75, 0.5],
  /** Nobody's download stands still: of what the line can do, and at least. */
  floorShare: 0.03,
  floorBytesPerS: 32 * 1024,
  /** Back to what the line could do it goes fast, and beyond that slowly. */
  nearShare: 0.85,
  climb: 1.25,
  creep: 1.02,
  /** What the line could do is believed for some hours: it halves in this many looks without being seen again. */
  forgetLooks: 36_000,
} as const;

const forget = 0.5 ** (1 / YIELD.forgetLooks);

/**
 * How fast the box may fetch so that it fills the line but not its queue, and gives way to whoever else uses it: LEDBAT's idea (RFC 6817) for a receiver,
 * who decides by what it asks for. Pure: it is told what is seen, once every `lookMs`.
 */
export class LineYield {
  #allowed = Number.POSITIVE_INFINITY;
  /** The most that the box fetched lately. */
  #best = 0;
  #looksWithQueue = 0;
  #cutsInRow = 0;
  #looksToWait = 0;

  /** Infinite until the first queue was seen. */
  get allowedBytesPerS(): number {
    return this.#allowed;
  }

  get isFree(): boolean {
    return this.#allowed === Number.POSITIVE_INFINITY;
  }

  /** The queue was too long when it was last seen. */
  get gaveWay(): boolean {
    return this.#cutsInRow > 0;
  }

  look(seen: LineSeen): void {
    if (this.isFree) this.#lookFree(seen);
    else this.#lookLimited(seen);
  }

  #lookFree({ queue, fetchedBytesPerS }: LineSeen): void {
    this.#looksWithQueue = queue && queue.leastMs >= YIELD.realMs ? this.#looksWithQueue + 1 : 0;
    if (this.#looksWithQueue < YIELD.realLooks) return;
    this.#best = fetchedBytesPerS;
    this.#allowed = fetchedBytesPerS;
    this.#cut();
  }

  #lookLimited({ queue, fetchedBytesPerS, held }: LineSeen): void {
    this.#best = Math.max(this.#best * forget, fetchedBytesPerS);
    if (this.#looksToWait > 0) this.#looksToWait--;
    if (!queue) return;
    if (queue.leastMs <= YIELD.targetMs) {
      this.#cutsInRow = 0;
      if (held && queue.mostMs <= YIELD.targetMs)
        this.#allowed *= this.#allowed < YIELD.nearShare * this.#best ? YIELD.climb : YIELD.creep;
    } else if (this.#looksToWait === 0) {
      // What is allowed and does not come puts nothing into the queue.
      this.#allowed = Math.min(this.#allowed, YIELD.climb * fetchedBytesPerS);
      this.#cut();
    }
  }

  #cut(): void {
    const floor = Math.max(YIELD.floorBytesPerS, YIELD.floorShare * this.#best);
    const by = YIELD.cuts[Math.min(this.#cutsInRow, YIELD.cuts.length - 1)] as number;
    this.#allowed = Math.max(floor, this.#allowed * by);
    this.#cutsInRow++;
    this.#looksToWait = YIELD.cutLooks;
  }
}
