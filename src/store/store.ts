import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { errorText } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import type { InfoHash } from '#base/units.ts';
import { BegunLog } from './begun-log.ts';
import { DiskTask, type DiskWorld } from './disk-task.ts';
import { type DiskPlace, Disks, type DiskView } from './disks.ts';
import { HashPool } from './hash-pool.ts';
import { STORE_LIMITS } from './limits.ts';
import type { Pace } from './moving.ts';
import { PieceCache } from './piece-cache.ts';
import type { Moved } from './relocation.ts';
import { INFO_FILE, LAYERS_FILE } from './task-folder.ts';
import { failed } from './task-home.ts';
import type { PieceBuffer, PieceMaker, TaskShape, TaskStore } from './task-store.ts';

export type StoreConfig = {
  /** Where pieces lie, in `swarmbox/` of each folder. One that does not answer is left out, and looked for. */
  disks: readonly DiskPlace[];
  /** Bytes of pieces kept in memory. */
  cacheBytes: number;
  /** Folder in memory (tmpfs) for blocks of unfinished pieces; undefined: they end with the process. */
  volatileDir?: string | undefined;
  /** Free bytes of each disk that the store never touches. */
  floorBytes: number;
  /** Bytes of the file that measures a new disk's speed; 0: it is not measured. */
  probeBytes?: number;
  /** Threads that hash: one keeps up with about 5 Gbit/s. */
  hashWorkers: number;
};

/** Of `blocks` in stat(2), whatever the file system's own blocks are. */
const STAT_BLOCK_BYTES = 512;

/** `tasks`: torrents in memory. */
export type StoreStats = { cacheBytes: number; cacheHits: number; cacheMisses: number; tasks: number };

/** A torrent found on the disk. `info` and `layers` are as they were written and not yet compared with any hash. */
export type FoundTask = { infoHash: InfoHash; info: Buffer | undefined; layers: Buffer | undefined };

