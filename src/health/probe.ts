import { HEALTH_LIMITS } from './limits.ts';
import type { Known } from './view.ts';

/** Runs probes against the clock. Whatever goes wrong is 'unknown': a sick disk must not make the page sick. */
export class Probes {
  readonly #timeoutMs: number;
  readonly #hanging = new Set<string>();

  constructor(timeoutMs: number = HEALTH_LIMITS.probeTimeoutMs) {
    this.#timeoutMs = timeoutMs;
  }

  /**
   * A question that was never answered is not asked again: each one that hangs (statfs on a dead disk) holds a thread of
   * the pool that all file work shares.
   */
  async ask<T>(name: string, question: () => Promise<T>): Promise<Known<T>> {
    if (this.#hanging.has(name)) return 'unknown';
    this.#hanging.add(name);
    const late = Promise.withResolvers<'unknown'>();
    const timer = setTimeout(() => late.resolve('unknown'), this.#timeoutMs);
    timer.unref();
    const answered = () => this.#hanging.delete(name);
    try {
      const answer = question();
      void answer.then(answered, answered);
      return await Promise.race([answer, late.promise]);
    } catch {
      answered();
      return 'unknown';
    } finally {
      clearTimeout(timer);
    }
  }
}

/** A finite number that is not negative, or 'unknown'. */
export const count = (value: unknown): Known<number> =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : 'unknown';
