import { setImmediate as nextTurn } from 'node:timers/promises';

/**
 * Who may write to one torrent's segments, and when one may go.
 * Invariant: while a segment goes nobody writes there, and whoever has written there before has been answered.
 */
export class SegmentDoors {
  readonly #writers = new Map<number, number>();
  readonly #shut = new Map<number, Promise<void>>();
  /** Drops that wait for writers. */
  readonly #waiting = new Set<() => void>();

  async write<T>(segment: number, work: () => Promise<T>): Promise<T> {
    for (let shut = this.#shut.get(segment); shut; shut = this.#shut.get(segment)) await shut;
    this.#writers.set(segment, (this.#writers.get(segment) ?? 0) + 1);
    try {
      return await work();
    } finally {
      const others = (this.#writers.get(segment) ?? 1) - 1;
      if (others > 0) this.#writers.set(segment, others);
      else this.#writers.delete(segment);
      for (const look of this.#waiting) look();
      this.#waiting.clear();
    }
  }

  /** Undefined: the segment is going already. */
  async drop<T>(segment: number, work: () => Promise<T>): Promise<T | undefined> {
    if (this.#shut.has(segment)) return undefined;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#shut.set(segment, promise);
    try {
      while (this.#writers.has(segment))
        await new Promise<void>((look) => {
          this.#waiting.add(look);
        });
      // Their callers are told in microtasks: by the next turn each has noted what it has.
      await nextTurn();
      return await work();
    } finally {
      this.#shut.delete(segment);
      resolve();
    }
  }

  /** Resolves when no segment is going. */
  async quiet(): Promise<void> {
    while (this.#shut.size > 0) await Promise.all(this.#shut.values());
  }
}
