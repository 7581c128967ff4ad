import { type Balance, BalanceKeeper } from './balance.ts';
import { Books, type BooksWorld } from './books.ts';
import { Deltas, type Reading } from './reading.ts';
import { SecondRing } from './second-ring.ts';
import { type Series, type Span, seriesOf } from './series.ts';
import { sinceMidnight, type Totals, totalsOf, type Worth, worthOf } from './worth.ts';

export type StatsWorld = BooksWorld & {
  /** Milliseconds since the epoch. */
  nowMs(): number;
  read(): Reading;
  /** What earlier runs gave, fetched and passed, as the index has it at the start of this one. */
  readonly before: { readonly served: number; readonly filled: number; readonly passed: number };
};

/** Figures over time: one reading a second, one write a minute. Whoever owns it calls `look` and `write` and writes a last time at the end. */
export class Stats {
  readonly #world: StatsWorld;
  readonly #deltas = new Deltas();
  readonly #ring = new SecondRing();
  readonly #books: Books;
  readonly #balance = new BalanceKeeper();
  #now: Reading;

  constructor(world: StatsWorld) {
    this.#world = world;
    this.#books = new Books(world);
    this.#now = world.read();
    this.#deltas.next(this.#now);
  }

  look(): void {
    this.#now = this.#world.read();
    const delta = this.#deltas.next(this.#now);
    if (!delta) return;
    const nowMs = this.#world.nowMs();
    this.#ring.add(delta.moved, nowMs);
    this.#books.add(delta.moved, nowMs);
    this.#balance.add(delta);
  }

  /** False: the disk takes nothing just now. */
  write(): boolean {
    return this.#books.write();
  }

  /** The last reading. */
  get now(): Reading {
    return this.#now;
  }

  series(span: Span): Series {
    return seriesOf(span, this.#world.nowMs(), this.#ring, this.#books);
  }

  worth(): Worth {
    return worthOf(this.#world.nowMs(), this.#books, this.#all);
  }

  /** Since the box was first switched on. */
  allTime(): Totals {
    return totalsOf(this.#all);
  }

  /** Since midnight. */
  today(): Totals {
    return totalsOf(sinceMidnight(this.#world.nowMs(), this.#books));
  }

  balance(): Balance {
    return this.#balance.view(this.#world.nowMs());
  }

  get #all() {
    const { before } = this.#world;
    const { served, filled, passed } = this.#now;
    return { served: before.served + served, filled: before.filled + filled, passed: before.passed + passed };
  }
}
