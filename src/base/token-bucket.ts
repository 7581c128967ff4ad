/**
 * A rate as a bucket that fills with time: so many bytes a second, and at most `burstBytes` at once. Pure: the time is the caller's.
 * Bytes are taken when it is decided that they may go, and settled when they have gone; in between they still fill the bucket.
 * Invariant: taken and left together never exceed `burstBytes`, so in any window of T seconds at most
 * `bytesPerS` x T + `burstBytes` are settled, however long they were held.
 */
export class TokenBucket {
  readonly bytesPerS: number;
  readonly burstBytes: number;
  #left: number;
  #taken = 0;
  #atMs: number;

  /** Full at the beginning. */
  constructor(bytesPerS: number, burstBytes: number, nowMs: number) {
    if (!(bytesPerS > 0) || !(burstBytes > 0)) throw new RangeError(`bug: a bucket of ${bytesPerS} and ${burstBytes}`);
    this.bytesPerS = bytesPerS;
    this.burstBytes = burstBytes;
    this.#left = burstBytes;
    this.#atMs = nowMs;
  }

  /** False when there are not so many yet. */
  take(bytes: number, nowMs: number): boolean {
    if (bytes > this.burstBytes) throw new RangeError(`bug: ${bytes} bytes of a bucket of ${this.burstBytes}`);
    this.#fill(nowMs);
    if (bytes > this.#left) return false;
    this.#left -= bytes;
    this.#taken += bytes;
    return true;
  }

  /** What was taken has gone. */
  settle(bytes: number, nowMs: number): void {
    this.#fill(nowMs);
    this.#taken -= bytes;
  }

  /** What was taken does not go. */
  giveBack(bytes: number): void {
    this.#taken -= bytes;
    this.#left += bytes;
  }

  /** Milliseconds, at least one, until so many can be taken if nobody else takes any. */
  msUntil(bytes: number, nowMs: number): number {
    this.#fill(nowMs);
    return Math.max(1, Math.ceil(((bytes - this.#left) / this.bytesPerS) * 1000));
  }

  #fill(nowMs: number): void {
    // A clock set back fills nothing.
    const filled = (Math.max(0, nowMs - this.#atMs) * this.bytesPerS) / 1000;
    this.#left = Math.min(this.burstBytes - this.#taken, this.#left + filled);
    this.#atMs = nowMs;
  }
}
