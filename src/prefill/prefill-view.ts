import type { InfoHash } from '#base/units.ts';
import { LIMITS } from './limits.ts';
import type { Order } from './order-list.ts';

/** Why nothing of the list is fetched just now. */
export type Held = 'window-shut' | 'day-used-up' | 'overload';

/** One torrent of the list as the operator sees it. */
export type OrderView = {
  readonly infoHash: InfoHash;
  readonly name: string;
  /** A code that the page says in the operator's language. */
  readonly why: string;
  readonly orderedAtMs: number;
  readonly endedAtMs?: number;
  /** Absent while unknown; `haveBytes` is told of what is being fetched. */
  readonly totalBytes?: number;
  readonly haveBytes?: number;
  /** It does not wait for the hours. */
  readonly now?: true;
};

export type PrefillView = {
  /** Why nothing is fetched just now; absent: its hours have come. */
  readonly held?: Held;
  /** That wait or are being fetched. */
  readonly waiting: number;
  /** What is fetched first, what waits next, what ended last; cut to some. */
  readonly orders: readonly OrderView[];
};

type Progress = { readonly name: string; readonly totalBytes: number; readonly haveBytes: number };

/** `running`: what is being fetched; `resting`: why an order makes way for others. */
export type Turn = {
  running(infoHash: InfoHash): Progress | undefined;
  resting(infoHash: InfoHash): string | undefined;
};

/** `most`: orders that are shown. */
export function viewOf(
  all: readonly Order[],
  held: Held | undefined,
  { running, resting }: Turn,
  most: number = LIMITS.shown,
): PrefillView {
  const waiting = all.filter(({ endedAtMs }) => endedAtMs === undefined);
  const ended = all.filter(({ endedAtMs }) => endedAtMs !== undefined);
  ended.sort((a, b) => (b.endedAtMs ?? 0) - (a.endedAtMs ?? 0));
  const isRunning = ({ infoHash }: Order): boolean => running(infoHash) !== undefined;
  const first = waiting.filter(isRunning);
  const shown = [...first, ...waiting.filter((o) => !isRunning(o)), ...ended].slice(0, most);
  const whyOf = ({ infoHash, endedAtMs, refused, now }: Order): string => {
    if (endedAtMs !== undefined) return refused ?? 'whole';
    const shut = held === 'window-shut' && now ? undefined : held;
    return running(infoHash) ? 'prefill' : (shut ?? resting(infoHash) ?? 'prefill-waits');
  };
  const orders = shown.map((order): OrderView => {
    const { infoHash, name, bytes, orderedAtMs, endedAtMs } = order;
    const now = running(infoHash);
    return {
      infoHash,
      name: name || now?.name || '',
      why: whyOf(order),
      orderedAtMs,
      ...(endedAtMs !== undefined && { endedAtMs }),
      ...(bytes !== undefined && { totalBytes: bytes }),
      ...(now && { haveBytes: now.haveBytes }),
      ...(order.now && { now: order.now }),
    };
  });
  return { ...(held && { held }), waiting: waiting.length, orders };
}
