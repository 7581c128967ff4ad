/** A limited number of download slots, given in the order of asking. */
export class Slots {
  readonly #count: number;
  #free: number;
  readonly #waiting = new Set<() => void>();

  constructor(count: number) {
    this.#count = count;
    this.#free = count;
  }

  get free(): number {
    return this.#free;
  }

  get taken(): number {
    return this.#count - this.#free;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /** Calls `granted` once: at once, or when a slot comes free. */
  ask(granted: () => void): void {
    this.#waiting.add(granted);
    this.#grant();
  }

  /** Takes back an asking that was not granted. One that was granted must be released. */
  withdraw(granted: () => void): void {
    this.#waiting.delete(granted);
  }

  release(): void {
    this.#free++;
    this.#grant();
  }

  #grant(): void {
    for (const granted of this.#waiting) {
      if (this.#free === 0) return;
      this.#waiting.delete(granted);
      this.#free--;
      granted();
    }
  }
}
