import type { Clock } from '#base/clock.ts';
import { TokenBucket } from '#base/token-bucket.ts';

/** Bytes that may go at once after a pause: a share of a second, and enough that few waits are needed. */
const BURST_S = 0.25;
const LEAST_BURST_BYTES = 16 * 1024;
/** Buckets that are remembered: the one that was used longest ago is forgotten, and full again when it is wanted. */
const BUCKETS_MAX = 1_000;

/** How fast bytes may leave, by name: whoever sends under one name shares its rate. */
export class SiteRates {
  readonly #clock: Clock;
  readonly #buckets = new Map<string, TokenBucket>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Resolves when so many bytes may go. Rejects when the signal is aborted. */
  async take(name: string, bytesPerS: number, bytes: number, signal: AbortSignal): Promise<void> {
    const bucket = this.#bucket(name, bytesPerS);
    // More than a burst goes bit by bit.
    for (let left = bytes; left > 0; ) {
      const part = Math.min(left, bucket.burstBytes);
      if (bucket.take(part, this.#clock.nowMs())) {
        bucket.settle(part, this.#clock.nowMs());
        left -= part;
      } else await this.#clock.sleep(bucket.msUntil(part, this.#clock.nowMs()), signal);
    }
  }

  #bucket(name: string, bytesPerS: number): TokenBucket {
    const known = this.#buckets.get(name);
    const burstBytes = Math.max(LEAST_BURST_BYTES, Math.floor(bytesPerS * BURST_S));
    const bucket = known?.bytesPerS === bytesPerS ? known : new TokenBucket(bytesPerS, burstBytes, this.#clock.nowMs());
    this.#buckets.delete(name);
    this.#buckets.set(name, bucket);
    const [oldest] = this.#buckets.keys();
    if (this.#buckets.size > BUCKETS_MAX && oldest !== undefined) this.#buckets.delete(oldest);
    return bucket;
  }
}
