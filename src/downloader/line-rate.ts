/** Bytes a second of a counter that is read now and then, smoothed over `tauMs`. Pure. */
export class LineRate {
  readonly #tauMs: number;
  #before: { readonly bytes: number; readonly atMs: number } | undefined;
  #perS: number | undefined;

  constructor(tauMs: number) {
    this.#tauMs = tauMs;
  }

  /** Undefined until there are two readings, and where there is none. A counter that ran backwards belongs to a port that was made anew. */
  read(bytes: number | undefined, nowMs: number): number | undefined {
    const before = this.#before;
    this.#before = bytes === undefined ? undefined : { bytes, atMs: nowMs };
    if (bytes === undefined) this.#perS = undefined;
    else if (before && nowMs > before.atMs) {
      const elapsedMs = nowMs - before.atMs;
      const perS = (Math.max(0, bytes - before.bytes) * 1000) / elapsedMs;
      const known = this.#perS ?? perS;
      this.#perS = known + (perS - known) * (1 - Math.exp(-elapsedMs / this.#tauMs));
    }
    return this.#perS;
  }
}
