import type { InfoHash } from '#base/units.ts';
import { LIMITS } from './limits.ts';

type Setback = { readonly times: number; readonly untilMs: number };

/** Torrents whose agent threw: each begins again after a while, twice as long after each time, until one has lived for long. */
export class Setbacks {
  /** The latest last. */
  readonly #of = new Map<InfoHash, Setback>();

  /** Returns how long it stays away, ms. */
  note(id: InfoHash, nowMs: number): number {
    const before = this.#of.get(id);
    const isOver = before && nowMs - before.untilMs >= LIMITS.setbackOverMs;
    const times = before && !isOver ? before.times + 1 : 1;
    const forMs = Math.min(LIMITS.setbackMostMs, LIMITS.setbackMs * 2 ** (times - 1));
    this.#of.delete(id);
    this.#of.set(id, { times, untilMs: nowMs + forMs });
    for (const oldest of this.#of.keys()) {
      if (this.#of.size <= LIMITS.setbacks) break;
      this.#of.delete(oldest);
    }
    return forMs;
  }

  /** It may not begin again yet. */
  holds(id: InfoHash, nowMs: number): boolean {
    return nowMs < (this.#of.get(id)?.untilMs ?? 0);
  }
}
