import type { Clock } from '#base/clock.ts';
import { errorCode } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import type { InfoHash, PieceIndex } from '#base/units.ts';
import type { Due } from '#index/scrubs.ts';
import { type AtRest, isLost } from '#task/piece-shelf.ts';
import { LIMITS } from './limits.ts';
import { RestingTorrent, type RestingWorld } from './resting-torrent.ts';

export type WalkWorld = RestingWorld & {
  readonly clock: Clock;
  readonly store: RestingWorld['store'] & {
    /** Path of the disk that the torrent lies on. */
    home(infoHash: InfoHash): string | undefined;
  };
  /** 0: the walk is to end. */
  bytesPerS(): number;
  /** A piece was read; `bad`: why it is lost. */
  read(piece: PieceIndex, infoHash: InfoHash, bad: string | undefined): void;
  readonly log: Log;
};

const isBusy = (found: AtRest): boolean =>
  found.kind === 'busy' || (found.kind === 'failed' && errorCode(found.error) === 'EBUSY');

/** One way through the torrents of one disk whose turn has come, one piece in hand at a time. */
export class ScrubWalk {
  readonly #disk: string;
  readonly #world: WalkWorld;
  readonly #signal: AbortSignal;

  constructor(disk: string, world: WalkWorld, signal: AbortSignal) {
    this.#disk = disk;
    this.#world = world;
    this.#signal = signal;
  }

  /** True: it has come to its end. False: the disk is not in order, or the rate is 0. */
  async run(): Promise<boolean> {
    const { clock, index, store, bytesPerS } = this.#world;
    const untilMs = clock.nowMs() - LIMITS.scrubEveryMs;
    let page = index.scrubs.due(untilMs);
    for (; page.length > 0; page = index.scrubs.due(untilMs, page.at(-1))) {
      for (const due of page) {
        if (bytesPerS() === 0) return false;
        if (store.home(due.infoHash) === this.#disk && !(await this.#torrent(due))) return false;
      }
      await this.#sleep(LIMITS.scrubPageMs);
    }
    return true;
  }

  /** False: the walk is over. A torrent that could not be verified to its end keeps its turn for the next walk. */
  async #torrent(due: Due): Promise<boolean> {
    const { clock, index, store, bytesPerS } = this.#world;
    const { infoHash } = due;
    const torrent = await RestingTorrent.open(infoHash, this.#world);
    if (!torrent) return true;
    let next = torrent.nextFrom(due.next);
    let keptMs = clock.nowMs();
    try {
      while (next < torrent.pieceCount) {
        this.#signal.throwIfAborted();
        if (bytesPerS() === 0) return false;
        if (store.home(infoHash) !== this.#disk) return true;
        const fromMs = clock.nowMs();
        const found = await torrent.verify(next);
        if (!found) return true;
        if (found.kind === 'away') return store.home(infoHash) !== this.#disk;
        if (isBusy(found)) {
          await this.#sleep(LIMITS.scrubYieldMs);
          continue;
        }
        const bytes = torrent.sizeOf(next);
        const goesOn = this.#note(infoHash, next, found);
        next = torrent.nextFrom(next + 1);
        if (!goesOn) return true;
        if (clock.nowMs() - keptMs >= LIMITS.scrubKeepMs) {
          keptMs = clock.nowMs();
          index.scrubs.reached(infoHash, next);
        }
        if (found.kind !== 'not-had') await this.#pace(bytes, fromMs);
      }
    } finally {
      if (next === torrent.pieceCount) index.scrubs.done(infoHash, clock.nowMs());
      else if (next > due.next) index.scrubs.reached(infoHash, next);
    }
    return true;
  }

  /** False: the rest of the torrent is left to the next walk. */
  #note(infoHash: InfoHash, piece: PieceIndex, found: AtRest): boolean {
    const { read, log } = this.#world;
    const why = found.kind === 'failed' ? found.error.message : 'its hash does not match any more';
    const lost = isLost(found);
    if (found.kind === 'ok' || lost) read(piece, infoHash, lost ? why : undefined);
    if (found.kind !== 'failed' || lost) return true;
    log.warn('scrub-failed', { infoHash, piece, disk: this.#disk, why });
    return false;
  }

  /** Waits for what is left of the time that so many bytes are to take; also when the clock is set back meanwhile. */
  async #pace(bytes: number, fromMs: number): Promise<void> {
    const { clock, bytesPerS } = this.#world;
    const wholeMs = (1_000 * bytes) / bytesPerS();
    const restMs = Math.min(wholeMs, fromMs + wholeMs - clock.nowMs());
    if (restMs > 0 && bytesPerS() > 0) await this.#sleep(restMs);
  }

  async #sleep(ms: number): Promise<void> {
    this.#signal.throwIfAborted();
    await this.#world.clock.sleep(ms, this.#signal);
  }
}
