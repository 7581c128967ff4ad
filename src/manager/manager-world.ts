import type { Duplex } from 'node:stream';
import type { Clock } from '#base/clock.ts';
import type { Endpoint, LanEndpoint } from '#base/endpoint.ts';
import type { InfoHash } from '#base/units.ts';
import type { Index } from '#index/index.ts';
import type { ClientStream, OriginSource, StoreLike } from '#task/task.ts';
import type { FoundBy, TaskWorld } from '#task/task-world.ts';
import type { Handshake } from '#wire/handshake.ts';
import type { AdmissionWorld } from './admission.ts';
import type { PolicyConfig } from './policy.ts';
import type { SeatingConfig } from './seating.ts';

export type ManagerConfig = PolicyConfig &
  SeatingConfig & {
    /** See Admission. */
    readonly spareFlash?: boolean;
    /** Tasks that may fetch at the same time; absent: as many as the limit says. */
    readonly downloads?: number;
    /** Tasks that may sleep in memory; absent: as many as the limit says. */
    readonly asleep?: number;
  };

/** What the manager asks of the rest of the house. */
export type ManagerWorld = {
  readonly clock: Clock;
  readonly store: StoreLike;
  readonly index: Index;
  /** The id that the box shows to peers, 20 bytes. */
  readonly peerId: Buffer;
  /** Where the rates to clients are limited. */
  readonly budget?: TaskWorld['budget'];
  /** How fast the torrent's clients may be served, Mbit/s; undefined: as the box's limits say. */
  limitOf?(infoHash: InfoHash): number | undefined;
  /** Where fetching shares the line. */
  readonly uplink?: TaskWorld['uplink'];
  /** Where traffic is counted. */
  readonly traffic?: TaskWorld['traffic'];
  /** Where demand is noted. */
  readonly demand?: TaskWorld['demand'];
  /** See TaskWorld. */
  pieceSha256?: TaskWorld['pieceSha256'];
  /** Where pieces lie. */
  disks?: AdmissionWorld['disks'];
  /** What would go for something new. */
  leastWorth?: AdmissionWorld['leastWorth'];
  /** See Evictor. */
  isSqueezed?: TaskWorld['isSqueezed'];
  dial(to: OriginSource): Promise<Duplex>;
  /** Makes a torrent in use known to encrypted handshakes; of those that rest, the index knows. */
  know(infoHash: InfoHash): void;
  /** Has flows to these endpoints steered: the box found them in the swarm of a torrent that it serves. */
  steer(infoHash: InfoHash, endpoints: readonly Endpoint[], from: FoundBy): void;
  /** By peer exchange a client knows these endpoints of the torrent: it may dial them, perhaps encrypted. */
  told(client: string, infoHash: InfoHash, endpoints: readonly Endpoint[]): void;
  dhtNode(endpoint: Endpoint): void;
  /** Looks a torrent's peers up in the DHT once; resolves when the search is over. */
  lookUp(infoHash: InfoHash, found: (peers: readonly Endpoint[]) => void, signal: AbortSignal): Promise<unknown>;
  /** The endpoint is the box's own: no source for it. */
  isBox(endpoint: Endpoint): boolean;
};

/** A recognised LAN client, as the entry listener offers it. */
export type Arriving = {
  readonly client: LanEndpoint;
  /** The peer that it dialled; undefined when it dialled the box. */
  readonly endpoint: Endpoint | undefined;
  readonly handshake: Handshake;
  readonly early: Buffer;
  readonly stream: ClientStream;
};

export type Claim = { readonly kind: 'taken' } | { readonly kind: 'pass'; readonly why: string };
