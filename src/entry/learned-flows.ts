import { type Endpoint, endpointKey } from '#base/endpoint.ts';
import type { InfoHash } from '#base/units.ts';
import { SkeyTable } from '#wire/mse.ts';
import { AgingMap } from './aging-map.ts';
import { LIMITS } from './limits.ts';
import type { Learned, LearnedFrom } from './seen.ts';
import type { Swarm } from './swarm-memory.ts';

/** Why a flow of this client to this endpoint is steered. */
export type LearnedFlow = {
  readonly client: string;
  readonly endpoint: Endpoint;
  readonly infoHash: InfoHash;
  readonly from: LearnedFrom;
  readonly atMs: number;
};

/** In place of a client's address: what the box found itself, or learned before a restart, holds for all. */
export const ANYONE = '*';

/** Torrents beyond the limit, as a share of it, before the oldest go. */
const SPARE = 1 / 64;

const flowKey = (client: string, endpoint: Endpoint): string => `${client} ${endpointKey(endpoint)}`;

/**
 * `(client, endpoint) -> info-hash`: why a flow is steered, and which torrents an encrypted handshake may be about.
 * Everything is bounded, the oldest goes first; torrents that strangers name never push out those that the box holds.
 */
export class LearnedFlows {
  readonly skeys = new SkeyTable();
  readonly #flows = new AgingMap<LearnedFlow>(LIMITS.learned, LIMITS.steerForMs);
  readonly #held = new Set<InfoHash>();
  readonly #named = new Set<InfoHash>();

  /** Returns the endpoints that were not known for this client and torrent. */
  learn({ client, endpoints, infoHash, from }: Learned, nowMs: number): Endpoint[] {
    this.takesPart(infoHash);
    return endpoints.filter((endpoint) => {
      const key = flowKey(client, endpoint);
      const isFresh = this.#flows.get(key, nowMs)?.infoHash !== infoHash;
      this.#flows.set(key, { client, endpoint, infoHash, from, atMs: nowMs }, nowMs);
      return isFresh;
    });
  }

  /** Makes a torrent that the box holds known to encrypted handshakes. */
  holds(infoHash: InfoHash): void {
    this.#know(this.#held, infoHash);
  }

  /** Makes a torrent that a client named known to encrypted handshakes. */
  takesPart(infoHash: InfoHash): void {
    this.#know(this.#named, infoHash);
  }

  #know(hashes: Set<InfoHash>, infoHash: InfoHash): void {
    if (!this.#held.has(infoHash) && !this.#named.has(infoHash)) this.skeys.add(infoHash);
    hashes.delete(infoHash);
    hashes.add(infoHash);
    // Many at a time: finding a set's oldest entry costs as much as there were deletions before.
    if (hashes.size <= LIMITS.skeys * (1 + SPARE)) return;
    for (const oldest of hashes) {
      if (hashes.size <= LIMITS.skeys) return;
      hashes.delete(oldest);
      if (!this.#held.has(oldest) && !this.#named.has(oldest)) this.skeys.delete(oldest);
    }
  }

  find(client: string, endpoint: Endpoint, nowMs: number): LearnedFlow | undefined {
    return this.#flows.get(flowKey(client, endpoint), nowMs) ?? this.#flows.get(flowKey(ANYONE, endpoint), nowMs);
  }

  /** Oldest first. */
  all(nowMs: number): Iterable<LearnedFlow> {
    return this.#flows.values(nowMs);
  }

  /** The newest endpoints by torrent and dialect, without the clients. */
  swarms(nowMs: number): Swarm[] {
    const swarms = new Map<string, { infoHash: InfoHash; isQvod: boolean; endpoints: Map<string, Endpoint> }>();
    for (const { infoHash, endpoint, from } of [...this.all(nowMs)].slice(-LIMITS.rememberedEndpoints)) {
      const isQvod = from === 'qvod-handshake';
      const key = `${infoHash} ${isQvod}`;
      const swarm = swarms.get(key) ?? { infoHash, isQvod, endpoints: new Map<string, Endpoint>() };
      swarm.endpoints.set(endpointKey(endpoint), endpoint);
      swarms.set(key, swarm);
    }
    return [...swarms.values()].map((swarm) => ({ ...swarm, endpoints: [...swarm.endpoints.values()] }));
  }
}
