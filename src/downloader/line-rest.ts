import { Rate } from '#base/rate.ts';
import { BestRate } from './best-rate.ts';
import { YIELD } from './line-yield.ts';

/** The numbers of the rule. */
export const REST = {
  /** Of what the line can do clients and the rest together are left so much: in the gap clients grow, and the rest sees it. */
  share: 0.9,
  /** Who has fetched faster for a moment than for long takes more as soon as there is room: so many times as much is left to what has come of late. */
  perNew: 3,
  momentMs: 500,
  longMs: 5_000,
  /** Clients that are brought less than this share of the line are not in the way. */
  idleShare: 0.01,
} as const;

/**
 * What clients leave of the line, for what no client waits for. A queue tells too late of them, or never: two downloads of the box share a line without
 * one. Pure: it is told what comes for clients.
 */
export class LineRest {
  readonly #best = new BestRate();
  readonly #moment = new Rate(REST.momentMs);
  readonly #long = new Rate(REST.longMs);

  /** So much came that a client waited for. */
  came(bytes: number, nowMs: number): void {
    this.#moment.add(bytes, nowMs);
    this.#long.add(bytes, nowMs);
  }

  /** To be called with each look, with all that is fetched just now. Infinite while no client fetches. */
  look(fetchedBytesPerS: number, nowMs: number): number {
    this.#best.look(fetchedBytesPerS);
    const best = this.#best.bytesPerS;
    const moment = this.#moment.bytesPerS(nowMs);
    if (moment <= REST.idleShare * best) return Number.POSITIVE_INFINITY;
    const long = Math.min(moment, this.#long.bytesPerS(nowMs));
    const floor = Math.max(YIELD.floorBytesPerS, YIELD.floorShare * best);
    return Math.max(floor, REST.share * best - long - REST.perNew * (moment - long));
  }
}
