import { type Endpoint, endpointKey } from '#base/endpoint.ts';
import type { KrpcNode } from '#wire/krpc.ts';
import { DHT_LIMITS } from './dht-limits.ts';

type Known = { readonly id: Buffer; readonly endpoint: Endpoint; failures: number };

/** Leading bits that two ids share: 0 to 160. */
export function sharedBits(a: Buffer, b: Buffer): number {
  for (let i = 0; i < a.length; i++) {
    const differs = (a[i] as number) ^ (b[i] as number);
    if (differs !== 0) return i * 8 + Math.clz32(differs) - 24;
  }
  return a.length * 8;
}

/** Below zero when `a` is nearer to `target` than `b` (XOR metric, BEP 5). */
export function nearer(target: Buffer, a: Buffer, b: Buffer): number {
  for (let i = 0; i < target.length; i++) {
    const [x, y] = [(a[i] as number) ^ (target[i] as number), (b[i] as number) ^ (target[i] as number)];
    if (x !== y) return x - y;
  }
  return 0;
}

/**
 * The nodes of one address family that have answered (BEP 5). Many near our own id and few far from it, as Kademlia has
 * it; a bucket that is full keeps who is in it, because old nodes live longest. One node for each address.
 */
export class DhtTable {
  readonly #ownId: Buffer;
  readonly #buckets = new Map<number, Map<string, Known>>();
  #size = 0;

  constructor(ownId: Buffer) {
    this.#ownId = ownId;
  }

  get size(): number {
    return this.#size;
  }

  answered({ id, endpoint }: KrpcNode): void {
    const bits = sharedBits(this.#ownId, id);
    const bucket = this.#buckets.get(bits) ?? new Map<string, Known>();
    const key = endpoint.ip;
    const known = bucket.get(key);
    if (known) known.failures = 0;
    if (known || bucket.size >= DHT_LIMITS.bucketNodes || this.#size >= DHT_LIMITS.tableNodes) return;
    bucket.set(key, { id, endpoint, failures: 0 });
    this.#buckets.set(bits, bucket);
    this.#size++;
  }

  silent({ id, endpoint }: KrpcNode): void {
    const bucket = this.#buckets.get(sharedBits(this.#ownId, id));
    const known = bucket?.get(endpoint.ip);
    if (!known || endpointKey(known.endpoint) !== endpointKey(endpoint)) return;
    if (++known.failures < DHT_LIMITS.failures) return;
    bucket?.delete(endpoint.ip);
    this.#size--;
  }

  nearest(target: Buffer, count: number): KrpcNode[] {
    return this.all()
      .sort((a, b) => nearer(target, a.id, b.id))
      .slice(0, count);
  }

  all(): KrpcNode[] {
    const known = [...this.#buckets.values()].flatMap((bucket) => [...bucket.values()]);
    return known.map(({ id, endpoint }) => ({ id, endpoint }));
  }
}
