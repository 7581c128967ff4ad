import type { Clock } from '#base/clock.ts';
import type { Endpoint } from '#base/endpoint.ts';
import type { Scope } from '#base/scope.ts';
import { DHT_LIMITS } from '#downloader/dht-limits.ts';
import { LIMITS } from './limits.ts';

export type DhtAskingWorld = {
  readonly clock: Clock;
  /** Looks the torrent up in the DHT, under all its names; resolves when the search is over, early when it cannot begin. */
  lookUp(found: (peers: readonly Endpoint[]) => void, signal: AbortSignal): Promise<void>;
  found(peers: readonly Endpoint[]): void;
};

/** When a task has its peers looked up in the DHT: only while it downloads with hardly any origin, as with trackers. */
export class DhtAsking {
  readonly #world: DhtAskingWorld;
  readonly #scope: Scope;
  #asking: AbortController | undefined;
  #askedAtMs = Number.NEGATIVE_INFINITY;

  constructor(world: DhtAskingWorld, scope: Scope) {
    this.#world = world;
    this.#scope = scope;
  }

  /** Called about once a second while the task downloads a torrent that is not private (BEP 27); `downForMs` since it began. */
  downloading(originsUp: number, downForMs: number): void {
    if (originsUp >= LIMITS.enoughOrigins || downForMs < LIMITS.askTrackersAfterMs) return;
    const nowMs = this.#world.clock.nowMs();
    if (this.#asking || nowMs - this.#askedAtMs < DHT_LIMITS.askEveryMs) return;
    const asking = new AbortController();
    this.#asking = asking;
    this.#askedAtMs = nowMs;
    this.#scope.run(async (signal) => {
      try {
        await this.#world.lookUp((peers) => this.#world.found(peers), AbortSignal.any([signal, asking.signal]));
      } finally {
        if (this.#asking === asking) this.#asking = undefined;
      }
    });
  }

  /** The download rests. */
  rest(): void {
    this.#asking?.abort();
    this.#asking = undefined;
  }
}
