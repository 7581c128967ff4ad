import type { Endpoint } from '#base/endpoint.ts';
import { isLikelyPeer } from '#base/public-ip.ts';
import type { OriginSource } from '#downloader/origin-pool.ts';
import type { FoundBy, TaskWorld } from './task-world.ts';

export type SwarmNewsWorld = Pick<TaskWorld, 'isBox' | 'found' | 'told'> & {
  addSources(sources: readonly OriginSource[]): void;
};

/**
 * Who else takes part in the torrent, whoever says so. A tracker was chosen by a client and names whom it likes. Other
 * peers and the DHT are strangers: they name no machine of the LAN, no well-known service, and not the box itself.
 */
export class SwarmNews {
  readonly #world: SwarmNewsWorld;

  constructor(world: SwarmNewsWorld) {
    this.#world = world;
  }

  fromTracker(endpoints: readonly Endpoint[]): void {
    this.#take(
      endpoints.filter((endpoint) => !this.#world.isBox(endpoint)),
      'box-tracker',
    );
  }

  fromStranger(endpoints: readonly Endpoint[], by: 'pex' | 'box-dht'): void {
    this.#take(this.#credible(endpoints), by);
  }

  /** A client told of peers (BEP 11) that it knows and may dial, encrypted or not. */
  fromClient(client: string, endpoints: readonly Endpoint[]): void {
    const credible = this.#credible(endpoints);
    if (credible.length === 0) return;
    this.#world.told(client, credible);
    this.#world.addSources(credible.map((endpoint) => ({ endpoint })));
  }

  #credible(endpoints: readonly Endpoint[]): Endpoint[] {
    return endpoints.filter((endpoint) => isLikelyPeer(endpoint) && !this.#world.isBox(endpoint));
  }

  #take(endpoints: readonly Endpoint[], by: FoundBy): void {
    if (endpoints.length === 0) return;
    this.#world.addSources(endpoints.map((endpoint) => ({ endpoint })));
    this.#world.found(endpoints, by);
  }
}
