import { BlockList, isIPv4 } from 'node:net';
import { type Endpoint, endpointKey } from '#base/endpoint.ts';
import { AgingMap } from './aging-map.ts';
import { LIMITS } from './limits.ts';

/**
 * Addresses and networks (CIDR) to look an address up in. One list for each family: in a common one, IPv4 addresses would
 * fall under `::/8` as the mapped ones that they are not.
 */
export function networkList(networks: readonly string[]): { has(ip: string): boolean } {
  const lists = { ipv4: new BlockList(), ipv6: new BlockList() };
  const familyOf = (ip: string) => (isIPv4(ip) ? 'ipv4' : 'ipv6');
  for (const network of networks) {
    const [ip = '', bits] = network.split('/');
    const family = familyOf(ip);
    if (bits === undefined) lists[family].addAddress(ip, family);
    else lists[family].addSubnet(ip, Number(bits), family);
  }
  return { has: (ip) => lists[familyOf(ip)].check(ip, familyOf(ip)) };
}

/**
 * The worker's copy of the kernel's sets: endpoints that are steered, and pairs of a client and an endpoint that pass.
 * Invariant: both are bounded; a full set admits nothing new, so that the kernel's never overflows.
 */
export class SteeredSet {
  /** Until when; the oldest first. */
  readonly #steered = new Map<string, number>();
  readonly #passed = new AgingMap<true>(LIMITS.passedPairs, LIMITS.passForMs);
  readonly #briefly = new AgingMap<true>(LIMITS.passedPairs, LIMITS.passBrieflyMs);
  readonly #never: { has(ip: string): boolean };

  constructor(never: readonly string[]) {
    this.#never = networkList(never);
  }

  get size(): number {
    return this.#steered.size;
  }

  /** Those of `endpoints` that the kernel must be told about now: new ones, and ones whose time is more than half over. */
  admit(endpoints: readonly Endpoint[], nowMs: number): { added: Endpoint[]; renewed: Endpoint[] } {
    for (const [key, until] of this.#steered) {
      if (until > nowMs) break;
      this.#steered.delete(key);
    }
    const added = new Map<string, Endpoint>();
    const renewed = new Map<string, Endpoint>();
    for (const endpoint of endpoints) {
      const key = endpointKey(endpoint);
      const until = this.#steered.get(key);
      if (until !== undefined && until - nowMs > LIMITS.steerForMs / 2) continue;
      if (until === undefined && (this.#steered.size >= LIMITS.steeredEndpoints || this.#never.has(endpoint.ip)))
        continue;
      this.#steered.delete(key);
      this.#steered.set(key, nowMs + LIMITS.steerForMs);
      (until === undefined ? added : renewed).set(key, endpoint);
    }
    return { added: [...added.values()], renewed: [...renewed.values()] };
  }

  /** True when the kernel must be told: the pair does not pass for so long yet, and there is room. */
  pass(client: string, endpoint: Endpoint, briefly: boolean, nowMs: number): boolean {
    const key = `${client} ${endpointKey(endpoint)}`;
    const isPassed = this.#passed.get(key, nowMs) !== undefined;
    if (briefly && isPassed) return false;
    const pairs = briefly ? this.#briefly : this.#passed;
    const isNew = pairs.get(key, nowMs) === undefined;
    if (isNew && pairs.sizeAt(nowMs) >= LIMITS.passedPairs) return false;
    // A brief one is over when it is over: whoever comes back in the middle of it did not come through here.
    if (isNew || !briefly) pairs.set(key, true, nowMs);
    return isNew;
  }
}
