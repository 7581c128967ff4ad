import type { Clock } from '#base/clock.ts';
import { isAbort } from '#base/errors.ts';
import { MACHINE_LIMITS } from './limits.ts';
import type { Ran, Run } from './programs.ts';

export type Blinked = { readonly kind: 'blinks' } | { readonly kind: 'cannot'; readonly why: string };

/** Makes a port's lamp blink, so that a person finds it: one port at a time, and none when the box stops. */
export class Blinker {
  readonly #run: Run;
  readonly #clock: Clock;
  readonly #mute = new Set<string>();
  #blinking: { readonly end: AbortController; readonly over: Promise<Ran> } | undefined;

  constructor(run: Run, clock: Clock) {
    this.#run = run;
    this.#clock = clock;
  }

  /** Ports that were found to have no lamp that can be told to blink. */
  get mute(): ReadonlySet<string> {
    return this.#mute;
  }

  /** The lamp that blinks by now stops. `name`: of a port that is there. */
  async blink(name: string, seconds: number): Promise<Blinked> {
    this.#blinking?.end.abort();
    await this.#blinking?.over;
    const end = new AbortController();
    const timeoutMs = seconds * 1_000 + MACHINE_LIMITS.changeMs;
    const over = this.#run('ethtool', ['-p', name, String(seconds)], { timeoutMs, signal: end.signal });
    const mine = { end, over };
    this.#blinking = mine;
    const early = new AbortController();
    const still = this.#clock.sleep(MACHINE_LIMITS.blinkRefusedMs, early.signal).catch((error: unknown) => {
      if (!isAbort(error)) throw error;
    });
    const refused = await Promise.race([over, still]);
    early.abort();
    void over.then(() => {
      if (this.#blinking === mine) this.#blinking = undefined;
    });
    if (!refused || refused.ok) return { kind: 'blinks' };
    this.#mute.add(name);
    return { kind: 'cannot', why: refused.why };
  }
}
