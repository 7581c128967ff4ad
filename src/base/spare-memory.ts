/**
 * Memory of large things that come one after another. To the garbage collector each of them is new memory, and 64 MiB of that make it look at everything: a process
 * that moves much would do little else.
 */
export class SpareMemory {
  readonly #mostBytes: number;
  readonly #spare: ArrayBuffer[] = [];
  #bytes = 0;

  /** `mostBytes`: as much is kept for those to come. */
  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** So many bytes, with whatever was in them. */
  take(bytes: number): ArrayBuffer {
    const at = this.#spare.findLastIndex((memory) => memory.byteLength === bytes);
    if (at < 0) return Buffer.allocUnsafeSlow(bytes).buffer;
    this.#bytes -= bytes;
    return this.#spare.splice(at, 1)[0] as ArrayBuffer;
  }

  /** From whoever took it, and uses it no more. A view of it that somebody kept is empty from now on; to give it twice does nothing. */
  give(memory: ArrayBuffer): void {
    if (memory.byteLength === 0) return;
    this.#bytes += memory.byteLength;
    this.#spare.push(memory.transfer());
    while (this.#bytes > this.#mostBytes) {
      const oldest = this.#spare.shift() as ArrayBuffer;
      this.#bytes -= oldest.byteLength;
      oldest.transfer(0); // freed now
    }
  }
}
