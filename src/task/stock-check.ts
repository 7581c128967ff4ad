import type { Scope } from '#base/scope.ts';
import type { Lender, SharedFile } from '#store/task-store.ts';
import type { PieceShelf } from './piece-shelf.ts';

export type StockCheckWorld = {
  readonly scope: Scope;
  /** Torrents that hold the file whole. */
  lenders(file: SharedFile): readonly Lender[];
  /** It has begun, or is over. */
  changed(): void;
  done(found: number): void;
};

/**
 * Looks for pieces that are on the disk although the task does not know of them: left by an unclean stop, or with another
 * torrent that has the same file. While it runs nothing is fetched, because what is fetched meanwhile may be there.
 */
export class StockCheck {
  readonly #world: StockCheckWorld;
  #running = 0;
  #last: Promise<void> = Promise.resolve();

  constructor(world: StockCheckWorld) {
    this.#world = world;
  }

  get running(): boolean {
    return this.#running > 0;
  }

  /** Resolves when nothing is being looked for. Never rejects. */
  over(): Promise<void> {
    return this.#last;
  }

  begin(shelf: PieceShelf, doubtful: boolean): void {
    const loans = shelf.absentFiles().flatMap((file) => {
      const lenders = this.#world.lenders(file);
      return lenders.length > 0 ? [{ file, lenders }] : [];
    });
    if (loans.length === 0 && !doubtful) return;
    this.#running++;
    const before = this.#last;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#last = promise;
    this.#world.changed();
    this.#world.scope.run(async (signal) => {
      let found = 0;
      try {
        await before;
        for (const { file, lenders } of loans) found += await borrowOne(shelf, file, lenders, signal);
        if (doubtful) found += await shelf.recheck(signal);
      } finally {
        this.#running--;
        resolve();
        this.#world.done(found);
        this.#world.changed();
      }
    });
  }
}

async function borrowOne(
  shelf: PieceShelf,
  file: SharedFile,
  lenders: readonly Lender[],
  signal: AbortSignal,
): Promise<number> {
  for (const lender of lenders) {
    signal.throwIfAborted();
    const found = await shelf.borrow(file, lender, signal);
    if (found > 0) return found;
  }
  return 0;
}
