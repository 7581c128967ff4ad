import { type Endpoint, endpointKey } from '#base/endpoint.ts';
import type { InfoHash } from '#base/units.ts';
import { SkeyTable } from '#wire/mse.ts';
import { LIMITS } from './limits.ts';
import type { Swarm } from './swarm-memory.ts';
import type { LearnedFrom } from './tap.ts';

type Entry = { endpoint: Endpoint; infoHash: InfoHash; from: LearnedFrom | 'before the restart'; untilMs: number };

/** In place of a client's address: what was learned before a restart holds for all. */
const ANYONE = '*';

const flowKey = (client: string, endpoint: Endpoint): string => `${client} ${endpointKey(endpoint)}`;

/**
 * `(client, endpoint) -> info-hash`: why a flow is steered, and which torrents an encrypted handshake may be about.
 * Both maps keep their oldest entries first and are bounded.
 */
export class LearnedFlows {
  readonly skeys = new SkeyTable();
  readonly #flows = new Map<string, Entry>();
  readonly #hashes = new Set<InfoHash>();

  /** Returns the endpoints that were not known for this client and torrent. */
  learn(
    client: string,
    endpoints: readonly Endpoint[],
    infoHash: InfoHash,
    from: LearnedFrom,
    nowMs: number,
  ): Endpoint[] {
    this.know(infoHash);
    const fresh: Endpoint[] = [];
    for (const endpoint of endpoints) {
      const key = flowKey(client, endpoint);
      if (this.#flows.get(key)?.infoHash !== infoHash) fresh.push(endpoint);
      this.#flows.delete(key);
      this.#flows.set(key, { endpoint, infoHash, from, untilMs: nowMs + LIMITS.steerForMs });
    }
    for (const [key, entry] of this.#flows) {
      if (entry.untilMs > nowMs && this.#flows.size <= LIMITS.learned) break;
      this.#flows.delete(key);
    }
    return fresh;
  }

  /** Makes a torrent known to encrypted handshakes. */
  know(infoHash: InfoHash): void {
    if (this.#hashes.delete(infoHash)) {
      this.#hashes.add(infoHash);
      return;
    }
    this.#hashes.add(infoHash);
    this.skeys.add(infoHash);
    if (this.#hashes.size <= LIMITS.skeys) return;
    for (const oldest of this.#hashes) {
      this.#hashes.delete(oldest);
      this.skeys.delete(oldest);
      break;
    }
  }

  find(client: string, endpoint: Endpoint): Readonly<Entry> | undefined {
    return this.#flows.get(flowKey(client, endpoint)) ?? this.#flows.get(flowKey(ANYONE, endpoint));
  }

  /** The newest endpoints by torrent, without the clients. Qvod's are left out: the box dials those only with a client's own words. */
  swarms(): Swarm[] {
    const swarms = new Map<InfoHash, Map<string, Endpoint>>();
    for (const { infoHash, endpoint, from } of [...this.#flows.values()].slice(-LIMITS.rememberedEndpoints)) {
      if (from === 'qvod-handshake') continue;
      const endpoints = swarms.get(infoHash) ?? new Map<string, Endpoint>();
      swarms.set(infoHash, endpoints.set(endpointKey(endpoint), endpoint));
    }
    return [...swarms].map(([infoHash, endpoints]) => ({ infoHash, endpoints: [...endpoints.values()] }));
  }

  recall({ infoHash, endpoints }: Swarm, nowMs: number): void {
    this.know(infoHash);
    const untilMs = nowMs + LIMITS.steerForMs;
    for (const endpoint of endpoints)
      this.#flows.set(flowKey(ANYONE, endpoint), { endpoint, infoHash, from: 'before the restart', untilMs });
  }
}
