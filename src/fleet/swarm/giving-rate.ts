import { BLOCK_BYTES } from '#base/units.ts';

/** What may be given at once after a pause, as a share of a second; at least a block. */
const BURST_S = 0.25;

/**
 * What one giver may give of one distribution, to all its neighbours together. Pure: the time is the caller's. A run of blocks may be a little more than what is left: then it is paid back before the next one. So in
 * any window of T seconds no more than rate x (T + a burst), and one run, is given. The rate may change at any time.
 */
export class GivingRate {
  #bytesPerS: number | undefined;
  #leftBytes = 0;
  #atMs = 0;

  get isLimited(): boolean {
    return this.#bytesPerS !== undefined;
  }

  /** Undefined: as much as it can. */
  limit(bytesPerS: number | undefined, nowMs: number): void {
    if (bytesPerS === this.#bytesPerS) return;
    this.#fill(nowMs);
    this.#bytesPerS = bytesPerS;
    this.#leftBytes = Math.min(this.#leftBytes, this.#burstBytes);
  }

  /** Bytes that may be given now. */
  allowance(nowMs: number): number {
    if (this.#bytesPerS === undefined) return Number.POSITIVE_INFINITY;
    this.#fill(nowMs);
    return Math.max(0, Math.floor(this.#leftBytes));
  }

  gave(bytes: number): void {
    if (this.#bytesPerS !== undefined) this.#leftBytes -= bytes;
  }

  get #burstBytes(): number {
    return Math.max(BLOCK_BYTES, (this.#bytesPerS ?? 0) * BURST_S);
  }

  /** A clock set back fills nothing. */
  #fill(nowMs: number): void {
    const filled = (Math.max(0, nowMs - this.#atMs) * (this.#bytesPerS ?? 0)) / 1_000;
    this.#leftBytes = Math.min(this.#burstBytes, this.#leftBytes + filled);
    this.#atMs = nowMs;
  }
}
