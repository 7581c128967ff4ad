import type { PieceIndex } from '#base/units.ts';

/** Bits in words of 32, the first piece in the highest bit: what two sets have in common is found a word at a time. */
export class BitWords {
  readonly size: number;
  readonly words: Int32Array;
  #count = 0;

  constructor(size: number, full = false) {
    this.size = size;
    this.words = new Int32Array(Math.ceil(size / 32));
    if (full) for (let i = 0; i < size; i++) this.set(i);
  }

  get count(): number {
    return this.#count;
  }

  has(i: PieceIndex): boolean {
    return ((this.words[i >> 5] ?? 0) & bitOf(i)) !== 0;
  }

  /** True: it was not set. */
  set(i: PieceIndex): boolean {
    if (i < 0 || i >= this.size || this.has(i)) return false;
    this.words[i >> 5] = (this.words[i >> 5] as number) | bitOf(i);
    this.#count++;
    return true;
  }

  /** True: it was set. */
  clear(i: PieceIndex): boolean {
    if (!this.has(i)) return false;
    this.words[i >> 5] = (this.words[i >> 5] as number) & ~bitOf(i);
    this.#count--;
    return true;
  }

  /** Calls `each` with what both have, from a word on and round again, until it answers true. */
  common(other: BitWords, fromWord: number, each: (i: PieceIndex) => boolean): void {
    const { words } = this;
    for (let k = 0; k < words.length; k++) {
      const word = (fromWord + k) % words.length;
      let bits = (words[word] as number) & (other.words[word] ?? 0);
      while (bits !== 0) {
        const bit = Math.clz32(bits);
        bits &= ~(0x8000_0000 >>> bit);
        if (each(word * 32 + bit)) return;
      }
    }
  }
}

const bitOf = (i: number): number => 0x8000_0000 >>> (i & 31);
