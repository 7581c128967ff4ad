import { type Endpoint, endpointKey } from '#base/endpoint.ts';
import { AgingMap } from './aging-map.ts';
import { LIMITS } from './limits.ts';
import type { Verdict } from './verdicts.ts';

/** Bytes from the client and to it. */
export type Meter = { upBytes: number; downBytes: number };

/** What became of a client's flows to an endpoint; the verdict is that of the last. */
export type FlowRecord = Meter & {
  readonly client: string;
  readonly endpoint: Endpoint;
  readonly firstAtMs: number;
  lastAtMs: number;
  verdict: Verdict['verdict'];
  why: string;
};

/** The recent flows, so that each can be explained. In memory alone, and bounded: nothing personal is kept. */
export class FlowRecords {
  readonly #records = new AgingMap<FlowRecord>(LIMITS.flowRecords, LIMITS.flowRecordsForMs);

  /** The record may be used as the flow's meter. */
  note(client: string, endpoint: Endpoint, verdict: Verdict['verdict'], why: string, nowMs: number): FlowRecord {
    const key = `${client} ${endpointKey(endpoint)}`;
    const known = this.#records.get(key, nowMs);
    const record = known ?? {
      client,
      endpoint,
      firstAtMs: nowMs,
      lastAtMs: nowMs,
      verdict,
      why,
      upBytes: 0,
      downBytes: 0,
    };
    Object.assign(record, { lastAtMs: nowMs, verdict, why });
    this.#records.set(key, record, nowMs);
    return record;
  }

  /** Oldest first. */
  all(nowMs: number): Iterable<FlowRecord> {
    return this.#records.values(nowMs);
  }
}
