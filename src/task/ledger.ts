import type { Clock } from '#base/clock.ts';
import { LIMITS } from './limits.ts';

export type LedgerWorld = {
  readonly clock: Clock;
  keepTraffic(servedBytes: number, filledBytes: number): void;
  keepHave(have: Uint8Array): void;
  forgetPieces(have: Uint8Array): boolean;
  /** See UplinkAccount. */
  readonly uplink?: { untaken(bytes: number): void; prefilled(bytes: number): void } | undefined;
};

/** What one task has given and fetched, and what of its progress the index does not know yet. */
export class Ledger {
  readonly #world: LedgerWorld;
  readonly #have: () => Uint8Array | undefined;
  servedBytes = 0;
  filledBytes = 0;
  #unkept = { served: 0, filled: 0 };
  /** Fetched before any client was there, and not given to one since. */
  #untakenBytes = 0;
  #haveDirty = false;
  #persistedAtMs = 0;

  /** `have`: the bits to keep; undefined while there is no metainfo. */
  constructor(world: LedgerWorld, have: () => Uint8Array | undefined) {
    this.#world = world;
    this.#have = have;
  }

  /** `ahead`: for whom it was fetched when no client was there to take it: for one that may come, or because the operator ordered it. */
  count(served: number, filled: number, ahead?: 'guessed' | 'ordered'): void {
    this.servedBytes += served;
    this.filledBytes += filled;
    this.#unkept.served += served;
    this.#unkept.filled += filled;
    const untaken = (ahead === 'guessed' ? filled : 0) - Math.min(served, this.#untakenBytes);
    this.#untakenBytes += untaken;
    if (untaken !== 0) this.#world.uplink?.untaken(untaken);
    if (ahead === 'ordered' && filled > 0) this.#world.uplink?.prefilled(filled);
    if (filled > 0 && this.#world.clock.nowMs() - this.#persistedAtMs >= LIMITS.persistEveryMs) this.persist();
  }

  haveChanged(): void {
    this.#haveDirty = true;
  }

  /** What is not had any more is forgotten by the index, durably. False: it is not. */
  forget(): boolean {
    const have = this.#have();
    return have !== undefined && this.#world.forgetPieces(have);
  }

  persist(): void {
    this.#persistedAtMs = this.#world.clock.nowMs();
    const { served, filled } = this.#unkept;
    if (served > 0 || filled > 0) {
      this.#unkept = { served: 0, filled: 0 };
      this.#world.keepTraffic(served, filled);
    }
    const have = this.#have();
    if (!this.#haveDirty || !have) return;
    this.#haveDirty = false;
    this.#world.keepHave(have);
  }
}
