import { monitorEventLoopDelay } from 'node:perf_hooks';
import { HEALTH_LIMITS } from './limits.ts';

const RESOLUTION_MS = 10;

/**
 * How long what comes at a random moment waits for the event loop, in the better one of the last two seconds: what stood still once, and goes on, is no
 * load. Unlike a percentile it weighs a turn by its length: the one long turn of a second that stood still counts for all who came during it.
 */
export class LoopWait {
  readonly #histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  #sinceMs = performance.now();
  #waitMs = 0;
  #waitBeforeMs = 0;

  constructor() {
    this.#histogram.enable();
  }

  /** To be called several times a second. However late the call is, the answer is of all the time since the last one. */
  look(): number {
    const nowMs = performance.now();
    if (nowMs - this.#sinceMs >= HEALTH_LIMITS.overload.waitOverMs) this.#next(nowMs);
    return Math.min(this.#waitMs, this.#waitBeforeMs);
  }

  #next(nowMs: number): void {
    const { mean, stddev } = this.#histogram;
    this.#histogram.reset();
    this.#sinceMs = nowMs;
    this.#waitBeforeMs = this.#waitMs;
    this.#waitMs = meanWaitMs(mean / 1e6, stddev / 1e6);
  }

  close(): void {
    this.#histogram.disable();
  }
}

/**
 * Of turns with this mean length and deviation, how long one is still to last at a random moment: half the mean of their
 * squares over their mean (renewal theory). The looks themselves are `RESOLUTION_MS` apart, which is nobody's wait.
 */
export function meanWaitMs(meanMs: number, deviationMs: number): number {
  if (!(meanMs > 0)) return 0;
  return Math.max(0, (meanMs ** 2 + deviationMs ** 2) / (2 * meanMs) - RESOLUTION_MS / 2);
}
