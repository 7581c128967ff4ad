/**
 * Work that changes what lies of one torrent on its disk, and the stillness in which its home changes.
 * Invariant: while there is stillness no such work is under way; whoever comes meanwhile begins after.
 */
export class Changes {
  readonly #underWay = new Set<Promise<unknown>>();
  #still: Promise<void> | undefined;

  /** Does work that changes something, at once or when the stillness is over. */
  async make<T>(work: () => Promise<T>): Promise<T> {
    // Between the last look and the beginning of the work no stillness can come.
    while (this.#still) await this.#still;
    const running = work();
    this.#underWay.add(running);
    try {
      return await running;
    } finally {
      this.#underWay.delete(running);
    }
  }

  /** Does work while nothing changes. Not to be called while another does so. */
  async still<T>(work: () => Promise<T>): Promise<T> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#still = promise;
    try {
      await Promise.allSettled([...this.#underWay]);
      return await work();
    } finally {
      this.#still = undefined;
      resolve();
    }
  }

  /** Resolves when the stillness that there is now is over; undefined: there is none. */
  get stillness(): Promise<void> | undefined {
    return this.#still;
  }
}
