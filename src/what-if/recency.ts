import { at } from './demand.ts';

const NONE = -1;

/** Which items are kept, the one that was used longest ago first out. */
export class Recency {
  readonly #before: Int32Array;
  readonly #after: Int32Array;
  readonly #isHere: Uint8Array;
  #oldest = NONE;
  #newest = NONE;
  size = 0;

  constructor(items: number) {
    this.#before = new Int32Array(items);
    this.#after = new Int32Array(items);
    this.#isHere = new Uint8Array(items);
  }

  has(item: number): boolean {
    return this.#isHere[item] === 1;
  }

  /** It is the newest from now on. */
  use(item: number): void {
    if (this.has(item)) this.#remove(item);
    this.#before[item] = this.#newest;
    this.#after[item] = NONE;
    if (this.#newest !== NONE) this.#after[this.#newest] = item;
    this.#newest = item;
    if (this.#oldest === NONE) this.#oldest = item;
    this.#isHere[item] = 1;
    this.size++;
  }

  dropOldest(): void {
    if (this.#oldest !== NONE) this.#remove(this.#oldest);
  }

  #remove(item: number): void {
    const [before, after] = [at(this.#before, item), at(this.#after, item)];
    if (before === NONE) this.#oldest = after;
    else this.#after[before] = after;
    if (after === NONE) this.#newest = before;
    else this.#before[after] = before;
    this.#isHere[item] = 0;
    this.size--;
  }
}
