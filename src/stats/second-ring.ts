import type { Moved } from '#index/traffic-rows.ts';
import { cut, GRIDS } from './grid.ts';
import { addTo, nothing, split } from './moved.ts';

/** Steps of one second kept: five minutes, and as many again that a wrong clock may have made. */
const SECONDS = 600;

/** The last minutes, in memory alone. */
export class SecondRing {
  readonly #steps = new Map<number, Moved>();

  add(moved: Moved, nowMs: number): void {
    const parts = cut(GRIDS.second, nowMs - moved.coveredMs, nowMs);
    const shares = split(
      moved,
      parts.map(({ share }) => share),
    );
    for (const [i, { atMs }] of parts.entries()) {
      const step = this.#steps.get(atMs);
      if (step) addTo(step, shares[i] as Moved);
      else this.#steps.set(atMs, { ...nothing(), ...shares[i] });
    }
    // The first that were put in: not the earliest, which a clock that was set back puts in last.
    for (const oldest of this.#steps.keys()) {
      if (this.#steps.size <= SECONDS) break;
      this.#steps.delete(oldest);
    }
  }

  /** From `fromMs` on and before `untilMs`. */
  between(fromMs: number, untilMs: number): { atMs: number; moved: Moved }[] {
    return [...this.#steps].flatMap(([atMs, moved]) => (atMs >= fromMs && atMs < untilMs ? [{ atMs, moved }] : []));
  }
}
