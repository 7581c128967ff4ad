type Entry<T> = { readonly value: T; readonly untilMs: number };

/**
 * What is worth remembering for a while.
 * Invariant: in the order of their time, oldest first; at most `limit` entries, and none read after `forMs`.
 */
export class AgingMap<T> {
  readonly #limit: number;
  readonly #forMs: number;
  readonly #entries = new Map<string, Entry<T>>();
  /** Goes on where it was: a new one passes all that was deleted before the oldest, which in a flood is a whole table each time. */
  #ages = this.#entries.entries();
  #next: [string, Entry<T>] | undefined;

  constructor(limit: number, forMs: number) {
    this.#limit = limit;
    this.#forMs = forMs;
  }

  /** How many there are, less those out of time. */
  sizeAt(nowMs: number): number {
    this.#makeRoom(nowMs, this.#limit + 1);
    return this.#entries.size;
  }

  /** Makes it the youngest; the oldest goes when there are too many. */
  set(key: string, value: T, nowMs: number): void {
    this.#entries.delete(key);
    this.#makeRoom(nowMs, this.#limit);
    this.#entries.set(key, { value, untilMs: nowMs + this.#forMs });
  }

  #makeRoom(nowMs: number, limit: number): void {
    for (let oldest = this.#oldest(); oldest; oldest = this.#oldest()) {
      const [key, { untilMs }] = oldest;
      if (untilMs > nowMs && this.#entries.size < limit) return;
      this.#entries.delete(key);
    }
  }

  #oldest(): [string, Entry<T>] | undefined {
    while (this.#entries.size > 0) {
      if (this.#next && this.#entries.get(this.#next[0]) === this.#next[1]) return this.#next;
      this.#next = this.#ages.next().value;
      if (!this.#next) this.#ages = this.#entries.entries();
    }
    return undefined;
  }

  get(key: string, nowMs: number): T | undefined {
    const entry = this.#entries.get(key);
    return entry && entry.untilMs > nowMs ? entry.value : undefined;
  }

  delete(key: string): void {
    this.#entries.delete(key);
  }

  /** Oldest first. */
  *values(nowMs: number): Generator<T> {
    for (const { value, untilMs } of this.#entries.values()) if (untilMs > nowMs) yield value;
  }
}
