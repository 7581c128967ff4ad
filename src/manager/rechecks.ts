import { errorCode, errorText } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import { Scope } from '#base/scope.ts';
import type { InfoHash } from '#base/units.ts';
import { type AtRest, isLost } from '#task/piece-shelf.ts';
import { LIMITS } from './limits.ts';
import { RestingTorrent, type RestingWorld } from './resting-torrent.ts';

/** `endedAtMs`: it is over. `why`: it could not be done to its end. */
export type RecheckView = {
  readonly doneBytes: number;
  readonly totalBytes: number;
  readonly badPieces: number;
  readonly endedAtMs?: number;
  readonly why?: string;
};

const WAITING: RecheckView = { doneBytes: 0, totalBytes: 0, badPieces: 0 };
const isBusy = (found: AtRest): boolean =>
  found.kind === 'busy' || (found.kind === 'failed' && errorCode(found.error) === 'EBUSY');

/**
 * Verifies all pieces of torrents because the operator says so: one torrent after the other, one piece in hand, and never while somebody else uses the disk.
 * Invariant: each torrent is in the list once, and the list is bounded.
 */
export class Rechecks {
  readonly #world: RestingWorld;
  readonly #log: Log;
  readonly #scope: Scope;
  /** What waits or is being verified, then what has ended, oldest first. */
  readonly #all = new Map<InfoHash, RecheckView>();
  #running = false;

  constructor(world: RestingWorld, log: Log) {
    this.#world = world;
    this.#log = log;
    this.#scope = new Scope((error) => log.error('recheck trouble', { why: errorText(error) }));
  }

  /** False: too many wait. One that is under way goes on. */
  begin(infoHash: InfoHash): boolean {
    const known = this.#all.get(infoHash);
    if (known && known.endedAtMs === undefined) return true;
    if (this.#waiting().length >= LIMITS.rechecksWaiting) return false;
    this.#all.delete(infoHash);
    this.#all.set(infoHash, WAITING);
    if (!this.#running) this.#scope.run((signal) => this.#run(signal));
    return true;
  }

  of(infoHash: InfoHash): RecheckView | undefined {
    return this.#all.get(infoHash);
  }

  async close(): Promise<void> {
    await this.#scope.close();
  }

  #waiting(): InfoHash[] {
    return [...this.#all].flatMap(([infoHash, { endedAtMs }]) => (endedAtMs === undefined ? [infoHash] : []));
  }

  async #run(signal: AbortSignal): Promise<void> {
    this.#running = true;
    try {
      for (let [next] = this.#waiting(); next && !signal.aborted; [next] = this.#waiting()) {
        const why = await this.#torrent(next, signal);
        this.#end(next, why);
      }
    } finally {
      this.#running = false;
    }
  }

  /** Why it could not be done. */
  async #torrent(infoHash: InfoHash, signal: AbortSignal): Promise<string | undefined> {
    const torrent = await RestingTorrent.open(infoHash, this.#world);
    if (!torrent) return 'nothing-there';
    const { clock } = this.#world;
    let [doneBytes, badPieces, totalBytes] = [0, 0, 0];
    for (let at = torrent.nextFrom(0); at < torrent.pieceCount; at = torrent.nextFrom(at + 1))
      totalBytes += torrent.sizeOf(at);
    for (let at = torrent.nextFrom(0); at < torrent.pieceCount; ) {
      this.#all.set(infoHash, { doneBytes, totalBytes, badPieces });
      const fromMs = clock.nowMs();
      const found = await torrent.verify(at);
      if (!found || isBusy(found)) {
        await clock.sleep(LIMITS.recheckYieldMs, signal);
        continue;
      }
      if (found.kind === 'away') return 'disk-gone';
      if (isLost(found)) badPieces++;
      doneBytes += torrent.sizeOf(at);
      at = torrent.nextFrom(at + 1);
      // As long as it took: half of the disk's time stays for others.
      await clock.sleep(
        Math.max(LIMITS.recheckRestMs, Math.min(LIMITS.recheckYieldMs, clock.nowMs() - fromMs)),
        signal,
      );
    }
    this.#all.set(infoHash, { doneBytes, totalBytes, badPieces });
    return undefined;
  }

  #end(infoHash: InfoHash, why: string | undefined): void {
    const { clock, index } = this.#world;
    const view: RecheckView = {
      ...(this.#all.get(infoHash) ?? WAITING),
      endedAtMs: clock.nowMs(),
      ...(why && { why }),
    };
    this.#all.delete(infoHash);
    this.#all.set(infoHash, view);
    if (!why) index.scrubs.done(infoHash, clock.nowMs());
    this.#log.info('rechecked', {
      infoHash,
      badPieces: view.badPieces,
      doneBytes: view.doneBytes,
      ...(why && { why }),
    });
    const ended = [...this.#all].filter(([, { endedAtMs }]) => endedAtMs !== undefined);
    for (const [oldest] of ended.slice(0, -LIMITS.rechecksEnded)) this.#all.delete(oldest);
  }
}
