import type { Clock } from '#base/clock.ts';
import type { Endpoint } from '#base/endpoint.ts';
import type { Log } from '#base/log.ts';
import type { Scope } from '#base/scope.ts';
import type { InfoHash } from '#base/units.ts';
import { TrackerClient } from '#downloader/tracker-client.ts';
import { isOpenTracker } from '#wire/open-tracker.ts';
import { LIMITS } from './limits.ts';

export type TrackerAskingWorld = {
  readonly infoHash: InfoHash;
  readonly peerId: Buffer;
  readonly clock: Clock;
  readonly log: Log;
  found(peers: readonly Endpoint[]): void;
  leftBytes(): number;
  downloadedBytes(): number;
  /** The list changed and should outlive a restart. */
  keep(trackers: readonly string[]): void;
};

/**
 * The trackers of one torrent, and whether the box asks them itself. It does so only while it downloads with hardly any
 * origin: as long as clients bring peers along, the swarm need not know of the box.
 */
export class TrackerAsking {
  readonly #world: TrackerAskingWorld;
  readonly #scope: Scope;
  readonly #trackers: string[];
  #client: TrackerClient | undefined;

  constructor(world: TrackerAskingWorld, known: readonly string[], scope: Scope) {
    this.#world = world;
    this.#scope = scope;
    this.#trackers = known.slice(0, LIMITS.trackers);
  }

  /** There is none that may be a private one's (BEP 27). */
  get areOpen(): boolean {
    return this.#trackers.every(isOpenTracker);
  }

  /** A LAN client announced there, or the operator names it. */
  learn(tracker: string): void {
    if (this.#trackers.includes(tracker) || this.#trackers.length >= LIMITS.trackers) return;
    this.#trackers.push(tracker);
    this.#world.keep(this.#trackers);
  }

  /** Called about once a second while the task downloads; `downForMs` since it began. */
  downloading(originsUp: number, downForMs: number): void {
    if (this.#client || this.#trackers.length === 0) return;
    if (originsUp >= LIMITS.enoughOrigins || downForMs < LIMITS.askTrackersAfterMs) return;
    const { infoHash, peerId, clock, log } = this.#world;
    this.#client = new TrackerClient(
      {
        infoHash,
        peerId,
        clock,
        log,
        progress: () => ({ uploaded: 0, downloaded: this.#world.downloadedBytes(), left: this.#world.leftBytes() }),
        found: (peers) => this.#world.found(peers),
      },
      this.#trackers,
    );
    const client = this.#client;
    this.#scope.defer(() => client.close());
  }

  /** The download rests: the tracker is told goodbye. */
  rest(): void {
    const client = this.#client;
    this.#client = undefined;
    if (client) this.#scope.run(() => client.close());
  }
}
