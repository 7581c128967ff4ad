import { LIMITS } from './limits.ts';

/**
 * How long a full disk is waited for. Room is made within seconds, while a client that was let go may not dial its peer again for minutes. But where no
 * room is made nothing would ever come.
 */
export class Patience {
  #sinceMs: number | undefined;

  /** A piece was kept. */
  kept(): void {
    this.#sinceMs = undefined;
  }

  /** A piece was refused. True: it has been waited for long enough. */
  refused(nowMs: number): boolean {
    this.#sinceMs ??= nowMs;
    return nowMs - this.#sinceMs >= LIMITS.roomWithinMs;
  }
}
