import type { Clock } from './clock.ts';

/**
 * Rests that end when they are poked. To be cheap for who is poked thousands of times a second: no signal is made and aborted for each, and a rest that was cut short goes on
 * beside the next one, which then ends no later than it would have.
 */
export class Doze {
  readonly #clock: Clock;
  readonly #signal: AbortSignal;
  #isPoked = false;
  #wake: (() => void) | undefined;
  #rest: { readonly endMs: number; readonly until: Promise<void> } | undefined;

  /** Ended by the signal, each rest is over at once. */
  constructor(clock: Clock, signal: AbortSignal) {
    this.#clock = clock;
    this.#signal = signal;
  }

  /** Ends the rest, or the next one if there is none. */
  poke(): void {
    this.#isPoked = true;
    this.#wake?.();
  }

  /** What it was poked for so far is being done. */
  heed(): void {
    this.#isPoked = false;
  }

  /** Resolves after `ms` at the latest. */
  async rest(ms: number): Promise<void> {
    if (this.#isPoked || this.#signal.aborted) return;
    const endMs = this.#clock.nowMs() + ms;
    if (!this.#rest || this.#rest.endMs > endMs) this.#rest = { endMs, until: this.#sleep(ms) };
    const poked = new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    await Promise.race([this.#rest.until, poked]);
    this.#wake = undefined;
  }

  async #sleep(ms: number): Promise<void> {
    await this.#clock.sleep(ms, this.#signal).catch(() => {});
    this.#rest = undefined;
  }
}