/** Pieces on disks: verified, then durable, then reported. */
export class Store<P extends PieceBuffer> implements AsyncDisposable {
  readonly #volatileDir: string | undefined;
  readonly #world: DiskWorld<P>;
  /** Whoever uses a torrent holds its task, and so does what the memory cache keeps of it: this map alone does not. */
  readonly #tasks = new Map<InfoHash, WeakRef<DiskTask<P>>>();
  readonly #collected = new FinalizationRegistry<InfoHash>((infoHash) => {
    if (!this.#tasks.get(infoHash)?.deref()) this.#tasks.delete(infoHash);
  });
  readonly #removals = new Map<InfoHash, Promise<unknown>>();
  readonly #watching: NodeJS.Timeout;

  private constructor(volatileDir: string | undefined, world: DiskWorld<P>) {
    this.#volatileDir = volatileDir;
    this.#world = world;
    world.disks.onChange = (what, torrents) => {
      for (const infoHash of torrents) this.#tasks.get(infoHash)?.deref()?.disk(what);
    };
    this.#watching = setInterval(() => void this.watch(), STORE_LIMITS.watchMs).unref();
  }

  /** Rejects when no disk can be used. `hashes`: instead of threads of its own; they are closed with the store as well. */
  static async open<P extends PieceBuffer>(
    config: StoreConfig,
    maker: PieceMaker<P>,
    log: Log,
    hashes?: HashPool,
  ): Promise<Store<P>> {
    const { floorBytes, probeBytes = STORE_LIMITS.probeBytes } = config;
    const disks = new Disks({ floorBytes, probeBytes, log });
    let trouble: unknown;
    for (const at of config.disks)
      await disks.add(at).catch((error: unknown) => {
        trouble ??= error;
        disks.miss(at);
        log.error('disk-failed', {
          disk: at.path,
          why: errorText(error),
          next: 'check that it is mounted and writable',
        });
      });
    if (disks.all().length === 0 && trouble) {
      const paths = config.disks.map(({ path }) => path).join(' ');
      throw new Error(`no disk can be used (${paths}): check that they are mounted and writable`, { cause: trouble });
    }
    return new Store(config.volatileDir, {
      maker,
      log,
      cache: new PieceCache<P>(config.cacheBytes, { discard: (piece) => maker.discard(piece) }),
      disks,
      hashes: hashes ?? new HashPool({ workers: config.hashWorkers, log }),
      accepting: { bytes: 0 },
      hits: { cacheHits: 0, cacheMisses: 0 },
    });
  }

  /** One more disk, from now on. Rejects with what is in the way. */
  addDisk(at: DiskPlace): Promise<void> {
    return this.#world.disks.add(at);
  }

  /** The disk is used no more; what lies on it stays there, and is lost to the box until it is added again. */
  removeDisk(path: string): Promise<boolean> {
    return this.#world.disks.remove(path);
  }

  /** The disk is worn, it is said, and gets new torrents only where no other one has room; undefined: no more. */
  distrustDisk(path: string, why: string | undefined): void {
    this.#world.disks.distrust(path, why);
  }

  /** Looks at every disk. The store does so by itself every few seconds. */
  watch(): Promise<void> {
    return this.#world.disks.watch();
  }

  disks(): DiskView[] {
    return this.#world.disks.views();
  }

  /** What lies on the disk at that path. */
  torrentsOn(path: string): InfoHash[] {
    return this.#world.disks.torrentsOn(path);
  }

  /** Path of the disk that the torrent lies on. */
  home(infoHash: InfoHash): string | undefined {
    return this.#world.disks.home(infoHash)?.path;
  }

  /** The same object for the same torrent, until it is removed. Touches no disk. */
  task(shape: TaskShape): TaskStore<P> {
    return this.#task(shape);
  }

  /** No torrent comes to that disk from now on; false: they do again. */
  drainDisk(path: string, on: boolean): void {
    this.#world.disks.drain(path, on);
  }

  /**
   * Moves a torrent to another disk with room for it. Its clients notice nothing; a power cut leaves it where it was, or where it goes.
   * Rejects with the signal's reason alone.
   */
  async move(shape: TaskShape, pace: Pace, signal: AbortSignal): Promise<Moved> {
    try {
      const to = await this.#world.disks.roomier(shape.infoHash, await this.bytesOf(shape.infoHash));
      const moved: Moved = to ? await this.#task(shape).move(to, pace, signal) : { kind: 'no-room' };
      if (moved.kind !== 'moved') signal.throwIfAborted();
      return moved;
    } catch (error) {
      signal.throwIfAborted();
      return failed(error);
    }
  }

  /** What a torrent takes of its disk. Zero when that does not say. */
  async bytesOf(infoHash: InfoHash): Promise<number> {
    const disk = this.#world.disks.home(infoHash);
    if (!disk) return 0;
    const folder = join(disk.root, infoHash);
    const names = await readdir(folder).catch(() => []);
    let bytes = 0;
    for (const name of names)
      bytes += await stat(join(folder, name)).then(
        (file) => file.blocks * STAT_BLOCK_BYTES,
        () => 0,
      );
    return bytes;
  }

  #task(shape: TaskShape): DiskTask<P> {
    const { infoHash } = shape;
    const living = this.#tasks.get(infoHash)?.deref();
    if (living) {
      living.describe(shape);
      return living;
    }
    const task = new DiskTask(this.#world, shape, {
      before: this.#removals.get(infoHash) ?? Promise.resolve(),
      removing: (removal) => this.#forget(infoHash, removal),
    });
    this.#tasks.set(infoHash, new WeakRef(task));
    this.#collected.register(task, infoHash);
    return task;
  }

  /** What lies on the disk, one at a time: enough to begin a lost index again. */
  async *onDisk(): AsyncGenerator<FoundTask> {
    for (const infoHash of this.#world.disks.torrents().sort()) yield await this.metainfo(infoHash);
  }

  /** What lies beside the pieces of one torrent; nothing of it when its disk is not here. */
  async metainfo(infoHash: InfoHash): Promise<FoundTask> {
    const { infoBytes, layersBytes } = STORE_LIMITS;
    return {
      infoHash,
      info: await this.#fileOf(infoHash, INFO_FILE, infoBytes),
      layers: await this.#fileOf(infoHash, LAYERS_FILE, layersBytes),
    };
  }

  /** Where a task's unfinished pieces outlive the process. */
  begunLog(infoHash: InfoHash): BegunLog | undefined {
    return this.#volatileDir === undefined ? undefined : new BegunLog(this.#volatileDir, infoHash, this.#world.log);
  }

  /** Bytes that may still be written before the floor is reached. Zero, with a log line, when the disk does not say. */
  async freeBytes(): Promise<number> {
    try {
      return await this.#world.disks.freeBytes();
    } catch (error) {
      this.#world.log.error('disk-failed', { why: errorText(error) });
      return 0;
    }
  }

  /** Waits for what is under way. */
  async close(): Promise<void> {
    clearInterval(this.#watching);
    await Promise.all([...this.#removals.values()]);
    await Promise.all([...this.#tasks.values()].map((task) => task.deref()?.close()));
    await Promise.all(this.#world.disks.all().map((disk) => disk.files.close()));
    await this.#world.hashes.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** What waits: reads at the disk where most do, and bytes of pieces for a hash worker. */
  load(): { readonly reads: number; readonly unverifiedBytes: number } {
    const reads = this.#world.disks.all().map((disk) => disk.reads.load);
    return { reads: Math.max(0, ...reads), unverifiedBytes: this.#world.hashes.queuedBytes };
  }

  /** See PieceCache.limitBytes. */
  set cacheLimitBytes(bytes: number) {
    this.#world.cache.limitBytes = bytes;
  }

  stats(): StoreStats {
    return { cacheBytes: this.#world.cache.bytes, ...this.#world.hits, tasks: this.#tasks.size };
  }

  #forget(infoHash: InfoHash, removal: Promise<unknown>): void {
    this.#tasks.delete(infoHash);
    this.#removals.set(infoHash, removal);
    void removal.then(() => {
      if (this.#removals.get(infoHash) === removal) this.#removals.delete(infoHash);
    });
  }

  async #fileOf(infoHash: InfoHash, name: string, limitBytes: number): Promise<Buffer | undefined> {
    const disk = this.#world.disks.home(infoHash);
    if (!disk) return undefined;
    const path = join(disk.root, infoHash, name);
    try {
      return (await stat(path)).size <= limitBytes ? await readFile(path) : undefined;
    } catch {
      return undefined;
    }
  }
}
