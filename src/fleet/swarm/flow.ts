/** Of the time that is looked back on, so much must have gone by before its rate is believed. */
const SURE = 0.2;

/**
 * Bytes a second while something flows: time in which nothing could flow does not count, so that what a line carries is known after the first few bytes, and
 * still known when it has been idle since.
 */
export class Flow {
  readonly #tauMs: number;
  #bytes = 0;
  #ms = 0;
  #atMs: number | undefined;
  #most = 0;

  /** Older bytes count less: by half after 0.7 of this. */
  constructor(tauMs: number) {
    this.#tauMs = tauMs;
  }

  /** Until now it flowed, or could not. */
  pass(nowMs: number, isBusy: boolean): void {
    const ms = nowMs - (this.#atMs ?? nowMs);
    this.#atMs = nowMs;
    if (!isBusy || ms <= 0) return;
    const keep = Math.exp(-ms / this.#tauMs);
    this.#most *= Math.exp(-ms / (20 * this.#tauMs));
    if (this.#ms > this.#tauMs / 3) this.#most = Math.max(this.#most, this.bytesPerS);
    this.#bytes *= keep;
    this.#ms = this.#ms * keep + this.#tauMs * (1 - keep);
  }

  add(bytes: number): void {
    this.#bytes += bytes;
  }

  get mostBytesPerS(): number {
    return Math.max(this.#most, this.bytesPerS);
  }

  /** What came in the first moments says little: lines let a burst through at once. */
  get bytesPerS(): number {
    return (this.#bytes * 1_000) / Math.max(this.#ms, this.#tauMs * SURE);
  }
}
