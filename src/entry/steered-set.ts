import { type Endpoint, endpointKey } from '#base/endpoint.ts';
import { LIMITS } from './limits.ts';

/**
 * The worker's copy of the kernel's steering set, and the endpoints that it leaves alone.
 * Invariant: an endpoint is steered or passed, never both; both maps keep their oldest entries first and are bounded.
 */
export class SteeredSet {
  readonly #steered = new Map<string, number>();
  readonly #passed = new Map<string, number>();
  readonly #never: ReadonlySet<string>;

  constructor(never: readonly string[]) {
    this.#never = new Set(never);
  }

  get size(): number {
    return this.#steered.size;
  }

  /** Those of `endpoints` that the kernel must be told about now: new ones, and ones whose time is more than half over. */
  admit(endpoints: readonly Endpoint[], nowMs: number): Endpoint[] {
    this.#expire(nowMs);
    const fresh = new Map<string, Endpoint>();
    for (const endpoint of endpoints) {
      const key = endpointKey(endpoint);
      if (this.#never.has(endpoint.ip) || (this.#passed.get(key) ?? 0) > nowMs) continue;
      const until = this.#steered.get(key);
      if (until !== undefined && until - nowMs > LIMITS.steerForMs / 2) continue;
      if (until === undefined && this.#steered.size >= LIMITS.steeredEndpoints) continue;
      this.#steered.delete(key);
      this.#steered.set(key, nowMs + LIMITS.steerForMs);
      fresh.set(key, endpoint);
    }
    return [...fresh.values()];
  }

  /** True when the endpoint was steered and must be taken out of the kernel's set. */
  pass(endpoint: Endpoint, nowMs: number): boolean {
    const key = endpointKey(endpoint);
    this.#passed.delete(key);
    this.#passed.set(key, nowMs + LIMITS.passForMs);
    if (this.#passed.size > LIMITS.passedEndpoints) {
      for (const oldest of this.#passed.keys()) {
        this.#passed.delete(oldest);
        break;
      }
    }
    return this.#steered.delete(key);
  }

  #expire(nowMs: number): void {
    for (const map of [this.#steered, this.#passed])
      for (const [key, until] of map) {
        if (until > nowMs) break;
        map.delete(key);
      }
  }
}
