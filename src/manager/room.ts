import type { Clock } from '#base/clock.ts';
import type { Log } from '#base/log.ts';
import { LIMITS } from './limits.ts';

export type NoRoom = 'disk-full' | 'disk-failed' | 'day-used-up';

/**
 * Whether anything new can be fetched and kept. Without room the box has nothing to give to who lacks what it lacks: such flows are to
 * pass, or their clients would wait for pieces that never come.
 */
export class Room {
  readonly #freeBytes: () => Promise<number>;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #isSpent: () => boolean;
  /** As far as is known; none once a write was refused. */
  #free = Number.POSITIVE_INFINITY;
  #failedUntilMs = 0;
  #told: NoRoom | undefined;

  /** `isSpent`: nothing more may be fetched today. */
  constructor(freeBytes: () => Promise<number>, clock: Clock, log: Log, isSpent: () => boolean = () => false) {
    this.#freeBytes = freeBytes;
    this.#clock = clock;
    this.#log = log;
    this.#isSpent = isSpent;
  }

  /** Why nothing new can be kept, or undefined. */
  get lacking(): NoRoom | undefined {
    return this.lackingFor(LIMITS.roomBytes);
  }

  /** Why so many bytes cannot be kept, or undefined. */
  lackingFor(bytes: number): NoRoom | undefined {
    if (this.#isSpent()) return 'day-used-up';
    if (this.#free < bytes) return 'disk-full';
    return this.#failedUntilMs > this.#clock.nowMs() ? 'disk-failed' : undefined;
  }

  async look(): Promise<void> {
    this.#free = await this.#freeBytes();
    this.#tell();
  }

  /** A write was refused, or failed. */
  refused(why: 'disk-full' | 'disk-failed'): void {
    if (why === 'disk-full') this.#free = 0;
    else this.#failedUntilMs = this.#clock.nowMs() + LIMITS.failedForMs;
    this.#tell();
  }

  #tell(): void {
    const why = this.lacking;
    if (why === this.#told) return;
    this.#told = why;
    if (why) this.#log.warn('nothing new is kept: torrents that are not whole pass', { why });
    else this.#log.info('new torrents are kept again');
  }
}
