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

/**
 * Spreads the requests of all downloads over time, so that blocks come at a rate and not in bursts. Askers take turns, a block each.
 * Invariant: there is a timer only while somebody waits, and one at most.
 */
export class Pacer {
  readonly #clock: Clock;
  readonly #signal: AbortSignal;
  readonly #waiting = new Set<Asker>();
  #bytesPerS = Number.POSITIVE_INFINITY;
  #nextAtMs = 0;
  #sleeping = false;
  #hasSlept = false;
  #held = false;

  constructor(clock: Clock, signal: AbortSignal) {
    this.#clock = clock;
    this.#signal = signal;
  }

  /** There is no rate: everybody may ask at once. */
  get isFree(): boolean {
    return this.#bytesPerS === Number.POSITIVE_INFINITY;
  }

  /** A request had to wait since this was last asked. */
  takeHeld(): boolean {
    const held = this.#held;
    this.#held = false;
    return held;
  }

  /** Infinite: none. Zero: nothing is asked for. */
  setRate(bytesPerS: number): void {
    const wasShut = this.#bytesPerS === 0;
    this.#bytesPerS = bytesPerS;
    if (this.isFree || wasShut) this.#serve();
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
    if (this.#sleeping || this.#bytesPerS === 0) return;
    for (let asker = this.#next(); asker; asker = this.#next()) {
      const nowMs = this.#clock.nowMs();
      this.#nextAtMs = Math.min(this.#nextAtMs, nowMs + LONGEST_MS);
      if (!this.isFree && this.#nextAtMs > nowMs) {
        this.#sleep(this.#nextAtMs - nowMs);
        return;
      }
      this.#waiting.delete(asker);
      const bytes = asker.askOne();
      if (bytes === 0) continue;
      this.#waiting.add(asker);
      this.#held ||= this.#hasSlept;
      this.#hasSlept = false;
      this.#nextAtMs = Math.max(this.#nextAtMs, nowMs - LATE_MS) + (bytes / this.#bytesPerS) * 1000;
    }
  }

  #next(): Asker | undefined {
    for (const asker of this.#waiting) if (!asker.isAhead) return asker;
    return this.#waiting.values().next().value;
  }

  #sleep(ms: number): void {
    this.#sleeping = true;
    const woken = (): void => {
      this.#sleeping = false;
      this.#hasSlept = true;
      this.#serve();
    };
    void this.#clock.sleep(Math.ceil(ms), this.#signal).then(woken, () => {});
  }
}
