import type { FleetNote } from '#admin/contract-fleet.ts';
import type { FleetWorld } from '#admin/routes/fleet-routes.ts';
import { realClock } from '#base/clock.ts';
import type { BrokerState } from '#fleet/broker.ts';
import type { Figures } from '#fleet/console/figures.ts';
import type { Uploads } from '#fleet/console/uploads.ts';
import type { DistributionId } from '#fleet/manifest.ts';
import type { FleetBook, NoteRow } from '#index/fleet-book.ts';

export type FleetParts = {
  readonly version: string;
  readonly startedAtMs: number;
  readonly figures: Figures;
  readonly uploads: Uploads;
  broker(): BrokerState;
  /** Of the disk that uploads go to. */
  freeBytes(): number;
  retry(id: string, node?: string): void;
  cancel(id: string): void;
  resume(id: string): void;
  notes(of: Parameters<FleetBook['notes']>[0]): readonly NoteRow[];
};

/** What the page of a central asks, answered by its parts. */
export function fleetWorld(parts: FleetParts): FleetWorld {
  const { figures, uploads, version, startedAtMs } = parts;
  return {
    health: () => ({ ok: parts.broker().kind === 'up', version }),
    snapshot: () => ({
      version,
      startedAtMs,
      nowMs: realClock.nowMs(),
      broker: saidBroker(parts.broker()),
      freeBytes: parts.freeBytes(),
      diaryRev: parts.notes({ limit: 1 })[0]?.seq ?? 0,
      ...figures.summary(),
    }),
    nodes: (since) => figures.nodes(since),
    node: (name) => figures.node(name),
    distributions: (query) => figures.distributions(query),
    distribution: (id) => figures.distribution(id),
    targets: (id, since) => figures.targets(id as DistributionId, since),
    retry: (id, node) => parts.retry(id, node),
    cancel: (id) => parts.cancel(id),
    resume: (id) => parts.resume(id),
    diary: ({ limit = 50, ...of }) => {
      const rows = parts.notes({ ...of, limit: limit + 1 });
      return { rows: rows.slice(0, limit).map((row) => noteOf(row, figures)), hasMore: rows.length > limit };
    },
    uploads,
  };
}

function noteOf({ seq, atMs, code, distribution, node, why, detail }: NoteRow, figures: Figures): FleetNote {
  const name = distribution === null ? undefined : figures.nameOf(distribution);
  return {
    seq,
    atMs,
    code,
    ...(distribution !== null && { distribution }),
    ...(name !== undefined && { name }),
    ...(node !== null && { node }),
    ...(why !== null && { why }),
    ...(detail !== null && { detail }),
  };
}

function saidBroker(state: BrokerState): { readonly state: 'up' | 'blocked' | 'down'; readonly why?: string } {
  if (state.kind === 'closed') return { state: 'down' };
  return state.kind === 'up' ? { state: 'up' } : { state: state.kind, why: state.why };
}
