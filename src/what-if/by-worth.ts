import { cooled, type Warmth, warmed } from '#index/heats.ts';
import { weakest, worthOf } from '#manager/keeping.ts';
import { at, type Demand, type Stay } from './demand.ts';
import type { Keeper } from './keeper.ts';

const MINUTE_MS = 60_000;
/** What goes at a time: a segment of the store is 64 MiB. */
const ITEMS_AT_A_TIME = 4;

/**
 * The rule of this box, as `manager/keeping.ts` says and the store carries it out: of a few torrents drawn at random the one of least worth gives up its last
 * items, but nothing that a client still asks for, and nothing that is worth as much as a newcomer; when nothing may go, nothing more is kept.
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
  /** The minute in which there was last nothing that could go. */
  #inVainMin = -1;

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

  fetched(item: number, nowMin: number): void {
    if (this.has(item) || (this.#used >= this.#capacity && !this.#makeRoom(nowMin))) return;
    const index = this.#torrentOf(item);
    const torrent = this.#torrents[index] as Torrent;
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

  #makeRoom(nowMin: number): boolean {
    if (nowMin === this.#inVainMin) return false;
    const tried = new Set<number>();
    for (;;) {
      const victim = weakest(
        this.#held.all,
        (index) => (tried.has(index) ? undefined : this.#worth(index, nowMin)),
        this.#random,
      );
      if (!victim) {
        this.#inVainMin = nowMin;
        return false;
      }
      if (this.#giveUp(victim.who)) return true;
      tried.add(victim.who);
    }
  }

  #worth(index: number, nowMin: number): number {
    return (this.#torrents[index] as Torrent).worth(nowMin * MINUTE_MS);
  }

  /** True: something went. */
  #giveUp(index: number): boolean {
    const torrent = this.#torrents[index] as Torrent;
    const first = at(this.#demand.firstItem, index);
    let gone = 0;
    while (torrent.last >= first && !this.has(torrent.last)) torrent.last--;
    for (let item = torrent.last; item >= first && gone < ITEMS_AT_A_TIME; item--) {
      if (!this.has(item) || at(this.#lack, item) > 0) continue;
      this.#isHere[item] = 0;
      gone++;
    }
    this.#used -= gone;
    torrent.held -= gone;
    if (torrent.held > 0) return gone > 0;
    this.#held.delete(index);
    if (torrent.clients === 0) torrent.forget();
    return true;
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
