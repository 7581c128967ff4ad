import { errorText } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import { Scope } from '#base/scope.ts';
import { LIMITS } from './limits.ts';
import { ScrubWalk, type WalkWorld } from './scrub-walk.ts';

export type ScrubWorld = Pick<WalkWorld, 'clock' | 'index' | 'living'> & {
  readonly store: WalkWorld['store'] & {
    disks(): readonly { readonly path: string; readonly state: 'good' | 'failing' | 'gone' }[];
  };
};

/** What was found on one disk since the daemon began. */
export type ScrubView = {
  readonly piecesRead: number;
  readonly badPieces: number;
  /** When there was last nothing left to verify. */
  readonly lastPassEndedMs?: number;
};

/**
 * Reads what lies on the disks, slowly, to find what has rotted before a client asks for it.
 * Invariant: at most one piece of a disk is in hand, and that was begun when nobody else used the disk.
 */
export class Scrubber {
  readonly #world: ScrubWorld;
  readonly #log: Log;
  readonly #scope: Scope;
  readonly #walking = new Set<string>();
  readonly #views = new Map<string, ScrubView>();
  #bytesPerS: number;

  /** `MBps`: of each disk; 0: nothing is read. */
  constructor(MBps: number, world: ScrubWorld, log: Log) {
    this.#bytesPerS = MBps * 1e6;
    this.#world = world;
    this.#log = log;
    this.#scope = new Scope((error) => log.error('scrub trouble', { why: errorText(error) }));
    this.#scope.run(async (signal) => {
      for (;;) {
        await world.clock.sleep(LIMITS.scrubLookMs, signal);
        this.#look();
      }
    });
  }

  /** From now on. */
  setRate(MBps: number): void {
    const wasOff = this.#bytesPerS === 0;
    this.#bytesPerS = MBps * 1e6;
    if (wasOff) this.#look();
  }

  /** Undefined while nothing was read there. */
  view(disk: string): ScrubView | undefined {
    return this.#views.get(disk);
  }

  close(): Promise<void> {
    return this.#scope.close();
  }

  /** Each disk that is in order is walked through, each for itself. */
  #look(): void {
    const disks = this.#world.store.disks();
    for (const path of this.#views.keys()) if (!disks.some((disk) => disk.path === path)) this.#views.delete(path);
    if (this.#bytesPerS === 0) return;
    for (const { path, state } of disks)
      if (state === 'good' && !this.#walking.has(path)) this.#scope.run((signal) => this.#walk(path, signal));
  }

  async #walk(disk: string, signal: AbortSignal): Promise<void> {
    const world: WalkWorld = {
      ...this.#world,
      bytesPerS: () => this.#bytesPerS,
      read: (piece, infoHash, bad) => {
        const { piecesRead, badPieces, ...rest } = this.#counted(disk);
        const more = bad === undefined ? 0 : 1;
        this.#views.set(disk, { ...rest, piecesRead: piecesRead + 1, badPieces: badPieces + more });
        if (bad !== undefined) this.#log.warn('piece-rotted', { infoHash, piece, disk, why: bad });
      },
      log: this.#log,
    };
    this.#walking.add(disk);
    try {
      const ended = await new ScrubWalk(disk, world, signal).run();
      const isHere = this.#world.store.disks().some(({ path, state }) => path === disk && state === 'good');
      // What lay on a disk that has gone meanwhile was passed over.
      if (ended && isHere)
        this.#views.set(disk, { ...this.#counted(disk), lastPassEndedMs: this.#world.clock.nowMs() });
    } finally {
      this.#walking.delete(disk);
    }
  }

  #counted(disk: string): ScrubView {
    return this.#views.get(disk) ?? { piecesRead: 0, badPieces: 0 };
  }
}
