/** How failures of one kind make their maker wait. */
export type TallyRule = {
  /** Makers that are remembered; the one that failed longest ago is forgotten first. */
  readonly keys: number;
  /** So many cost nothing. */
  readonly free: number;
  /** ms in which one failure drains. */
  readonly drainMs: number;
  /** ms of the first wait; each next is twice as long, up to `mostMs`. */
  readonly firstMs: number;
  readonly mostMs: number;
};

/** `beforeMs`: when the failure before the last was, for a last one that is taken back. */
type Entry = { count: number; atMs: number; beforeMs: number };

/** Counts failures by key. Pure: the time is the caller's. */
export class Tally {
  readonly #rule: TallyRule;
  readonly #entries = new Map<string, Entry>();

  constructor(rule: TallyRule) {
    this.#rule = rule;
  }

  /** ms from now until the wait after the last failure is over; `whole`: the wait itself, however long ago that was. */
  waitMs(key: string, nowMs: number, part: 'rest' | 'whole' = 'rest'): number {
    const entry = this.#entries.get(key);
    if (!entry) return 0;
    // A clock set back must lock nobody out for the time in between.
    entry.atMs = Math.min(entry.atMs, nowMs);
    if (part === 'whole') return Math.ceil(this.#wait(this.#left(entry, nowMs)));
    return Math.max(0, Math.ceil(entry.atMs + this.#wait(entry.count) - nowMs));
  }

  add(key: string, nowMs: number): void {
    const entry = this.#entries.get(key) ?? { count: 0, atMs: nowMs, beforeMs: nowMs };
    const count = this.#left(entry, nowMs) + 1;
    this.#entries.delete(key);
    this.#entries.set(key, { count, atMs: nowMs, beforeMs: Math.min(entry.atMs, nowMs) });
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.#rule.keys) break;
      this.#entries.delete(oldest);
    }
  }

  takeBack(key: string): void {
    const entry = this.#entries.get(key);
    if (!entry) return;
    entry.count -= 1;
    entry.atMs = entry.beforeMs;
    if (entry.count <= 0) this.#entries.delete(key);
  }

  forget(key: string): void {
    this.#entries.delete(key);
  }

  get size(): number {
    return this.#entries.size;
  }

  /** ms after the last of so many. */
  #wait(count: number): number {
    const { free, firstMs, mostMs } = this.#rule;
    return count <= free ? 0 : Math.min(mostMs, firstMs * 2 ** (count - free - 1));
  }

  #left({ count, atMs }: Entry, nowMs: number): number {
    return Math.max(0, count - Math.max(0, nowMs - atMs) / this.#rule.drainMs);
  }
}

export const tally = (rule: TallyRule): Tally => new Tally(rule);
