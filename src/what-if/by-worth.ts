import { cooled, type Warmth, warmed } from '#index/heats.ts';
import { type Weak, weakest, worthOf } from '#manager/keeping.ts';
import { LIMITS } from '#manager/limits.ts';
import { leastLost, meanStake } from '#task/giving-up.ts';
import { at, type Demand, type Stay } from './demand.ts';
import type { Keeper } from './keeper.ts';

const MINUTE_MS = 60_000;
/** What goes at a time: a segment of the store is 32 MiB. */
const ITEMS_PER_SEGMENT = 2;

/**
 * The rule of this box, as `manager/keeping.ts` says and the store carries it out: of a few torrents drawn at random the one that is worth least, to clients
 * here and to come, gives up the segment with which the least is lost. That some clients cannot be told of it is not known here.
 */
export class ByWorth implements Keeper {
  readonly #demand: Demand;
  readonly #capacity: number;
  readonly #random: () => number;
  readonly #isHere: Uint8Array;
  /** Clients here that will still ask for the item. */
  readonly #lack: Int32Array;
  readonly #torrents: Torrent[];
  /** Of which something is here. */
  readonly #held = new Bag();
  #used = 0;

  /** `random`: at least 0, less than 1. */
  constructor(demand: Demand, capacity: number, random: () => number) {
    this.#demand = demand;
    this.#capacity = capacity;
    this.#random = random;
    this.#isHere = new Uint8Array(demand.itemCount);
    this.#lack = new Int32Array(demand.itemCount);
    this.#torrents = Array.from({ length: demand.torrents }, (_, i) => new Torrent(at(demand.firstItem, i)));
  }

  has(item: number): boolean {
    return this.#isHere[item] === 1;
  }

  used(): void {}

  mayFetchAhead(nowMin: number): boolean {
    if (this.#used < this.#capacity) return true;
    return (this.#weakest(nowMin)?.worth ?? LIMITS.aheadWorth) < LIMITS.aheadWorth;
  }

  fetched(item: number, nowMin: number): void {
    if (this.has(item)) return;
    const index = this.#torrentOf(item);
    const torrent = this.#torrents[index] as Torrent;
    const worth = at(this.#lack, item) + torrent.worth(nowMin * MINUTE_MS);
    if (this.#used >= this.#capacity && !this.#makeRoom(worth, nowMin)) return;
    this.#isHere[item] = 1;
    this.#used++;
    torrent.last = Math.max(torrent.last, item);
    if (torrent.held++ === 0) this.#held.add(index);
  }

  joined(stay: number, nowMin: number): void {
    const { torrent: index, isVisit, first, end } = this.#demand.stays[stay] as Stay;
    const torrent = this.#torrents[index] as Torrent;
    torrent.clients++;
    if (isVisit) torrent.visited(nowMin * MINUTE_MS);
    for (let place = first; place < end; place++) this.#wants(at(this.#demand.items, place), 1);
  }

  asked(item: number): void {
    this.#wants(item, -1);
  }

  left(stay: number): void {
    const torrent = this.#torrents[(this.#demand.stays[stay] as Stay).torrent] as Torrent;
    torrent.clients--;
  }

  #wants(item: number, one: 1 | -1): void {
    this.#lack[item] = at(this.#lack, item) + one;
  }

  /** False: what has come would be the first to go. */
  #makeRoom(worth: number, nowMin: number): boolean {
    const victim = this.#weakest(nowMin);
    if (!victim || victim.worth > worth) return false;
    this.#giveUp(victim.who);
    return true;
  }

  #weakest(nowMin: number): Weak<number> | undefined {
    return weakest(this.#held.all, (index) => this.#worth(index, nowMin), this.#random);
  }

  #worth(index: number, nowMin: number): number | undefined {
    const stake = this.#leastLost(index)?.stake;
    return stake === undefined ? undefined : stake + (this.#torrents[index] as Torrent).worth(nowMin * MINUTE_MS);
  }

  /** Of the torrent's segments, by their first items. */
  #leastLost(index: number): ReturnType<typeof leastLost<number>> {
    const torrent = this.#torrents[index] as Torrent;
    const first = at(this.#demand.firstItem, index);
    while (torrent.last >= first && !this.has(torrent.last)) torrent.last--;
    if (torrent.last < first) return undefined;
    const count = Math.floor((torrent.last - first) / ITEMS_PER_SEGMENT) + 1;
    const segments = Array.from({ length: count }, (_, i) => first + i * ITEMS_PER_SEGMENT);
    // The same, sooner: nobody lacks anything.
    if (torrent.clients === 0) return { stake: 0, segments: segments.slice(-1) };
    const has = (item: number) => this.has(item);
    return leastLost(segments, (segment) =>
      meanStake(this.#itemsOf(segment, torrent), has, (item) => at(this.#lack, item)),
    );
  }

  /** None behind the torrent's last one that is here. */
  #itemsOf(segment: number, { last }: Torrent): number[] {
    return Array.from({ length: Math.min(ITEMS_PER_SEGMENT, last + 1 - segment) }, (_, i) => segment + i);
  }

  #giveUp(index: number): void {
    const torrent = this.#torrents[index] as Torrent;
    const segment = this.#leastLost(index)?.segments[0];
    for (const item of segment === undefined ? [] : this.#itemsOf(segment, torrent)) {
      if (!this.has(item)) continue;
      this.#isHere[item] = 0;
      this.#used--;
      torrent.held--;
    }
    if (torrent.held > 0) return;
    this.#held.delete(index);
    if (torrent.clients === 0) torrent.forget();
  }

  #torrentOf(item: number): number {
    const { firstItem, torrents } = this.#demand;
    let [low, high] = [0, torrents - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (at(firstItem, middle) <= item) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

/** What the index knows of a torrent, and what is here of it. */
class Torrent {
  held = 0;
  clients = 0;
  /** No item behind it is here. */
  last: number;
  #addedAtMs: number | undefined;
  #warmth: Warmth = { heat: -1, heat_at_ms: 0 };

  constructor(firstItem: number) {
    this.last = firstItem - 1;
  }

  visited(nowMs: number): void {
    this.#addedAtMs ??= nowMs;
    this.#warmth = { heat: warmed(this.#warmth, nowMs), heat_at_ms: nowMs };
  }

  worth(nowMs: number): number {
    return worthOf({ laterClients: cooled(this.#warmth, nowMs), addedAtMs: this.#addedAtMs ?? nowMs }, nowMs);
  }

  /** With its last segment its row goes, too. */
  forget(): void {
    this.#addedAtMs = undefined;
    this.#warmth = { heat: -1, heat_at_ms: 0 };
  }
}

/** Numbers, of which one can be drawn. */
class Bag {
  readonly all: number[] = [];
  readonly #places = new Map<number, number>();

  add(n: number): void {
    this.#places.set(n, this.all.length);
    this.all.push(n);
  }

  delete(n: number): void {
    const place = this.#places.get(n);
    const last = this.all.pop();
    if (place === undefined || last === undefined) return;
    this.#places.delete(n);
    if (last === n) return;
    this.all[place] = last;
    this.#places.set(last, place);
  }
}
