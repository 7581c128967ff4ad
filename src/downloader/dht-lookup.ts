import { endpointKey } from '#base/endpoint.ts';
import type { KrpcNode } from '#wire/krpc.ts';
import { DHT_LIMITS } from './dht-limits.ts';
import { nearer } from './dht-table.ts';

type Stage = 'known' | 'asked' | 'answered' | 'silent';
type Candidate = { readonly node: KrpcNode; stage: Stage };

/**
 * One iterative search for the nodes nearest to a target (BEP 5), as a state machine without sockets or time: each answer
 * names nodes that are nearer still, until the nearest have all answered. Whoever answers can name anybody, so one
 * address counts once, and the number of queries is bounded.
 */
export class DhtLookup {
  readonly #target: Buffer;
  /** Nearest first. */
  #candidates: Candidate[] = [];
  /** As many as the bounded queries can bring. */
  readonly #addresses = new Set<string>();
  #asked = 0;
  #underWay = 0;

  constructor(target: Buffer, known: readonly KrpcNode[]) {
    this.#target = target;
    this.#add(known);
  }

  /** Whom to ask now; each is to be `answered` or `silent` in the end. */
  next(): KrpcNode[] {
    const now: KrpcNode[] = [];
    for (const candidate of this.#near()) {
      if (this.#underWay >= DHT_LIMITS.atOnce || this.#asked >= DHT_LIMITS.queries) break;
      if (candidate.stage !== 'known') continue;
      candidate.stage = 'asked';
      this.#asked++;
      this.#underWay++;
      now.push(candidate.node);
    }
    return now;
  }

  answered(node: KrpcNode, nodes: readonly KrpcNode[]): void {
    this.#settle(node, 'answered');
    this.#add(nodes);
  }

  silent(node: KrpcNode): void {
    this.#settle(node, 'silent');
  }

  /** Nobody is left to ask or to wait for. */
  get over(): boolean {
    if (this.#underWay > 0) return false;
    return this.#asked >= DHT_LIMITS.queries || !this.#near().some(({ stage }) => stage === 'known');
  }

  get asked(): number {
    return this.#asked;
  }

  /** The nearest that have not failed. */
  #near(): Candidate[] {
    return this.#candidates.filter(({ stage }) => stage !== 'silent').slice(0, DHT_LIMITS.nearest);
  }

  #settle(node: KrpcNode, stage: Stage): void {
    const key = endpointKey(node.endpoint);
    const candidate = this.#candidates.find((c) => c.stage === 'asked' && endpointKey(c.node.endpoint) === key);
    if (!candidate) return;
    candidate.stage = stage;
    this.#underWay--;
  }

  #add(nodes: readonly KrpcNode[]): void {
    for (const node of nodes) {
      if (this.#addresses.has(node.endpoint.ip)) continue;
      this.#addresses.add(node.endpoint.ip);
      this.#candidates.push({ node, stage: 'known' });
    }
    this.#candidates.sort((a, b) => nearer(this.#target, a.node.id, b.node.id));
    // The farthest are of no use any more; those that are being waited for stay, to be settled.
    this.#candidates = this.#candidates.filter((c, i) => i < DHT_LIMITS.candidates || c.stage === 'asked');
  }
}
