/**
 * What is worth remembering for a while.
 * Invariant: in the order of their time, oldest first; at most `limit` entries, and none read after `forMs`.
 */
export class AgingMap<T> {
  readonly #limit: number;
  readonly #forMs: number;
  readonly #entries = new Map<string, { readonly value: T; readonly untilMs: number }>();

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
    for (const [oldest, { untilMs }] of this.#entries) {
      if (untilMs > nowMs && this.#entries.size < limit) return;
      this.#entries.delete(oldest);
    }
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
