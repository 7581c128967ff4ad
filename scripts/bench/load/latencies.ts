/** Bins a tenfold: two neighbours are 2.3 % apart. */
const BINS_PER_DECADE = 100;
/** From a microsecond to a hundred seconds. */
const LEAST_MS = 0.001;
const BINS = 8 * BINS_PER_DECADE;

/** Times, counted by size on a logarithmic scale: a percentile of any number of them costs 3 KB and no sorting. */
export class Latencies {
  readonly #bins = new Uint32Array(BINS);
  #count = 0;

  add(ms: number): void {
    const bin = Math.round(Math.log10(Math.max(ms, LEAST_MS) / LEAST_MS) * BINS_PER_DECADE);
    const at = Math.min(bin, BINS - 1);
    this.#bins[at] = (this.#bins[at] as number) + 1;
    this.#count++;
  }

  clear(): void {
    this.#bins.fill(0);
    this.#count = 0;
  }

  /** Milliseconds that the given share (0 to 1) of them did not exceed; NaN when there is none. */
  percentile(share: number): number {
    let left = Math.max(1, Math.ceil(share * this.#count));
    for (let bin = 0; bin < BINS && this.#count > 0; bin++) {
      left -= this.#bins[bin] as number;
      if (left <= 0) return LEAST_MS * 10 ** (bin / BINS_PER_DECADE);
    }
    return Number.NaN;
  }
}
