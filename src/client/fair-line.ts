import type { Clock } from '#base/clock.ts';
import { TokenBucket } from '#base/token-bucket.ts';

/** Who waits in a line, one wish at a time; the same object for as long as it comes back. */
export type Waiter = {
  readonly bytes: number;
  /** Whose wish it is: all waiters of one owner share what one is given. */
  readonly owner: object;
  /** Above 0. Who weighs twice as much is given twice as much. */
  readonly weight: number;
  /** The bytes are taken. Another wish may come from within. */
  granted(): void;
};
type Wish = {
  readonly waiter: Waiter;
  readonly bytes: number;
  readonly startsAt: number;
  /** Its bytes, more of them the less its owner weighs. */
  readonly length: number;
};

/**
 * Those who wait for bytes of one bucket. Fair by bytes, not by wishes (start-time fair queueing, Goyal, Vin and Cheng 1996): each wish
 * starts where its owner's last one ended, counted in bytes given by weight, and the lowest goes first. Who was away is owed a burst at most: a
 * client with few requests open is away after each, for as long as its next one travels, and shall not lose its share by that. Nobody
 * passes the first, however little it wants, so nobody starves.
 * Invariant: there is a timer only while somebody waits, and one at most.
 */
export class FairLine {
  readonly #bucket: TokenBucket;
  readonly #clock: Clock;
  /** The lowest start first, the older of two that are equal. */
  readonly #wishes: Wish[] = [];
  readonly #endOfLast = new WeakMap<object, number>();
  /** The highest start that was granted. */
  #servedAt = 0;
  #serving = false;
  #wait: AbortController | undefined;

  constructor(bytesPerS: number, burstBytes: number, clock: Clock) {
    this.#bucket = new TokenBucket(bytesPerS, burstBytes, clock.nowMs());
    this.#clock = clock;
  }

  /** Calls `granted` once, now or later, unless the waiter leaves first. */
  ask(waiter: Waiter): void {
    const { bytes, owner, weight } = waiter;
    const length = bytes / weight;
    const owedFrom = this.#servedAt - this.#bucket.burstBytes;
    const startsAt = Math.max(owedFrom, this.#endOfLast.get(owner) ?? this.#servedAt);
    this.#endOfLast.set(owner, startsAt + length);
    // Most belong near the end.
    let at = this.#wishes.length;
    while (at > 0 && (this.#wishes[at - 1] as Wish).startsAt > startsAt) at--;
    this.#wishes.splice(at, 0, { waiter, bytes, startsAt, length });
    this.#serve();
  }

  /** The waiter wants nothing any more. */
  leave(waiter: Waiter): void {
    const at = this.#wishes.findIndex((wish) => wish.waiter === waiter);
    const [wish] = at < 0 ? [] : this.#wishes.splice(at, 1);
    if (!wish) return;
    this.#endOfLast.set(waiter.owner, (this.#endOfLast.get(waiter.owner) ?? 0) - wish.length);
    this.#serve();
  }

  /** What was granted has gone. */
  settle(bytes: number): void {
    this.#bucket.settle(bytes, this.#clock.nowMs());
  }

  /** What was granted does not go. */
  giveBack(bytes: number): void {
    this.#bucket.giveBack(bytes);
    this.#serve();
  }

  #serve(): void {
    if (this.#serving) return;
    this.#serving = true;
    // The time is asked for each time: it goes on while many are served.
    for (
      let first = this.#wishes[0];
      first && this.#bucket.take(first.bytes, this.#clock.nowMs());
      first = this.#wishes[0]
    ) {
      this.#wishes.shift();
      this.#servedAt = Math.max(this.#servedAt, first.startsAt);
      first.waiter.granted();
    }
    this.#serving = false;
    this.#sleep(this.#wishes[0]);
  }

  #sleep(first: Wish | undefined): void {
    if (!first) {
      this.#wait?.abort();
      this.#wait = undefined;
      return;
    }
    if (this.#wait) return;
    const wait = new AbortController();
    this.#wait = wait;
    const woken = (): void => {
      this.#wait = undefined;
      this.#serve();
    };
    const forMs = this.#bucket.msUntil(first.bytes, this.#clock.nowMs());
    // Rejected only when everybody has left.
    void this.#clock.sleep(forMs, wait.signal).then(woken, () => {});
  }
}
