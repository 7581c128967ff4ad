/** Bytes per second, older bytes counting exponentially less: a figure for the page and for choosing, not for accounts. */
export class Rate {
  readonly #tauMs: number;
  #perS = 0;
  #atMs = 0;

  constructor(tauMs = 3_000) {
    this.#tauMs = tauMs;
  }

  add(bytes: number, nowMs: number): void {
    this.#decay(nowMs);
    this.#perS += (bytes * 1000) / this.#tauMs;
  }

  bytesPerS(nowMs: number): number {
    this.#decay(nowMs);
    return this.#perS;
  }

  #decay(nowMs: number): void {
    // A clock set back must not make the figure grow.
    if (nowMs > this.#atMs) this.#perS *= Math.exp((this.#atMs - nowMs) / this.#tauMs);
    this.#atMs = nowMs;
  }
}
