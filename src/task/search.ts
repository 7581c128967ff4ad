import type { Scope } from '#base/scope.ts';
import type { InfoHash } from '#base/units.ts';
import { DhtAsking } from './dht-asking.ts';
import { SwarmNews, type SwarmNewsWorld } from './swarm-news.ts';
import type { TaskWorld } from './task-world.ts';
import { TrackerAsking } from './tracker-asking.ts';

export type SearchWorld = Pick<TaskWorld, 'clock' | 'log' | 'peerId' | 'keepTrackers' | 'lookUp'> &
  SwarmNewsWorld & {
    readonly infoHash: InfoHash;
    leftBytes(): number;
    downloadedBytes(): number;
    /** Known not to be private (BEP 27), and by a name that BitTorrent knows. */
    isPublic(): boolean;
    /** The operator gave nothing but its name, and perhaps trackers, and no more is known yet. */
    isLink(): boolean;
  };

/** Where else the torrent is to be had: its trackers and the DHT, asked while there is hardly any origin, and what others tell of peers. */
export class Search {
  readonly news: SwarmNews;
  readonly #world: SearchWorld;
  readonly #trackers: TrackerAsking;
  readonly #dht: DhtAsking;

  constructor(world: SearchWorld, trackers: readonly string[], scope: Scope) {
    this.#world = world;
    this.news = new SwarmNews(world);
    this.#trackers = new TrackerAsking(
      { ...world, found: (peers) => this.news.fromTracker(peers), keep: (known) => world.keepTrackers(known) },
      trackers,
      scope,
    );
    this.#dht = new DhtAsking({ ...world, found: (peers) => this.news.fromStranger(peers, 'box-dht') }, scope);
  }

  /** A LAN client announced there, or the operator names it. */
  learn(tracker: string): void {
    this.#trackers.learn(tracker);
  }

  /** Called about once a second while the task downloads; `downForMs` since it began. */
  downloading(originsUp: number, downForMs: number): void {
    this.#trackers.downloading(originsUp, downForMs);
    // What a link names, and no private tracker in it, every client looks for in the DHT.
    if (this.#world.isPublic() || (this.#world.isLink() && this.#trackers.areOpen))
      this.#dht.downloading(originsUp, downForMs);
  }

  /** The download rests. */
  rest(): void {
    this.#trackers.rest();
    this.#dht.rest();
  }
}
