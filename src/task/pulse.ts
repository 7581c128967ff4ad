import type { Scope } from '#base/scope.ts';
import { LIMITS } from './limits.ts';

export type PulseWorld = {
  /** Somebody is here, is expected, or something is being fetched or read. */
  awake(): boolean;
  tick(): void;
  /** The tick threw. */
  failed(error: unknown): void;
};

/**
 * When a task looks at itself: every second while there is something to look at. Asleep it has one timer, which rings when it may leave: twenty thousand
 * that slept with a timer of a second each would keep a processor busy. Beats fall on a common grid, so that the process wakes eight times a second, however
 * many tasks are awake.
 */
export class Pulse {
  readonly #world: PulseWorld;
  #timer: NodeJS.Timeout | undefined;
  #isQuick = false;
  #over = false;

  constructor(world: PulseWorld, scope: Scope) {
    this.#world = world;
    scope.defer(() => this.#stop());
    this.#next();
  }

  /** Something has changed: it may be awake now. Falling asleep waits for the next beat, which keeps what came last. */
  stir(): void {
    if (!this.#isQuick && this.#world.awake()) this.#next();
  }

  #next(): void {
    if (this.#over) return;
    clearTimeout(this.#timer);
    this.#isQuick = this.#world.awake();
    this.#timer = setTimeout(() => this.#beat(), onGrid(this.#isQuick ? LIMITS.tickMs : LIMITS.idleMs));
    this.#timer.unref();
  }

  #beat(): void {
    try {
      this.#world.tick();
    } catch (error) {
      this.#world.failed(error);
    }
    this.#next();
  }

  #stop(): void {
    this.#over = true;
    clearTimeout(this.#timer);
  }
}

/** So long, or a little longer. */
const onGrid = (ms: number): number =>
  ms + LIMITS.beatGridMs - ((Date.now() + ms) % LIMITS.beatGridMs || LIMITS.beatGridMs);
