import type { FleetWorld } from '#admin/routes/fleet-routes.ts';
import { realClock } from '#base/clock.ts';
import type { BrokerState } from '#fleet/broker.ts';
import type { Figures } from '#fleet/console/figures.ts';
import type { Uploads } from '#fleet/console/uploads.ts';
import type { DistributionId } from '#fleet/manifest.ts';

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
      diaryRev: 0,
      ...figures.summary(),
    }),
    nodes: (since) => figures.nodes(since),
    node: (name) => figures.node(name),
    distributions: (query) => figures.distributions(query),
    distribution: (id) => figures.distribution(id),
    targets: (id, since) => figures.targets(id as DistributionId, since),
    retry: (id, node) => parts.retry(id, node),
    cancel: (id) => parts.cancel(id),
    diary: () => ({ rows: [], hasMore: false }),
    uploads,
  };
}

function saidBroker(state: BrokerState): { readonly state: 'up' | 'blocked' | 'down'; readonly why?: string } {
  if (state.kind === 'closed') return { state: 'down' };
  return state.kind === 'up' ? { state: 'up' } : { state: state.kind, why: state.why };
}
