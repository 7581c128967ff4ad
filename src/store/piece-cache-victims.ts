import { STORE_LIMITS } from './limits.ts';

/** One thing in memory that may be forgotten. */
export interface Kept {
  readonly bytes: number;
  /** Connected clients that still lack it. */
  wanted(): number;
  /** What it costs to have it again, in milliseconds. */
  readMs(): number;
}

type Place<K> = { kept: K; at: number; usedAt: number; usedAtAdd: number };

/**
 * Who is forgotten next. What is worth keeping: the clients that still lack a piece, times what it costs to read it again, for each byte that it
 * takes. Of a few drawn at random the least worth goes, of equals the one used longest ago; what nobody lacks is worth nothing.
 * A piece in hand - used since one of the last few came - is passed over while a client lacks it: it is being read block by block, and one
 * that is forgotten half-way is read from the disk once for every run of requests.
 */
export class Victims<K extends Kept> {
  readonly #random: () => number;
  readonly #places = new Map<K, Place<K>>();
  readonly #order: Place<K>[] = [];
  #uses = 0;
  #adds = 0;

  /** `random`: at least 0, less than 1. */
  constructor(random: () => number = Math.random) {
    this.#random = random;
  }

  get size(): number {
    return this.#order.length;
  }

  add(kept: K): void {
    const place = { kept, at: this.#order.length, usedAt: ++this.#uses, usedAtAdd: ++this.#adds };
    this.#order.push(place);
    this.#places.set(kept, place);
  }

  used(kept: K): void {
    const place = this.#places.get(kept);
    if (!place) return;
    place.usedAt = ++this.#uses;
    place.usedAtAdd = this.#adds;
  }

  delete(kept: K): void {
    const place = this.#places.get(kept);
    if (!place) return;
    this.#places.delete(kept);
    const last = this.#order.pop() as Place<K>;
    if (last === place) return;
    this.#order[place.at] = last;
    last.at = place.at;
  }

  /** Undefined when there is none. */
  worst(): K | undefined {
    const draws = STORE_LIMITS.cacheDraws;
    const all = this.#order.length <= draws;
    let worst: Place<K> | undefined;
    let least = Number.POSITIVE_INFINITY;
    for (let i = 0; i < (all ? this.#order.length : draws); i++) {
      const place = this.#order[all ? i : Math.floor(this.#random() * this.#order.length)] as Place<K>;
      const worth = this.#worth(place);
      if (worst && (worth > least || (worth === least && place.usedAt >= worst.usedAt))) continue;
      worst = place;
      least = worth;
    }
    return worst?.kept;
  }

  #worth({ kept, usedAtAdd }: Place<K>): number {
    const wanted = kept.wanted();
    if (wanted === 0) return 0;
    if (this.#adds - usedAtAdd < STORE_LIMITS.cacheInHand) return Number.POSITIVE_INFINITY;
    return (wanted * kept.readMs()) / kept.bytes;
  }
}
