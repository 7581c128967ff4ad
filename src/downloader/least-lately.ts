/** The least value of the last while: of this window and the one before. Pure. */
export class LeastLately {
  readonly #windowMs: number;
  #sinceMs = Number.NEGATIVE_INFINITY;
  #before = Number.POSITIVE_INFINITY;
  #now = Number.POSITIVE_INFINITY;

  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  add(value: number, nowMs: number): void {
    this.#turn(nowMs);
    this.#now = Math.min(this.#now, value);
  }

  /** Infinite when there was none. */
  least(nowMs: number): number {
    this.#turn(nowMs);
    return Math.min(this.#before, this.#now);
  }

  #turn(nowMs: number): void {
    const ageMs = nowMs - this.#sinceMs;
    if (ageMs < this.#windowMs) return;
    this.#before = ageMs < 2 * this.#windowMs ? this.#now : Number.POSITIVE_INFINITY;
    this.#now = Number.POSITIVE_INFINITY;
    this.#sinceMs = nowMs;
  }
}
