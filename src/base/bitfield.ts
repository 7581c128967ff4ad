/** A fixed number of bits, most significant bit first, as BEP 3 sends them. */
export class Bitfield {
  readonly size: number;
  readonly bytes: Uint8Array;
  #count = 0;

  constructor(size: number) {
    this.size = size;
    this.bytes = new Uint8Array(Math.ceil(size / 8));
  }

  /** Copies `bytes`. Undefined when the length is wrong or a spare bit is set (BEP 3: such a peer is dropped). */
  static from(bytes: Uint8Array, size: number): Bitfield | undefined {
    if (bytes.length !== Math.ceil(size / 8)) return undefined;
    const spare = bytes.length * 8 - size;
    if (spare > 0 && ((bytes[bytes.length - 1] as number) & ((1 << spare) - 1)) !== 0) return undefined;
    const field = new Bitfield(size);
    field.bytes.set(bytes);
    for (const byte of bytes) for (let b = byte; b !== 0; b &= b - 1) field.#count++;
    return field;
  }

  /** How many bits are set. */
  get count(): number {
    return this.#count;
  }

  get full(): boolean {
    return this.#count === this.size;
  }

  has(i: number): boolean {
    return i >= 0 && i < this.size && ((this.bytes[i >> 3] as number) & (0x80 >> (i & 7))) !== 0;
  }

  /** Returns true when the bit changed. */
  set(i: number): boolean {
    if (i < 0 || i >= this.size) throw new RangeError(`bug: bit ${i} of ${this.size}`);
    if (this.has(i)) return false;
    this.bytes[i >> 3] = (this.bytes[i >> 3] as number) | (0x80 >> (i & 7));
    this.#count++;
    return true;
  }

  /** Returns true when the bit changed. */
  clear(i: number): boolean {
    if (!this.has(i)) return false;
    this.bytes[i >> 3] = (this.bytes[i >> 3] as number) & ~(0x80 >> (i & 7));
    this.#count--;
    return true;
  }

  setAll(): void {
    for (let i = 0; i < this.size; i++) this.set(i);
  }
}
