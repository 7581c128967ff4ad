import { LIMITS } from './limits.ts';

/** With nothing seen yet: of five clients, three are seen to come. */
const PRIOR = { told: 5, came: 3 };

/**
 * How much of what the LAN fetches passes through the box: of the clients that told a tracker, or others, that they want a torrent, the share whose
 * transfer then came here. The rest speaks in ways that the box cannot read, or with peers that it has not heard of.
 */
export class Sight {
  /** Who announced, and until when it is waited for; the oldest first. */
  readonly #awaited = new Map<string, number>();
  #told = 0;
  #came = 0;

  /** 0 to 1. */
  get through(): number {
    return (this.#came + PRIOR.came) / (this.#told + PRIOR.told);
  }

  announced(key: string, nowMs: number): void {
    this.look(nowMs);
    if (this.#awaited.size < LIMITS.awaited && !this.#awaited.has(key)) this.#awaited.set(key, nowMs + LIMITS.awaitMs);
  }

  came(key: string): void {
    if (this.#awaited.delete(key)) this.#count(1);
  }

  /** Time has passed: who has not come by now does not. */
  look(nowMs: number): void {
    for (const [key, untilMs] of this.#awaited) {
      if (untilMs > nowMs) return;
      this.#awaited.delete(key);
      this.#count(0);
    }
  }

  /** What was long ago counts less and less: the LAN changes. */
  #count(came: 0 | 1): void {
    if (this.#told >= LIMITS.awaitedCounted) {
      this.#told /= 2;
      this.#came /= 2;
    }
    this.#told++;
    this.#came += came;
  }
}
