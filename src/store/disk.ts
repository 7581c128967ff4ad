import { readdir, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode, errorText } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import { type InfoHash, MIB, parseInfoHash } from '#base/units.ts';
import { type DiskKind, kindOf, type Marker, ROOT, readMarker, whereabouts } from './disk-marker.ts';
import { DiskSpace, freeBytesOf } from './disk-space.ts';
import { Gate } from './gate.ts';
import { STORE_LIMITS } from './limits.ts';
import { OpenFiles } from './open-files.ts';
import { MeasuredCost } from './piece-cache-cost.ts';
import { REMOVED } from './task-folder.ts';

/**
 * good: used for everything. failing: it gave errors; what it holds is served, nothing new comes.
 * gone: it does not answer, or another stands in its place; its pieces are lost until it is back.
 */
export type DiskState = 'good' | 'failing' | 'gone';

/** The disk's own trouble, as opposed to a full one and to the caller's mistakes. */
const TROUBLE = new Set(['EIO', 'EROFS', 'ENXIO', 'ENODEV', 'EUCLEAN', 'ESTALE', 'ETIMEDOUT', 'EREMOTEIO']);

/** One adopted disk: its own queues, so that a slow one never blocks another; its room, its cost, its health. */
export class Disk {
  readonly id: string;
  readonly path: string;
  readonly kind: DiskKind;
  readonly writeMBps: number;
  /** Of an empty disk, above the floor. */
  readonly usableBytes: number;
  readonly files = new OpenFiles();
  readonly space: DiskSpace;
  readonly cost: MeasuredCost;
  readonly reads: Gate;
  /** The bytes in hand are bounded before this door, so its queue is too. */
  readonly writes = new Gate(STORE_LIMITS.writesAtOnce, Number.POSITIVE_INFINITY);
  readonly #log: Log;
  #where: string;
  #gone = false;
  #readErrors = 0;
  #failures = 0;
  #failingUntilMs = 0;
  #looking: Promise<boolean> | undefined;

  private constructor(o: {
    path: string;
    marker: Marker;
    kind: DiskKind;
    where: string;
    floorBytes: number;
    sizeBytes: number;
    log: Log;
  }) {
    const { path, marker, kind, where, floorBytes, sizeBytes, log } = o;
    this.id = marker.id;
    this.path = path;
    this.kind = kind;
    this.writeMBps = marker.writeMBps;
    this.usableBytes = Math.max(0, sizeBytes - floorBytes);
    this.#where = where;
    this.#log = log.with({ disk: path });
    this.cost = new MeasuredCost(STORE_LIMITS.assumedSeekMs[kind]);
    this.space = new DiskSpace(floorBytes, this.#log, () => freeBytesOf(this.root));
    const { readsAtOnce, readsWaiting, readWaitMs } = STORE_LIMITS;
    this.reads = new Gate(readsAtOnce[kind], readsWaiting, readWaitMs);
  }

  /** Rejects when it does not answer. */
  static async open(path: string, marker: Marker, floorBytes: number, log: Log): Promise<Disk> {
    const where = await whereabouts(path);
    if (where === undefined) throw new Error(`${path} has just been taken away`);
    const { blocks, bsize } = await statfs(path);
    return new Disk({ path, marker, kind: await kindOf(path), where, floorBytes, sizeBytes: blocks * bsize, log });
  }

  get root(): string {
    return join(this.path, ROOT);
  }

  get state(): DiskState {
    if (this.#gone) return 'gone';
    return performance.now() < this.#failingUntilMs ? 'failing' : 'good';
  }

  get errors(): number {
    return this.#failures + this.#readErrors;
  }

  /** What reading a MiB costs, in milliseconds of the disk's time; lately, not at its best. */
  get costMs(): number {
    return this.cost.readMs(MIB);
  }

  /** Reads and writes under way or waiting. */
  get load(): number {
    return this.reads.load + this.writes.load;
  }

  /** The torrents that lie on it. Rubbish of earlier removals is deleted. */
  async list(): Promise<InfoHash[]> {
    const names = await readdir(this.root);
    for (const name of names)
      if (name.endsWith(REMOVED)) await rm(join(this.root, name), { recursive: true, force: true });
    return names.filter((name) => parseInfoHash(name) === name) as InfoHash[];
  }

  /** An operation failed. When that was the disk's own fault, it gets no new torrents for a while. */
  trouble(error: unknown, what: 'read' | 'write'): void {
    if (!TROUBLE.has(errorCode(error) ?? '')) return;
    if (what === 'read' && ++this.#readErrors < STORE_LIMITS.readErrors) return;
    const [first = 0, most = 0] = STORE_LIMITS.failingMs;
    const forMs = Math.min(most, first * 2 ** Math.min(this.#failures++, 30));
    this.#readErrors = 0;
    if (this.state === 'good') this.#log.error('disk-failing', { why: errorText(error), forMs });
    this.#failingUntilMs = performance.now() + forMs;
  }

  /** Is it there? One that hangs is not: whoever asks again meanwhile waits for the same answer. */
  look(): Promise<boolean> {
    this.reads.expire();
    this.#looking ??= this.#lookOnce().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async #lookOnce(): Promise<boolean> {
    const late = Promise.withResolvers<false>();
    const timer = setTimeout(() => late.resolve(false), STORE_LIMITS.watchMs);
    const here = await Promise.race([this.#isHere().catch(() => false), late.promise]);
    clearTimeout(timer);
    if (here === !this.#gone) return here;
    this.#gone = !here;
    if (here) this.#log.info('disk-back');
    else {
      this.#log.error('disk-gone', { next: 'its pieces are fetched again; it is used again as soon as it is back' });
      // What was opened leads to where the disk was.
      void this.files.close();
    }
    return here;
  }

  /** It may have come back as another device. */
  async #isHere(): Promise<boolean> {
    const where = await whereabouts(this.path);
    if (where === undefined) return false;
    if (where !== this.#where && (await readMarker(this.path))?.id !== this.id) return false;
    this.#where = where;
    return true;
  }
}
