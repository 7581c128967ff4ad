import type { DistributionRow } from '#index/fleet-book.ts';
import type { Way } from '../message-types.ts';

/** Who shall have it: those named, and those of the sites named; without either, everybody, and whoever comes later. */
export type Wanted = { readonly nodes?: readonly string[]; readonly sites?: readonly string[] };
export type Orders = Wanted & {
  /** See Plan; default 0.9. */
  readonly quorum?: number;
  /** Unix time, ms; default: a week from now. */
  readonly deadlineMs?: number;
};

/** As the book keeps them. `ways`: by group, what was chosen. */
export type KeptOrders = Wanted & {
  readonly quorum: number;
  readonly deadlineMs: number;
  readonly ways: Readonly<Record<string, Way>>;
};

const WEEK_MS = 7 * 86_400_000;

export function keptOrders({ quorum = 0.9, deadlineMs, ...wanted }: Orders, nowMs: number): KeptOrders {
  return { ...wanted, quorum, deadlineMs: deadlineMs ?? nowMs + WEEK_MS, ways: {} };
}

export const ordersOf = ({ orders }: Pick<DistributionRow, 'orders'>): KeptOrders => JSON.parse(orders) as KeptOrders;

export function isWanted({ nodes, sites }: Wanted, node: { readonly name: string; readonly site: string }): boolean {
  if (!nodes && !sites) return true;
  return (nodes?.includes(node.name) ?? false) || (sites?.includes(node.site) ?? false);
}
