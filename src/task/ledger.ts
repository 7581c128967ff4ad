import type { Clock } from '#base/clock.ts';
import type { InfoHash, PieceIndex } from '#base/units.ts';
import { FirstServings } from './first-servings.ts';
import { LIMITS } from './limits.ts';
import type { TrafficCount } from './task-world.ts';

export type LedgerWorld = {
  readonly clock: Pick<Clock, 'nowMs'>;
  keepTraffic(servedBytes: number, filledBytes: number): void;
  keepHave(have: Uint8Array): void;
  forgetPieces(have: Uint8Array): boolean;
  /** See UplinkAccount. */
  readonly uplink?: { untaken(bytes: number): void; prefilled(bytes: number): void } | undefined;
  readonly traffic?: TrafficCount | undefined;
};

/** What one task has given and fetched, and what of its progress the index does not know yet. */
export class Ledger {
  readonly #world: LedgerWorld;
  readonly #infoHash: InfoHash;
  readonly #have: () => Uint8Array | undefined;
  servedBytes = 0;
  filledBytes = 0;
  #unkept = { served: 0, filled: 0 };
  /** Fetched before any client was there, and not given to one since. */
  #untakenBytes = 0;
  readonly #first = new FirstServings();
  #haveDirty = false;
  #persistedAtMs = 0;

  /** `have`: the bits to keep; undefined while there is no metainfo. */
  constructor(infoHash: InfoHash, world: LedgerWorld, have: () => Uint8Array | undefined) {
    this.#infoHash = infoHash;
    this.#world = world;
    this.#have = have;
  }

  /** A client, by its address, was given bytes of a piece. */
  served(piece: PieceIndex, bytes: number, client: string): void {
    this.servedBytes += bytes;
    this.#unkept.served += bytes;
    this.#untaken(-Math.min(bytes, this.#untakenBytes));
    this.#world.traffic?.served(bytes, this.#first.given(piece, bytes), client, this.#infoHash);
  }

  /**
   * Bytes of a piece came in from outside. `ahead`: for whom they were fetched when no client was there to take them: for one that may come, or because
   * the operator ordered it.
   */
  filled(piece: PieceIndex, bytes: number, ahead: 'guessed' | 'ordered' | undefined): void {
    this.filledBytes += bytes;
    this.#unkept.filled += bytes;
    if (ahead === 'guessed') this.#untaken(bytes);
    // What the operator had fetched before anybody asked is here when they do.
    if (ahead === 'ordered') this.#world.uplink?.prefilled(bytes);
    else this.#first.came(piece, bytes);
    if (bytes > 0 && this.#world.clock.nowMs() - this.#persistedAtMs >= LIMITS.persistEveryMs) this.persist();
    this.#world.traffic?.filled(bytes);
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

  #untaken(bytes: number): void {
    this.#untakenBytes += bytes;
    if (bytes !== 0) this.#world.uplink?.untaken(bytes);
  }
}
