import type { Clock } from '#base/clock.ts';
import type { Scope } from '#base/scope.ts';

export type ChokeWorld = {
  readonly clock: Clock;
  readonly scope: Scope;
  /** How long the client should still get no blocks. */
  waitMs(): number;
  unchoke(): void;
};

/** Whether one client is interested, and choked (BEP 3): whoever is interested is unchoked, sooner or later, and stays so. */
export class Choke {
  interested = false;
  #choked = true;
  #due = false;
  readonly #world: ChokeWorld;

  constructor(world: ChokeWorld) {
    this.#world = world;
  }

  get choked(): boolean {
    return this.#choked;
  }

  /** True: that is news. */
  heard(interested: boolean): boolean {
    const news = interested !== this.interested;
    this.interested = interested;
    if (interested && this.#choked && !this.#due) this.#unchoke();
    return news;
  }

  #unchoke(): void {
    const { clock, scope, waitMs, unchoke } = this.#world;
    const ms = waitMs();
    this.#due = ms > 0;
    if (this.#due) {
      scope.run(async (signal) => {
        await clock.sleep(ms, signal);
        this.#unchoke();
      });
      return;
    }
    this.#choked = false;
    unchoke();
  }
}
