import { type Endpoint, endpointKey } from '#base/endpoint.ts';
import { encodePex, type PexPeer, parsePex } from '#wire/pex.ts';
import type { ClientLimits } from './limits.ts';

export type PeerExchangeWorld = {
  /** Whom the client may be told of; undefined: of nobody, and nothing that it tells is heeded either (BEP 27). */
  swarm(): readonly PexPeer[] | undefined;
  /** The client is about to be told of these. */
  told(endpoints: readonly Endpoint[]): void;
  offer(endpoints: readonly Endpoint[]): void;
  nowMs(): number;
};

/** BEP 11 with one client: what changed in the swarm, at most once a minute, each way. */
export class PeerExchange {
  /** The id under which the client wants ut_pex messages. */
  theirId: number | undefined;
  readonly #world: PeerExchangeWorld;
  readonly #limits: ClientLimits;
  /** What the client was told of and not told to forget. As bounded as what the task knows. */
  readonly #told = new Map<string, Endpoint>();
  #saidAtMs = Number.NEGATIVE_INFINITY;
  #hearable: number;
  #heardAtMs: number;

  constructor(world: PeerExchangeWorld, limits: ClientLimits) {
    this.#world = world;
    this.#limits = limits;
    this.#hearable = limits.pexHeard;
    this.#heardAtMs = world.nowMs();
  }

  /** The message to send now, if there is news and it is time. */
  due(): { id: number; payload: Buffer } | undefined {
    const nowMs = this.#world.nowMs();
    if (this.theirId === undefined || nowMs - this.#saidAtMs < this.#limits.pexEveryMs) return undefined;
    const swarm = this.#world.swarm();
    if (!swarm) return undefined;
    const now = new Map(swarm.map((peer) => [endpointKey(peer.endpoint), peer]));
    const added = [...now].filter(([key]) => !this.#told.has(key)).slice(0, this.#limits.pexPeers);
    const dropped = [...this.#told].filter(([key]) => !now.has(key)).slice(0, this.#limits.pexPeers);
    if (added.length === 0 && dropped.length === 0) return undefined;
    this.#saidAtMs = nowMs;
    for (const [key, { endpoint }] of added) this.#told.set(key, endpoint);
    for (const [key] of dropped) this.#told.delete(key);
    const peers = added.map(([, peer]) => peer);
    // Before the client hears of them: it dials at once.
    this.#world.told(peers.map(({ endpoint }) => endpoint));
    return { id: this.theirId, payload: encodePex({ added: peers, dropped: dropped.map(([, endpoint]) => endpoint) }) };
  }

  /** What cannot be read, or comes too often, changes nothing. */
  receive(payload: Buffer): void {
    const nowMs = this.#world.nowMs();
    const regained = Math.floor((nowMs - this.#heardAtMs) / this.#limits.pexHeardEveryMs);
    this.#hearable = Math.min(this.#limits.pexHeard, this.#hearable + regained);
    this.#heardAtMs += regained * this.#limits.pexHeardEveryMs;
    if (this.#hearable <= 0 || !this.#world.swarm()) return;
    this.#hearable--;
    const pex = parsePex(payload);
    if (pex.kind === 'bad') return;
    const endpoints = pex.value.added.map(({ endpoint }) => endpoint).slice(0, 2 * this.#limits.pexPeers);
    if (endpoints.length > 0) this.#world.offer(endpoints);
  }
}
