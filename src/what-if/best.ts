import { at, type Demand } from './demand.ts';

/** Later than any request. */
const NEVER = 0x7fff_ffff;

/**
 * How many requests the disk could have answered at most, for someone who knows all that will be asked for: what is asked for again last goes, and what
 * comes in does not stay when that is itself (Belady's MIN with bypass; exact, since all items are of one size).
 */
export function bestHits({ items, order, itemCount }: Demand, capacity: number): number {
  const nextUse = new Int32Array(order.length);
  const last = new Int32Array(itemCount).fill(NEVER);
  for (let i = order.length - 1; i >= 0; i--) {
    const item = at(items, at(order, i));
    nextUse[i] = at(last, item);
    last[item] = i;
  }
  const kept = new Farthest(itemCount);
  let hits = 0;
  for (let i = 0; i < order.length; i++) {
    const item = at(items, at(order, i));
    const next = at(nextUse, i);
    const isHit = kept.delete(item);
    if (isHit) hits++;
    if (next === NEVER || capacity === 0) continue;
    if (kept.size < capacity) kept.set(item, next);
    else if (next < kept.farthest) {
      kept.deleteFarthest();
      kept.set(item, next);
    }
  }
  return hits;
}

/** A heap of items by when each is asked for next, the latest on top, that knows where each item is. */
class Farthest {
  readonly #heap: Int32Array;
  readonly #place: Int32Array;
  readonly #next: Int32Array;
  size = 0;

  constructor(items: number) {
    this.#heap = new Int32Array(items);
    this.#place = new Int32Array(items).fill(-1);
    this.#next = new Int32Array(items);
  }

  get farthest(): number {
    return at(this.#next, at(this.#heap, 0));
  }

  /** An item that is not in it. */
  set(item: number, next: number): void {
    this.#next[item] = next;
    this.#put(this.size++, item);
    this.#rise(this.size - 1);
  }

  deleteFarthest(): void {
    this.delete(at(this.#heap, 0));
  }

  /** True: it was there. */
  delete(item: number): boolean {
    const place = at(this.#place, item);
    if (place < 0) return false;
    this.#place[item] = -1;
    const moved = at(this.#heap, --this.size);
    if (moved === item) return true;
    this.#put(place, moved);
    this.#rise(place);
    this.#sink(at(this.#place, moved));
    return true;
  }

  #put(place: number, item: number): void {
    this.#heap[place] = item;
    this.#place[item] = place;
  }

  #key(place: number): number {
    return at(this.#next, at(this.#heap, place));
  }

  #swap(a: number, b: number): void {
    const [x, y] = [at(this.#heap, a), at(this.#heap, b)];
    this.#put(a, y);
    this.#put(b, x);
  }

  #rise(from: number): void {
    for (let place = from; place > 0; ) {
      const parent = (place - 1) >> 1;
      if (this.#key(parent) >= this.#key(place)) return;
      this.#swap(parent, place);
      place = parent;
    }
  }

  #sink(from: number): void {
    for (let place = from; ; ) {
      const left = 2 * place + 1;
      const right = left + 1;
      if (left >= this.size) return;
      const child = right < this.size && this.#key(right) > this.#key(left) ? right : left;
      if (this.#key(child) <= this.#key(place)) return;
      this.#swap(child, place);
      place = child;
    }
  }
}
