import { STORE_LIMITS } from './limits.ts';

/** What reading from one disk costs. */
export interface DiskCost {
  /** Milliseconds of one read beyond moving its bytes: the way of a disk's arm, next to nothing where there is none. */
  readonly seekMs: number;
  /** Milliseconds to read so many bytes that lie together. */
  readMs(bytes: number): number;
}

/**
 * Learned from the reads themselves: how long the disk was busy for each, however many were under way. Before the first it is
 * what its kind lets expect. What the kernel has in its page cache costs what it takes to copy it, so a box whose disk fits in there has a fast one.
 */
export class MeasuredCost implements DiskCost {
  readonly #nowMs: () => number;
  #seekMs: number;
  #reads = 0;
  #underWay = 0;
  /** The disk has been busy with the present reads since then. */
  #sinceMs = 0;

  constructor(assumedSeekMs: number, nowMs: () => number = () => performance.now()) {
    this.#seekMs = assumedSeekMs;
    this.#nowMs = nowMs;
  }

  get seekMs(): number {
    return this.#seekMs;
  }

  readMs(bytes: number): number {
    return this.#seekMs + bytes / STORE_LIMITS.streamBytesPerMs;
  }

  /** A read begins. Returns what to call at its end, with the bytes that came. */
  begin(): (bytes: number) => void {
    if (this.#underWay++ === 0) this.#sinceMs = this.#nowMs();
    return (bytes) => this.#end(bytes);
  }

  #end(bytes: number): void {
    const nowMs = this.#nowMs();
    const tookMs = nowMs - this.#sinceMs;
    this.#underWay--;
    this.#sinceMs = nowMs;
    if (bytes === 0) return;
    const weight = Math.max(1 / STORE_LIMITS.costReads, 1 / (++this.#reads + 1));
    const seekMs = Math.max(0, tookMs - bytes / STORE_LIMITS.streamBytesPerMs);
    this.#seekMs += weight * (seekMs - this.#seekMs);
  }
}
