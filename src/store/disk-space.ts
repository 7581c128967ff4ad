import { statfs } from 'node:fs/promises';
import type { Log } from '#base/log.ts';
import { STORE_LIMITS } from './limits.ts';

/** Room that was set aside for one write. */
export type Reservation = { readonly bytes: number };

/**
 * Keeps the floor: the free space that the store leaves to the rest of the machine. Concurrent writers cannot promise
 * the same byte twice, because each reserves before it writes, and what was written since the last statfs is subtracted.
 */
export class DiskSpace {
  readonly #floorBytes: number;
  readonly #log: Log;
  readonly #ask: () => Promise<number>;
  readonly #nowMs: () => number;
  #freeAtAsk = 0;
  #askedAtMs = Number.NEGATIVE_INFINITY;
  #asking: Promise<void> | undefined;
  #held = 0;
  /** Written and released since the last statfs began: it may or may not have seen these bytes, so they count. */
  #spent = 0;
  #full = false;

  constructor(floorBytes: number, log: Log, ask: () => Promise<number>, nowMs: () => number = () => performance.now()) {
    this.#floorBytes = floorBytes;
    this.#log = log;
    this.#ask = ask;
    this.#nowMs = nowMs;
  }

  /** Undefined when the write would go below the floor. Rejects when the disk does not even answer statfs. */
  async reserve(bytes: number): Promise<Reservation | undefined> {
    if (this.#nowMs() - this.#askedAtMs > STORE_LIMITS.statfsMs) await this.#refresh();
    // Somebody may have freed room within the second: a refusal is worth a question of its own.
    if (this.#room() < bytes) await this.#refresh();
    if (this.#room() < bytes) {
      this.refused();
      return undefined;
    }
    this.#held += bytes;
    return { bytes };
  }

  /** The write is over, whether it succeeded or left half a piece behind. */
  release(reservation: Reservation): void {
    this.#held -= reservation.bytes;
    this.#spent += reservation.bytes;
  }

  /** Bytes that may still be written before the floor. */
  async freeBytes(): Promise<number> {
    await this.#refresh();
    return Math.max(0, this.#room());
  }

  /** One line when the disk becomes full, not one per piece that finds it so. */
  refused(): void {
    if (!this.#full)
      this.#log.warn('disk-full', { roomBytes: Math.max(0, this.#room()), floorBytes: this.#floorBytes });
    this.#full = true;
  }

  written(): void {
    if (this.#full) this.#log.info('disk-has-room', { roomBytes: this.#room() });
    this.#full = false;
  }

  #room(): number {
    return this.#freeAtAsk - this.#floorBytes - this.#held - this.#spent;
  }

  #refresh(): Promise<void> {
    this.#asking ??= this.#askOnce().finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  async #askOnce(): Promise<void> {
    const spentBefore = this.#spent;
    this.#freeAtAsk = await this.#ask();
    this.#askedAtMs = this.#nowMs();
    this.#spent -= spentBefore;
  }
}

/** What an ordinary user may still write (statfs(2) f_bavail): the blocks kept for root stay root's. */
export async function freeBytesOf(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}
