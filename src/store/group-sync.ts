/**
 * Group commit: any number of writers share one sync. Whoever calls `wait` after its write is answered by a sync that
 * BEGAN after that call; a sync already running may have passed the new bytes by.
 */
export class GroupSync {
  readonly #sync: () => Promise<void>;
  #running: Promise<void> = Promise.resolve();
  #next: Promise<void> | undefined;

  constructor(sync: () => Promise<void>) {
    this.#sync = sync;
  }

  wait(): Promise<void> {
    this.#next ??= this.#after(this.#running);
    return this.#next;
  }

  async #after(running: Promise<void>): Promise<void> {
    // Whether the batch before us succeeded is the affair of those who waited for it.
    await running.catch(() => {});
    this.#running = this.#next as Promise<void>;
    this.#next = undefined;
    await this.#sync();
  }
}
