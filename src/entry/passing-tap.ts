import { endpointKey } from '#base/endpoint.ts';
import type { IpPacket } from '#wire/ip-packet.ts';
import { LIMITS } from './limits.ts';
import { destination, type Passed, type Seen } from './seen.ts';

/** Flows that are recognised and pass. Each is told of once: such peers come back all day. */
export class PassingTap {
  /** Oldest first. */
  readonly #told = new Set<string>();

  passed(p: IpPacket, why: Passed['why']): Seen[] {
    const endpoint = destination(p);
    const key = `${p.src} ${endpointKey(endpoint)}`;
    if (this.#told.has(key)) return [];
    this.#told.add(key);
    const oldest = this.#told.values().next().value;
    if (oldest !== undefined && this.#told.size > LIMITS.toldFlows) this.#told.delete(oldest);
    return [{ kind: 'passed', value: { client: p.src, endpoint, why } }];
  }
}
