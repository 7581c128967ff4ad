import { type InfoHash, parseInfoHash } from '#base/units.ts';
import { LIMITS } from './limits.ts';

/** A torrent that the operator wants on the box. */
export type Order = {
  readonly infoHash: InfoHash;
  readonly name: string;
  readonly trackers: readonly string[];
  /** Absent until its metainfo is known. */
  readonly bytes?: number;
  readonly orderedAtMs: number;
  /** It does not wait for the hours of the day. */
  readonly now?: true;
  /** Since when it is whole, or given up. */
  readonly endedAtMs?: number;
  /** Why it was given up: a code that the page knows. */
  readonly refused?: string;
};

/** What the operator wants, in the order in which it was dropped. `text` is what outlives the process. */
export class OrderList {
  #orders: readonly Order[];

  /** `text` of an earlier run; what cannot be read of it is left out. */
  constructor(text: string | undefined) {
    this.#orders = parse(text);
  }

  get text(): string {
    return JSON.stringify(this.#orders);
  }

  /** Another array whenever anything has changed. */
  get all(): readonly Order[] {
    return this.#orders;
  }

  get waiting(): readonly Order[] {
    return this.#orders.filter(({ endedAtMs }) => endedAtMs === undefined);
  }

  of(infoHash: InfoHash): Order | undefined {
    return this.#orders.find((order) => order.infoHash === infoHash);
  }

  /** One that has ended begins anew, as the last; one that waits keeps its place. */
  add(order: Order): 'added' | 'known' | 'full' {
    const before = this.of(order.infoHash);
    if (before && before.endedAtMs === undefined) return 'known';
    if (this.waiting.length >= LIMITS.waiting) return 'full';
    this.#orders = [...this.#orders.filter((o) => o !== before), order];
    return 'added';
  }

  /** Before all others that wait. False: it does not wait. */
  toFront(infoHash: InfoHash): boolean {
    const order = this.of(infoHash);
    if (!order || order.endedAtMs !== undefined) return false;
    this.#orders = [order, ...this.#orders.filter((o) => o !== order)];
    return true;
  }

  /** False: there is none. */
  remove(infoHash: InfoHash): boolean {
    const left = this.#orders.filter((order) => order.infoHash !== infoHash);
    if (left.length === this.#orders.length) return false;
    this.#orders = left;
    return true;
  }

  /** As it was before: it could not be kept otherwise. */
  reset(orders: readonly Order[]): void {
    this.#orders = orders;
  }

  /** More is known of it, or it has ended. */
  change(infoHash: InfoHash, more: Partial<Order>): void {
    this.#orders = this.#orders.map((order) => (order.infoHash === infoHash ? { ...order, ...more } : order));
  }

  /** What ended long ago is told of no more; what waited too long is given up. */
  age(nowMs: number): void {
    for (const { infoHash, orderedAtMs } of this.waiting)
      if (nowMs - orderedAtMs >= LIMITS.giveUpMs) this.change(infoHash, { endedAtMs: nowMs, refused: 'given-up' });
    const recent = this.#orders.filter(({ endedAtMs }) => endedAtMs !== undefined && nowMs - endedAtMs < LIMITS.keepMs);
    const kept = new Set(recent.toSorted((a, b) => (b.endedAtMs ?? 0) - (a.endedAtMs ?? 0)).slice(0, LIMITS.ended));
    const left = this.#orders.filter((order) => order.endedAtMs === undefined || kept.has(order));
    if (left.length < this.#orders.length) this.#orders = left;
  }
}

/**
 * What a torrent is worth for being ordered: see manager/keeping.ts, where 1 is a newcomer with its first client. One that waits never goes, or it might be
 * fetched for ever. One that is whole goes after everything that is asked for less than once in three hours, for a week: the clients that it was fetched for
 * have yet to come, and the first of them proves nothing.
 */
export function worthOf(order: Order | undefined, nowMs: number): number | undefined {
  if (!order || order.refused !== undefined) return undefined;
  if (order.endedAtMs === undefined) return Number.POSITIVE_INFINITY;
  return nowMs - order.endedAtMs < LIMITS.keepMs ? 0.9 : undefined;
}

function parse(text: string | undefined): Order[] {
  try {
    const kept: unknown = JSON.parse(text ?? '[]');
    return Array.isArray(kept) ? kept.filter(isOrder) : [];
  } catch {
    return [];
  }
}

function isOrder(v: unknown): v is Order {
  const o = v as Partial<Record<keyof Order, unknown>> | null;
  const isAbsentOr = (type: 'number' | 'string', field: unknown) => field === undefined || typeof field === type;
  return (
    typeof o?.infoHash === 'string' &&
    parseInfoHash(o.infoHash) === o.infoHash &&
    typeof o.name === 'string' &&
    Array.isArray(o.trackers) &&
    o.trackers.every((t) => typeof t === 'string') &&
    typeof o.orderedAtMs === 'number' &&
    (o.now === undefined || o.now === true) &&
    isAbsentOr('number', o.bytes) &&
    isAbsentOr('number', o.endedAtMs) &&
    isAbsentOr('string', o.refused)
  );
}
