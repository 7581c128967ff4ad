import type { DownloadLimits } from './limits.ts';

type Limits = Pick<DownloadLimits, 'queueMs' | 'minWindow' | 'firstWindow' | 'maxWindow' | 'maxSaidWindow'>;

/**
 * How many blocks to have asked of one origin. Requests beyond the line's capacity wait in the origin's queue, so the time from request to
 * block says whether the line is full: less than `queueMs` above the shortest time ever seen there is room for more (the window doubles per
 * round trip, like TCP's slow start), above that it shrinks. All origins of a task then answer in about the order of asking, which keeps few
 * pieces begun at a time, and the last blocks of a torrent do not wait for one slow origin.
 */
export class RequestWindow {
  readonly #limits: Limits;
  #most: number;
  #size: number;
  /** The path alone, without a queue: the shortest time from request to block. */
  #baseMs = Number.POSITIVE_INFINITY;

  constructor(limits: Limits) {
    this.#limits = limits;
    this.#most = limits.maxWindow;
    this.#size = limits.firstWindow;
  }

  get size(): number {
    return this.#size;
  }

  /** The origin lets so many requests queue (BEP 10 `reqq`). */
  peerQueues(requests: number): void {
    const { minWindow, maxSaidWindow } = this.#limits;
    this.#most = Math.min(Math.max(requests, minWindow), maxSaidWindow);
    this.#size = Math.min(this.#size, this.#most);
  }

  /**
   * A block came `tookMs` after it was asked for, as the last of `ahead` then outstanding. Little's law gives the origin's rate, and so the
   * window at which requests wait `queueMs`: it is set at once, because what comes next still tells of the old window.
   */
  answered(tookMs: number, ahead: number): void {
    const { queueMs, minWindow } = this.#limits;
    this.#baseMs = Math.min(this.#baseMs, tookMs);
    const targetMs = this.#baseMs + queueMs;
    if (tookMs > 1.25 * targetMs) {
      const fit = Math.round((ahead * targetMs) / tookMs);
      this.#size = Math.min(this.#size, Math.max(fit, minWindow));
    } else if (tookMs < 0.8 * targetMs && ahead >= this.#size / 2) {
      this.#size = Math.min(this.#size + 1, this.#most);
    }
  }

  /** Back to one at a time: more would only be asked for twice. */
  timedOut(): void {
    this.#size = 1;
  }
}
