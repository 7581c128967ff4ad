import type { Scope } from '#base/scope.ts';
import type { Beside } from './task-world.ts';

export type MetainfoLoadWorld = {
  /** Never rejects. */
  read(): Promise<Beside | undefined>;
  /** It is over; undefined: there was nothing to be had. */
  loaded(found: Beside | undefined): void;
};

/** The reading of what lies beside the pieces: begun with its task, or never. */
export class MetainfoLoad {
  #running = false;
  #over: Promise<void> = Promise.resolve();

  get running(): boolean {
    return this.#running;
  }

  /** Resolves when nothing is being read. Never rejects. */
  over(): Promise<void> {
    return this.#over;
  }

  begin(world: MetainfoLoadWorld, scope: Scope): void {
    this.#running = true;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#over = promise;
    scope.run(async () => {
      try {
        const found = await world.read();
        this.#running = false;
        world.loaded(found);
      } finally {
        resolve();
      }
    });
  }
}
