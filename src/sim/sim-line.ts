/** A line that many flows share: bytes leave it one after the other. */
export class SimLine {
  readonly #bytesPerS: number;
  #freeAtMs = 0;

  constructor(bytesPerS: number) {
    this.#bytesPerS = bytesPerS;
  }

  /** When so many bytes that are given to it now have left it. */
  take(bytes: number, nowMs: number): number {
    this.#freeAtMs = Math.max(nowMs, this.#freeAtMs) + (bytes * 1000) / this.#bytesPerS;
    return this.#freeAtMs;
  }
}

/** The way from one end of a connection to the other. */
export type SimPath = {
  readonly latencyMs: number;
  /** Each chunk comes up to so much later, never before the one sent before it. */
  readonly jitterMs: number;
  /** All that it passes, the slowest of which decides. */
  readonly lines: readonly SimLine[];
  /** Bytes of a chunk at most: where they are cut is random. */
  readonly chunkBytes: number;
};
