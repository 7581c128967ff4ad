import type { InfoHash } from '#base/units.ts';
import { LIMITS } from './limits.ts';

/** Tells a client that comes from one that comes back: clients dial again and again, by every address they know. */
export class Visits {
  /** The one seen longest ago first. */
  readonly #seen = new Map<string, number>();

  isNew(infoHash: InfoHash, client: string, nowMs: number): boolean {
    const key = `${infoHash} ${client}`;
    const last = this.#seen.get(key);
    this.#seen.delete(key);
    this.#seen.set(key, nowMs);
    for (const oldest of this.#seen.keys()) {
      if (this.#seen.size <= LIMITS.visits) break;
      this.#seen.delete(oldest);
    }
    return last === undefined || nowMs - last > LIMITS.visitMs;
  }
}
