import { Flow } from './flow.ts';
import { SWARM_LIMITS } from './limits.ts';

/** How much is asked of one neighbour ahead of what comes: at first a little, then what comes in a moment. */
export class AskWindow {
  readonly #rate = new Flow(SWARM_LIMITS.rateMs);
  #owed = 0;

  get owed(): number {
    return this.#owed;
  }

  bytesPerS(nowMs: number): number {
    this.#rate.pass(nowMs, this.#owed > 0);
    return this.#rate.bytesPerS;
  }

  room(nowMs: number): number {
    const { leastWindow, mostWindow, windowMs } = SWARM_LIMITS;
    const bytes = (this.bytesPerS(nowMs) * windowMs) / 1_000;
    return Math.min(mostWindow, Math.max(leastWindow, bytes)) - this.#owed;
  }

  /** `bytes`: negative for what is taken back. */
  asked(bytes: number): void {
    this.#owed = Math.max(0, this.#owed + bytes);
  }

  came(bytes: number, nowMs: number): void {
    this.#rate.pass(nowMs, this.#owed > 0);
    this.#owed = Math.max(0, this.#owed - bytes);
    this.#rate.add(bytes);
  }
}
