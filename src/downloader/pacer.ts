import type { Clock } from '#base/clock.ts';

/** Who wants to ask origins for blocks; the same object for as long as it comes back. */
export type Asker = {
  /** No client waits for what it asks for: others go first. */
  readonly isAhead: boolean;
  /** Asks for one block. Its bytes; 0 when there is nothing to ask for, and then it comes back when there is. */
  askOne(): number;
};

/** A timer comes late by so much at times; what was missed meanwhile is asked for at once. */
const LATE_MS = 20;
/** Longer than a block takes at the lowest rate there is. More shows that the clock was set back. */
const LONGEST_MS = 2_000;
/** Who comes while others sleep for longer may have its turn sooner. */
const NAP_MS = 20;

/** One rate: when the next block may be asked for. */
class Gate {
  bytesPerS = Number.POSITIVE_INFINITY;
  #nextAtMs = 0;

  get isOpen(): boolean {
    return this.bytesPerS === Number.POSITIVE_INFINITY;
  }

  waitMs(nowMs: number): number {
    if (this.isOpen) return 0;
    this.#nextAtMs = Math.min(this.#nextAtMs, nowMs + LONGEST_MS);
    return Math.max(0, this.#nextAtMs - nowMs);
  }

  pass(bytes: number, nowMs: number): void {
    this.#nextAtMs = Math.max(this.#nextAtMs, nowMs - LATE_MS) + (bytes / this.bytesPerS) * 1000;
  }
}

/**
 * Spreads the requests of all downloads over time, so that blocks come at a rate and not in bursts. Askers take turns, a block each. What no client waits
 * for comes last, and may have a lower rate of its own.
 * Invariant: there is a timer only while somebody waits, and one at most.
 */
export class Pacer {
  readonly #clock: Clock;
  readonly #signal: AbortSignal;
  readonly #waiting = new Set<Asker>();
  readonly #all = new Gate();
  readonly #ahead = new Gate();
  #sleeping = false;
  /** Somebody waits for the rate of all, or did so when it was last looked. */
  #hasWaited = false;
  #held = false;

  constructor(clock: Clock, signal: AbortSignal) {
    this.#clock = clock;
    this.#signal = signal;
  }

  /** There is no rate: whoever is so may ask at once. */
  isFreeFor({ isAhead }: Pick<Asker, 'isAhead'>): boolean {
    return this.#all.isOpen && (!isAhead || this.#ahead.isOpen);
  }

  /** A request had to wait for the rate of all since this was last asked. */
  takeHeld(): boolean {
    const held = this.#held;
    this.#held = false;
    return held;
  }

  /** Of all, and of that what no client waits for. Infinite: none. Zero: nothing is asked for. */
  setRate(bytesPerS: number, aheadBytesPerS = Number.POSITIVE_INFINITY): void {
    this.#all.bytesPerS = bytesPerS;
    this.#ahead.bytesPerS = aheadBytesPerS;
    this.#serve();
  }

  /** The asker is called in its turn. */
  wait(asker: Asker): void {
    this.#waiting.add(asker);
    this.#serve();
  }

  leave(asker: Asker): void {
    this.#waiting.delete(asker);
  }

  #serve(): void {
    if (this.#all.bytesPerS === 0) return;
    for (let asker = this.#next(); asker; asker = this.#next()) {
      const nowMs = this.#clock.nowMs();
      const { isAhead } = asker;
      const allMs = this.#all.waitMs(nowMs);
      const waitMs = Math.max(allMs, isAhead ? this.#ahead.waitMs(nowMs) : 0);
      if (waitMs > 0) {
        this.#hasWaited ||= allMs > 0;
        this.#sleep(Math.min(waitMs, NAP_MS));
        return;
      }
      this.#waiting.delete(asker);
      const bytes = asker.askOne();
      if (bytes === 0) continue;
      this.#waiting.add(asker);
      this.#held ||= this.#hasWaited;
      this.#hasWaited = false;
      this.#all.pass(bytes, nowMs);
      if (isAhead) this.#ahead.pass(bytes, nowMs);
    }
  }

  #next(): Asker | undefined {
    for (const asker of this.#waiting) if (!asker.isAhead) return asker;
    return this.#waiting.values().next().value;
  }

  #sleep(ms: number): void {
    if (this.#sleeping) return;
    this.#sleeping = true;
    const woken = (): void => {
      this.#sleeping = false;
      this.#serve();
    };
    void this.#clock.sleep(Math.ceil(ms), this.#signal).then(woken, () => {});
  }
}
