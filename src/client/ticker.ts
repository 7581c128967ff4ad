import type { Clock } from '#base/clock.ts';

const tickers = new WeakMap<Clock, Map<number, Ticker>>();

/**
 * One timer for all connections: a timer for each, with its promise and signal, was a quarter of what an idle client costs.
 * Invariant: it runs only while somebody is there to be called.
 */
export class Ticker {
  readonly #clock: Clock;
  readonly #everyMs: number;
  readonly #members = new Set<() => void>();
  #running: AbortController | undefined;

  private constructor(clock: Clock, everyMs: number) {
    this.#clock = clock;
    this.#everyMs = everyMs;
  }

  /** The one that this clock drives so often. */
  static of(clock: Clock, everyMs: number): Ticker {
    const known = tickers.get(clock) ?? new Map<number, Ticker>();
    const ticker = known.get(everyMs) ?? new Ticker(clock, everyMs);
    tickers.set(clock, known.set(everyMs, ticker));
    return ticker;
  }

  /** Calls `tick`, which must not throw, from now on: the first time after `everyMs` or less. Returns how to leave. */
  join(tick: () => void): () => void {
    this.#members.add(tick);
    if (!this.#running) this.#wait();
    return () => this.leave(tick);
  }

  leave(tick: () => void): void {
    this.#members.delete(tick);
    if (this.#members.size > 0) return;
    this.#running?.abort();
    this.#running = undefined;
  }

  #wait(): void {
    const running = new AbortController();
    this.#running = running;
    const due = (): void => {
      this.#wait();
      for (const tick of this.#members) tick();
    };
    // Rejected only when everybody has left.
    void this.#clock.sleep(this.#everyMs, running.signal).then(due, () => {});
  }
}
