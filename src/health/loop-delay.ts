import { monitorEventLoopDelay } from 'node:perf_hooks';

/** How often the loop is looked at, ms. */
const RESOLUTION_MS = 10;
/** Looks of a second each that the answer covers. */
const SECONDS = 60;

/** How late the event loop was in the last minute: the worst second's 99th percentile, and the worst single time. */
export type LoopDelayView = { p99Ms: number; maxMs: number };

/** Measures how long work waits for the one thread that moves the bytes. */
export class LoopDelay {
  readonly #histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  readonly #seconds: LoopDelayView[] = [];

  constructor() {
    this.#histogram.enable();
  }

  /** To be called once a second. */
  tick(): void {
    const h = this.#histogram;
    // The histogram counts from one look to the next, the wait itself included.
    const late = (ns: number): number => Math.max(0, ns / 1e6 - RESOLUTION_MS);
    this.#seconds.push({ p99Ms: late(h.percentile(99)), maxMs: late(h.max) });
    if (this.#seconds.length > SECONDS) this.#seconds.shift();
    h.reset();
  }

  view(): LoopDelayView {
    const worst = (of: (s: LoopDelayView) => number): number =>
      Number(Math.max(0, ...this.#seconds.map(of)).toFixed(1));
    return { p99Ms: worst((s) => s.p99Ms), maxMs: worst((s) => s.maxMs) };
  }

  close(): void {
    this.#histogram.disable();
  }
}
