import type { Clock } from '#base/clock.ts';
import { errorText } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import { Scope } from '#base/scope.ts';
import type { InfoHash } from '#base/units.ts';
import type { PieceShape } from '#wire/piece-shape.ts';
import { LIMITS } from './limits.ts';
import { RestingTorrent, type RestingWorld } from './resting-torrent.ts';

/** See DrainView of the admin contract. */
export type DrainView = {
  readonly path: string;
  readonly movedBytes: number;
  readonly leftBytes: number;
  readonly state: 'draining' | 'empty';
};

export type DrainWorld = RestingWorld & {
  readonly clock: Clock;
  readonly store: RestingWorld['store'] & {
    disks(): readonly { readonly path: string; readonly state: 'good' | 'failing' | 'gone' }[];
    torrentsOn(path: string): readonly InfoHash[];
    bytesOf(infoHash: InfoHash): Promise<number>;
    drainDisk(path: string, on: boolean): void;
    move(
      shape: PieceShape,
      pace: (bytes: number, load: () => number, signal: AbortSignal) => Promise<void>,
      signal: AbortSignal,
    ): Promise<
      { kind: 'moved'; bytes: number } | { kind: 'no-room' } | { kind: 'not-now' } | { kind: 'failed'; error: Error }
    >;
  };
  /** Which disks are drained, kept where a restart finds it. */
  keep(paths: readonly string[]): Promise<void>;
};

type Drain = { movedBytes: number; isWalking: boolean; readonly left: Map<InfoHash, number> };

/**
 * Empties disks: nothing new comes there, and one torrent after the other moves to another disk while clients are served.
 * What finds no room elsewhere stays, is served, and goes as it would anyway.
 */
export class Drainer {
  readonly #world: DrainWorld;
  readonly #log: Log;
  readonly #scope: Scope;
  readonly #drains = new Map<string, Drain>();

  /** `kept`: what was drained before the restart. */
  constructor(kept: readonly string[], world: DrainWorld, log: Log) {
    this.#world = world;
    this.#log = log;
    this.#scope = new Scope((error) => log.error('drain trouble', { why: errorText(error) }));
    for (const path of kept) this.#begin(path);
    this.#scope.run(async (signal) => {
      for (;;) {
        this.#look();
        await world.clock.sleep(LIMITS.drainLookMs, signal);
      }
    });
  }

  views(): DrainView[] {
    return [...this.#drains.keys()].map((path) => this.#view(path));
  }

  /** Undefined: there is no such disk. Durable when it resolves. */
  async drain(path: string): Promise<DrainView | undefined> {
    if (!this.#isDisk(path)) return undefined;
    if (!this.#drains.has(path)) {
      this.#begin(path);
      await this.#keep();
      this.#log.info('disk-drains', { disk: path });
      this.#look();
    }
    return this.#view(path);
  }

  /** False: it was not drained. What has moved stays where it is. */
  async undrain(path: string): Promise<boolean> {
    if (!this.#drains.delete(path)) return false;
    this.#world.store.drainDisk(path, false);
    await this.#keep();
    return true;
  }

  close(): Promise<void> {
    return this.#scope.close();
  }

  #begin(path: string): void {
    this.#drains.set(path, { movedBytes: 0, isWalking: false, left: new Map() });
    this.#world.store.drainDisk(path, true);
  }

  #keep(): Promise<void> {
    return this.#world.keep([...this.#drains.keys()]);
  }

  #isDisk(path: string): boolean {
    return this.#world.store.disks().some((disk) => disk.path === path);
  }

  #view(path: string): DrainView {
    const { movedBytes = 0, left } = this.#drains.get(path) ?? {};
    const torrents = this.#world.store.torrentsOn(path);
    const leftBytes = torrents.reduce((sum, infoHash) => sum + (left?.get(infoHash) ?? 0), 0);
    const isHere = this.#world.store.disks().some((disk) => disk.path === path && disk.state !== 'gone');
    return { path, movedBytes, leftBytes, state: torrents.length === 0 && isHere ? 'empty' : 'draining' };
  }

  #look(): void {
    for (const [path, drain] of this.#drains) {
      // Taken out of the settings: somebody who adopts it again wants it used.
      if (!this.#isDisk(path)) this.#scope.run(async () => void (await this.undrain(path)));
      else if (!drain.isWalking) this.#scope.run((signal) => this.#walk(path, drain, signal));
    }
  }

  /** Every torrent that lies there gets one try. */
  async #walk(path: string, drain: Drain, signal: AbortSignal): Promise<void> {
    drain.isWalking = true;
    try {
      const torrents = this.#world.store.torrentsOn(path);
      for (const infoHash of drain.left.keys()) if (!torrents.includes(infoHash)) drain.left.delete(infoHash);
      for (const infoHash of torrents) drain.left.set(infoHash, await this.#world.store.bytesOf(infoHash));
      for (const infoHash of torrents) {
        signal.throwIfAborted();
        if (this.#drains.get(path) !== drain) return;
        await this.#move(infoHash, path, drain, signal);
      }
    } finally {
      drain.isWalking = false;
    }
  }

  async #move(infoHash: InfoHash, path: string, drain: Drain, signal: AbortSignal): Promise<void> {
    const torrent = await RestingTorrent.open(infoHash, this.#world);
    // Of what nobody knows the pieces of, nothing can be verified: it stays until it goes.
    if (!torrent) return;
    const ends = new AbortController();
    const both = AbortSignal.any([signal, ends.signal]);
    const pace = async (bytes: number, load: () => number): Promise<void> => {
      if (this.#drains.get(path) !== drain) ends.abort();
      await this.#pace(bytes, load, both);
    };
    const moved = await this.#world.store.move(torrent.shape, pace, both).catch((error: unknown) => {
      signal.throwIfAborted();
      if (!ends.signal.aborted) throw error;
      return undefined;
    });
    if (moved?.kind === 'moved') {
      drain.movedBytes += moved.bytes;
      drain.left.delete(infoHash);
    } else if (moved?.kind === 'failed') {
      this.#log.warn('move-failed', { infoHash, disk: path, why: errorText(moved.error) });
    }
  }

  /** Clients come first: a piece waits until nobody else uses the disks, but not for ever. */
  async #pace(bytes: number, load: () => number, signal: AbortSignal): Promise<void> {
    const { clock } = this.#world;
    await clock.sleep((1_000 * bytes) / LIMITS.drainBytesPerS, signal);
    for (let waitedMs = 0; load() > 0 && waitedMs < LIMITS.drainYieldMostMs; waitedMs += LIMITS.drainYieldMs)
      await clock.sleep(LIMITS.drainYieldMs, signal);
  }
}
