import { isWithin } from '#base/hours.ts';
import { MIB } from '#base/units.ts';
import type { DistributionRow } from '#index/fleet-book.ts';
import type { SiteConfig, Window } from '../config-types.ts';
import { type KeptOrders, ordersOf } from './orders.ts';
import type { Plan, PlanNode, PlanState, PlanTarget } from './plan.ts';

export type Sites = Readonly<Record<string, SiteConfig>>;

/** What is no larger travels to a site at any hour, unless its own orders say when. */
export const SMALL_BYTES = MIB;

/** Local time. When clocks go back, an hour comes twice, and is in the window twice; an hour that they leave out is in none. */
export const isOpen = (window: Window | undefined, nowMs: number): boolean =>
  window === undefined || isWithin({ from: window.from, to: window.until }, new Date(nowMs));

/** When something of so many bytes may begin to travel to the site; undefined: at any time. Its own orders come first. */
export const windowFor = (
  orders: Pick<KeptOrders, 'window'>,
  sizeBytes: number,
  site: SiteConfig | undefined,
): Window | undefined => orders.window ?? (sizeBytes > SMALL_BYTES ? site?.window : undefined);

/** What one giver may give to the site; undefined: as much as it can. */
export const rateFor = (orders: Pick<KeptOrders, 'rateBytesPerS'>, site: SiteConfig | undefined): number | undefined =>
  orders.rateBytesPerS ?? site?.rateBytesPerS;

/** Of these sites, those where nothing of it may begin now. */
export function shutSites(
  orders: Pick<KeptOrders, 'window'>,
  sizeBytes: number,
  sites: Sites,
  names: Iterable<string>,
  nowMs: number,
): Set<string> {
  const shut = new Set<string>();
  for (const name of names) if (!isOpen(windowFor(orders, sizeBytes, siteOf(sites, name)), nowMs)) shut.add(name);
  return shut;
}

/** A site may be called as anything is. */
export const siteOf = (sites: Sites, name: string): SiteConfig | undefined =>
  Object.hasOwn(sites, name) ? sites[name] : undefined;

/** What a giver may give to all of these sites together: to each its rate; undefined as soon as one has none. */
export function rateForAll(orders: KeptOrders, sites: Sites, names: Iterable<string>): number | undefined {
  let sum = 0;
  for (const name of new Set(names)) {
    const rate = rateFor(orders, siteOf(sites, name));
    if (rate === undefined) return undefined;
    sum += rate;
  }
  return sum > 0 ? sum : undefined;
}

/** How a distribution stands, and where it is not its time. */
export function planOf(
  row: Pick<DistributionRow, 'state' | 'orders'>,
  nodes: ReadonlyMap<string, PlanNode>,
  sizeBytes: number,
  sites: Sites,
  nowMs: number,
): Plan {
  const orders = ordersOf(row);
  const { quorum, deadlineMs, ways } = orders;
  const names = new Set([...nodes.values()].map(({ site }) => site));
  return {
    state: row.state as PlanState,
    quorum,
    deadlineMs,
    ways,
    shut: shutSites(orders, sizeBytes, sites, names, nowMs),
  };
}

/** All who lack it are where it is not its time. */
export function isAllShut(
  { shut }: Plan,
  targets: readonly PlanTarget[],
  nodes: ReadonlyMap<string, PlanNode>,
): boolean {
  const lacking = targets.filter(({ state }) => state !== 'done');
  return lacking.length > 0 && lacking.every(({ node }) => shut?.has(nodes.get(node)?.site ?? '') ?? false);
}
