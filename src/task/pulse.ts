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
    this.stir();
  }

  /** Something has changed. */
  stir(): void {
    const isQuick = this.#world.awake();
    if (this.#over || (this.#timer && this.#isQuick === isQuick)) return;
    clearTimeout(this.#timer);
    this.#isQuick = isQuick;
    this.#timer = setTimeout(() => this.#beat(), onGrid(isQuick ? LIMITS.tickMs : LIMITS.idleMs));
    this.#timer.unref();
  }

  #beat(): void {
    this.#timer = undefined;
    try {
      this.#world.tick();
    } catch (error) {
      this.#world.failed(error);
    }
    this.stir();
  }

  #stop(): void {
    this.#over = true;
    clearTimeout(this.#timer);
  }
}

/** So long, or a little longer. */
const onGrid = (ms: number): number =>
  ms + LIMITS.beatGridMs - ((Date.now() + ms) % LIMITS.beatGridMs || LIMITS.beatGridMs);
