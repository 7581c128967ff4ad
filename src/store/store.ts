import { mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { errorText } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import { type InfoHash, parseInfoHash } from '#base/units.ts';
import { BegunLog } from './begun-log.ts';
import { DiskSpace, freeBytesOf } from './disk-space.ts';
import { DiskTask, type DiskWorld } from './disk-task.ts';
import { Gate } from './gate.ts';
import { HashPool } from './hash-pool.ts';
import { STORE_LIMITS } from './limits.ts';
import { OpenFiles, syncFolder } from './open-files.ts';
import { PieceCache } from './piece-cache.ts';
import { MeasuredCost } from './piece-cache-cost.ts';
import { INFO_FILE, LAYERS_FILE, REMOVED } from './task-folder.ts';
import type { PieceBuffer, PieceMaker, TaskShape, TaskStore } from './task-store.ts';

export type StoreConfig = {
  /** Folder that holds everything; pieces go to `swarmbox/` in it. Made when missing. */
  dataDir: string;
  /** Bytes of pieces kept in memory. */
  cacheBytes: number;
  /** Folder in memory (tmpfs) for blocks of unfinished pieces; undefined: they end with the process. */
  volatileDir?: string | undefined;
  /** Free bytes of the disk that the store never touches. */
  floorBytes: number;
  /** Threads that hash: one keeps up with about 5 Gbit/s. */
  hashWorkers: number;
};

export type StoreStats = { cacheBytes: number; cacheHits: number; cacheMisses: number };

/** A torrent found on the disk. `info` and `layers` are as they were written and not yet compared with any hash. */
export type FoundTask = { infoHash: InfoHash; info: Buffer | undefined; layers: Buffer | undefined };

/** Pieces on one disk: verified, then durable, then reported. */
export class Store<P extends PieceBuffer> {
  readonly #root: string;
  readonly #volatileDir: string | undefined;
  readonly #world: DiskWorld<P>;
  readonly #tasks = new Map<InfoHash, DiskTask<P>>();
  readonly #removals = new Map<InfoHash, Promise<unknown>>();

  private constructor(root: string, volatileDir: string | undefined, world: DiskWorld<P>) {
    this.#root = root;
    this.#volatileDir = volatileDir;
    this.#world = world;
  }

  /** Rejects when the data folder cannot be made or read. */
  static async open<P extends PieceBuffer>(config: StoreConfig, maker: PieceMaker<P>, log: Log): Promise<Store<P>> {
    const root = join(config.dataDir, 'swarmbox');
    try {
      await mkdir(root, { recursive: true, mode: 0o750 });
      await syncFolder(config.dataDir);
      for (const name of await readdir(root))
        if (name.endsWith(REMOVED)) await rm(join(root, name), { recursive: true, force: true });
    } catch (error) {
      throw new Error(`the data folder ${config.dataDir} cannot be used: check that its disk is mounted and writable`, {
        cause: error,
      });
    }
    return new Store(root, config.volatileDir, {
      maker,
      log,
      cache: new PieceCache<P>(config.cacheBytes),
      cost: new MeasuredCost(),
      files: new OpenFiles(),
      hashes: new HashPool({ workers: config.hashWorkers, log }),
      space: new DiskSpace(config.floorBytes, log, () => freeBytesOf(root)),
      // The bytes in hand are bounded before this door, so its queue is too.
      writes: new Gate(STORE_LIMITS.writesAtOnce, Number.POSITIVE_INFINITY),
      reads: new Gate(STORE_LIMITS.readsAtOnce, STORE_LIMITS.readsWaiting),
      accepting: { bytes: 0 },
      hits: { cacheHits: 0, cacheMisses: 0 },
    });
  }

  /** The same object for the same torrent, until it is removed. Touches no disk. */
  task(shape: TaskShape): TaskStore<P> {
    const { infoHash } = shape;
    const living = this.#tasks.get(infoHash);
    if (living) {
      living.describe(shape);
      return living;
    }
    const task = new DiskTask(this.#world, shape, join(this.#root, infoHash), {
      before: this.#removals.get(infoHash) ?? Promise.resolve(),
      removing: (removal) => this.#forget(infoHash, removal),
    });
    this.#tasks.set(infoHash, task);
    return task;
  }

  /** What lies on the disk, one at a time: enough to begin a lost index again. */
  async *onDisk(): AsyncGenerator<FoundTask> {
    for (const name of (await readdir(this.#root)).sort()) {
      const infoHash = parseInfoHash(name);
      if (infoHash !== name) continue;
      const { infoBytes, layersBytes } = STORE_LIMITS;
      yield {
        infoHash,
        info: await this.#fileOf(infoHash, INFO_FILE, infoBytes),
        layers: await this.#fileOf(infoHash, LAYERS_FILE, layersBytes),
      };
    }
  }

  /** Where a task's unfinished pieces outlive the process. */
  begunLog(infoHash: InfoHash): BegunLog | undefined {
    return this.#volatileDir === undefined ? undefined : new BegunLog(this.#volatileDir, infoHash, this.#world.log);
  }

  /** Bytes that may still be written before the floor is reached. Zero, with a log line, when the disk does not say. */
  async freeBytes(): Promise<number> {
    try {
      return await this.#world.space.freeBytes();
    } catch (error) {
      this.#world.log.error('disk-failed', { why: errorText(error) });
      return 0;
    }
  }

  /** Waits for what is under way. */
  async close(): Promise<void> {
    await Promise.all([...this.#removals.values()]);
    await Promise.all([...this.#tasks.values()].map((task) => task.close()));
    await this.#world.files.close();
    await this.#world.hashes.close();
  }

  stats(): StoreStats {
    return { cacheBytes: this.#world.cache.bytes, ...this.#world.hits };
  }

  #forget(infoHash: InfoHash, removal: Promise<unknown>): void {
    this.#tasks.delete(infoHash);
    this.#removals.set(infoHash, removal);
    void removal.then(() => {
      if (this.#removals.get(infoHash) === removal) this.#removals.delete(infoHash);
    });
  }

  async #fileOf(infoHash: InfoHash, name: string, limitBytes: number): Promise<Buffer | undefined> {
    const path = join(this.#root, infoHash, name);
    try {
      return (await stat(path)).size <= limitBytes ? await readFile(path) : undefined;
    } catch {
      return undefined;
    }
  }
}
