import { type Endpoint, endpointKey } from '#base/endpoint.ts';
import type { InfoHash } from '#base/units.ts';
import type { FlowRecord, FlowRecords } from './flow-records.ts';
import { ANYONE, type LearnedFlow, type LearnedFlows } from './learned-flows.ts';
import { LIMITS } from './limits.ts';
import type { LearnedFrom } from './seen.ts';
import type { Membership } from './steering-messages.ts';
import type { Verdict } from './verdicts.ts';

/** Which flows are meant: a client's, an endpoint's, or those between the two. Neither: the newest of all. */
export type Question = { readonly client?: string; readonly endpoint?: Endpoint };

export type Explained = {
  /** Absent: what is said holds for every client. */
  readonly client?: string;
  readonly endpoint: string;
  /** Absent when nothing was ever seen. */
  readonly firstAtMs?: number;
  readonly lastAtMs?: number;
  /** Why its flows are steered. */
  readonly learned?: { readonly from: LearnedFrom; readonly infoHash: InfoHash; readonly atMs: number };
  readonly verdict: Verdict['verdict'] | 'not-seen';
  /** A code that the page knows. */
  readonly why: string;
  /** From the client and to it, of the flows that the box carried. */
  readonly upBytes: number;
  readonly downBytes: number;
  /** What the kernel does with the next flow. */
  readonly kernel: Membership;
};

type Known = {
  readonly client: string;
  readonly endpoint: Endpoint;
  readonly record: FlowRecord | undefined;
  readonly learned: LearnedFlow | undefined;
};

/** Why did, or why will, these flows go where they go? Newest first, at most `LIMITS.explained`. */
export async function explain(
  { client, endpoint }: Question,
  from: {
    readonly records: FlowRecords;
    readonly learned: LearnedFlows;
    readonly membership: (pairs: readonly { client: string; endpoint: Endpoint }[]) => Promise<readonly Membership[]>;
    /** Why this pair is never looked at, whatever is known of it. */
    readonly exempt: (client: string | undefined, endpoint: Endpoint | undefined) => string | undefined;
  },
  nowMs: number,
): Promise<Explained[]> {
  const exempt = from.exempt(client, endpoint);
  const wanted = endpoint && endpointKey(endpoint);
  const fits = (flow: { client: string; endpoint: Endpoint }): boolean =>
    (client === undefined || flow.client === client) && (!wanted || endpointKey(flow.endpoint) === wanted);
  const found = new Map<string, Known>();
  const keyOf = (flow: { client: string; endpoint: Endpoint }): string =>
    `${flow.client} ${endpointKey(flow.endpoint)}`;
  for (const learned of from.learned.all(nowMs)) {
    if (!fits(learned) && !(learned.client === ANYONE && wanted === endpointKey(learned.endpoint))) continue;
    found.set(keyOf(learned), { client: learned.client, endpoint: learned.endpoint, record: undefined, learned });
  }
  for (const record of from.records.all(nowMs)) {
    if (!fits(record)) continue;
    const learned = from.learned.find(record.client, record.endpoint, nowMs);
    found.set(keyOf(record), { client: record.client, endpoint: record.endpoint, record, learned });
  }
  if (found.size === 0 && endpoint)
    found.set('', { client: client ?? ANYONE, endpoint, record: undefined, learned: undefined });
  const newest = [...found.values()].sort((a, b) => lastAt(b) - lastAt(a)).slice(0, LIMITS.explained);
  const kernel = await from.membership(newest);
  return newest.map((known, i) => explained(known, kernel[i] ?? { steered: false, passed: false }, exempt));
}

const lastAt = ({ record, learned }: Known): number => Math.max(record?.lastAtMs ?? 0, learned?.atMs ?? 0);

function explained(known: Known, kernel: Membership, exempt: string | undefined): Explained {
  const { client, endpoint, record, learned } = known;
  const times = [record?.firstAtMs, record?.lastAtMs, learned?.atMs].filter((ms) => ms !== undefined);
  const verdict = record?.verdict ?? (exempt ? 'passed' : 'not-seen');
  return {
    ...(client !== ANYONE && { client }),
    endpoint: endpointKey(endpoint),
    ...(times.length > 0 && { firstAtMs: Math.min(...times), lastAtMs: Math.max(...times) }),
    ...(learned && { learned: { from: learned.from, infoHash: learned.infoHash, atMs: learned.atMs } }),
    verdict,
    why: record?.why ?? exempt ?? (learned ? 'no-flow-yet' : 'not-learned'),
    upBytes: record?.upBytes ?? 0,
    downBytes: record?.downBytes ?? 0,
    kernel,
  };
}
