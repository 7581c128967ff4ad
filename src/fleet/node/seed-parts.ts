import { NODE_LIMITS } from './limits.ts';

/** A seed that comes in parts, in any order and some of them twice. */
export class SeedParts {
  readonly #bytes: Buffer;
  /** Where a part begins, and where it ends. */
  readonly #parts = new Map<number, number>();
  /** Of all parts: those that overlap are counted twice. */
  #partBytes = 0;

  /** `seedBytes`: as the signed manifest says. */
  constructor(seedBytes: number) {
    this.#bytes = Buffer.alloc(seedBytes);
  }

  /** The seed, once all of it is here: not yet verified. What does not fit is left out. */
  put(at: number, part: Uint8Array): Buffer | undefined {
    const isKnown = (this.#parts.get(at) ?? -1) >= at + part.length;
    const fits = at + part.length <= this.#bytes.length && this.#parts.size < NODE_LIMITS.seedParts;
    if (part.length > 0 && fits && !isKnown) {
      this.#bytes.set(part, at);
      this.#parts.set(at, at + part.length);
      this.#partBytes += part.length;
    }
    return this.#isWhole() ? this.#bytes : undefined;
  }

  #isWhole(): boolean {
    if (this.#partBytes < this.#bytes.length) return false;
    let to = 0;
    for (const [begin, end] of [...this.#parts].sort(([a], [b]) => a - b)) {
      if (begin > to) return false;
      to = Math.max(to, end);
    }
    return to === this.#bytes.length;
  }
}
