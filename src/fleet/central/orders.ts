import type { DistributionRow } from '#index/fleet-book.ts';
import type { Orders, Wanted, Waves, Window } from '../config-types.ts';
import type { Way } from '../message-types.ts';
import { PublishError } from './publishing.ts';
import { USUAL_WAVES } from './waves.ts';

/** As the book keeps them. `ways`: by group, what was chosen. */
export type KeptOrders = Readonly<Wanted> & {
  /** See Plan. */
  readonly quorum: number;
  readonly deadlineMs: number;
  readonly ways: Readonly<Record<string, Way>>;
  readonly window?: Window;
  readonly rateBytesPerS?: number;
  readonly waves?: Waves;
};

const WEEK_MS = 7 * 86_400_000;

/** `isFirmware`: it is installed in waves. Throws PublishError. */
export function keptOrders(
  { quorum = 0.9, deadlineMs, waves, ...more }: Orders,
  nowMs: number,
  isFirmware = false,
): KeptOrders {
  if (waves && !isFirmware) throw new PublishError('only firmware is installed in waves');
  if (waves && !isRising(waves.shares)) throw new PublishError('the shares of the waves must rise, and the last be 1');
  const kept = { ...more, quorum, deadlineMs: deadlineMs ?? nowMs + WEEK_MS, ways: {} };
  return isFirmware ? { ...kept, waves: waves ?? USUAL_WAVES } : kept;
}

const isRising = (shares: readonly number[]): boolean =>
  shares.at(-1) === 1 && shares.every((share, i) => share > (shares[i - 1] ?? -1));

export const ordersOf = ({ orders }: Pick<DistributionRow, 'orders'>): KeptOrders => JSON.parse(orders) as KeptOrders;

export function isWanted(
  { nodes, sites }: Readonly<Wanted>,
  node: { readonly name: string; readonly site: string },
): boolean {
  if (!nodes && !sites) return true;
  return (nodes?.includes(node.name) ?? false) || (sites?.includes(node.site) ?? false);
}
