import type { Clock } from '#base/clock.ts';

/** How long either side has said nothing (BEP 3: a keep-alive at least every two minutes). */
export class Silence {
  readonly #clock: Clock;
  readonly #limits: { idleMs: number; keepAliveMs: number };
  #heardMs: number;
  #saidMs: number;

  constructor(clock: Clock, limits: { idleMs: number; keepAliveMs: number }) {
    this.#clock = clock;
    this.#limits = limits;
    this.#heardMs = clock.nowMs();
    this.#saidMs = this.#heardMs;
  }

  heard(): void {
    this.#heardMs = this.#clock.nowMs();
  }

  said(): void {
    this.#saidMs = this.#clock.nowMs();
  }

  /** What is to be done about it. */
  due(): 'close' | 'keep-alive' | undefined {
    const nowMs = this.#clock.nowMs();
    if (nowMs - this.#heardMs >= this.#limits.idleMs) return 'close';
    return nowMs - this.#saidMs >= this.#limits.keepAliveMs ? 'keep-alive' : undefined;
  }
}
