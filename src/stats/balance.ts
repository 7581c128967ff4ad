import type { Moved } from '#index/traffic-rows.ts';
import { addTo, nothing } from './moved.ts';
import type { Delta } from './reading.ts';

/** See Balance of the admin contract, which is this. */
export type Balance = {
  sinceMs: number;
  untilMs: number;
  servedBytes: number;
  fromCacheBytes: number;
  freshBytes: number;
  filledBytes: number;
  keptBytes: number;
  passedBytes: number;
  lanTxBytes: number;
  wanRxBytes: number;
  residualBytes: number;
  residualShare: number;
  isWhole: boolean;
};

const MINUTE_MS = 60_000;
const MINUTES = 60;

type Minute = { moved: Moved; isBroken: boolean };

/**
 * Whether what the box says it gave is what the ports carried. What went out at the LAN port came in at the WAN port and went through, or was given
 * from pieces; what came in for pieces did not go through:
 *
 *     out at the LAN = in at the WAN - filled + served + rest
 *                    = (in at the WAN - kept) + from the cache + rest        kept = filled - fresh, from the cache = served - fresh
 *
 * The rest is what no counter of the box has: headers of what was given, what was sent again, the page itself, less headers of what was fetched and
 * what the box fetched for itself (trackers, DHT). It may be below zero. It is shown, not spread over the others. Kept in minutes of monotonic time, so that a clock that is set changes nothing.
 */
export class BalanceKeeper {
  #minutes: Minute[] = [{ moved: nothing(), isBroken: false }];

  add({ moved, isBroken }: Delta): void {
    let minute = this.#minutes.at(-1) as Minute;
    if (minute.moved.coveredMs >= MINUTE_MS) {
      minute = { moved: nothing(), isBroken: false };
      this.#minutes.push(minute);
      if (this.#minutes.length > MINUTES) this.#minutes.shift();
    }
    addTo(minute.moved, moved);
    minute.isBroken ||= isBroken;
  }

  /** Of the last hour, or since the process began. */
  view(nowMs: number): Balance {
    const sum = nothing();
    for (const { moved } of this.#minutes) addTo(sum, moved);
    const { coveredMs, served, fresh, filled, passed, lanTx, wanRx } = sum;
    const residualBytes = lanTx - (wanRx - filled) - served;
    return {
      sinceMs: Math.round(nowMs - coveredMs),
      untilMs: Math.round(nowMs),
      servedBytes: served,
      fromCacheBytes: served - fresh,
      freshBytes: fresh,
      filledBytes: filled,
      keptBytes: filled - fresh,
      passedBytes: passed,
      lanTxBytes: lanTx,
      wanRxBytes: wanRx,
      residualBytes,
      residualShare: lanTx > 0 ? residualBytes / lanTx : 0,
      isWhole: coveredMs >= MINUTE_MS && !this.#minutes.some(({ isBroken }) => isBroken),
    };
  }
}
