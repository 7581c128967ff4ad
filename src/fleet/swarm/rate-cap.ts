/** So many bytes a second on average, and no more than a moment's worth at once. What leaves is owed, and nothing leaves while anything is owed: so a run of any length may go. */
export class RateCap {
  #bytesPerS: number | undefined;
  #owed = 0;
  #atMs = 0;

  /** Undefined: no limit. From now on. */
  set(bytesPerS: number | undefined, nowMs: number): void {
    this.#pass(nowMs);
    this.#bytesPerS = bytesPerS;
    if (bytesPerS === undefined) this.#owed = 0;
  }

  /** Bytes of one run; 0: nothing yet. */
  room(nowMs: number): number {
    this.#pass(nowMs);
    if (this.#bytesPerS === undefined) return Number.POSITIVE_INFINITY;
    return this.#owed > 0 ? 0 : Math.max(1, this.#bytesPerS * RUN_S);
  }

  left(bytes: number): void {
    if (this.#bytesPerS !== undefined) this.#owed += bytes;
  }

  /** Until something may leave, ms. */
  waitMs(nowMs: number): number {
    this.#pass(nowMs);
    return this.#bytesPerS === undefined ? 0 : Math.ceil((this.#owed * 1_000) / this.#bytesPerS);
  }

  #pass(nowMs: number): void {
    const ms = Math.max(0, nowMs - this.#atMs);
    this.#atMs = nowMs;
    this.#owed = Math.max(0, this.#owed - ((this.#bytesPerS ?? 0) * ms) / 1_000);
  }
}

const RUN_S = 0.05;
