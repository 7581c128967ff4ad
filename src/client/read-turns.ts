/**
 * How many reads from the store may be under way for one client, over all its connections. The disk serves reads as they come, so whoever asks over
 * more connections would be given more of it.
 */
export class ReadTurns {
  readonly #most: number;
  readonly #waiting = new Set<() => void>();
  #taken = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** False: not now, and `again` is called when it may be. */
  free(again: () => void): boolean {
    if (this.#taken < this.#most) return true;
    this.#waiting.add(again);
    return false;
  }

  take(): void {
    this.#taken++;
  }

  /** All who wait are asked: one may find in memory what it wants, and need no turn. */
  giveBack(): void {
    this.#taken--;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const again of waiting) again();
  }

  /** Who waited is gone. */
  forget(again: () => void): void {
    this.#waiting.delete(again);
  }
}
