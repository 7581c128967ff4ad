import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '#base/clock.ts';
import type { Endpoint } from '#base/endpoint.ts';
import { errorText } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import { Scope } from '#base/scope.ts';
import type { PieceIndex } from '#base/units.ts';
import { pieceSize } from '#wire/metainfo.ts';
import type { Role } from '../message-types.ts';
import type { Seed } from '../seed.ts';
import { PieceFiles } from '../swarm/piece-files.ts';
import { Swarm } from '../swarm/swarm.ts';
import { type Files, Gate } from './gate.ts';
import type { Caller, Keep, Kept, KeptWorld } from './keep.ts';
import { NODE_LIMITS } from './limits.ts';

export type OwnFilesOptions = {
  readonly role: Role;
  readonly clock: Clock;
  /** Where from neighbours are dialled. */
  readonly localAddress: string;
  /** Where the files go. */
  readonly folder: string;
  /** In `folder`. */
  freeBytes(): number | Promise<number>;
  /** Instead of files in `folder`. */
  openFiles?(seed: Seed, log: Log): Promise<Files>;
};

/** Distributions as plain files in a folder of the node's owner, each with a swarm of its own. */
export function ownFiles(options: OwnFilesOptions): Keep {
  const openFiles =
    options.openFiles ?? ((seed: Seed, log: Log): Promise<Files> => PieceFiles.open(seed, options.folder, log));
  return {
    open: async (seed, world) => new OwnFiles(seed, await openFiles(seed, world.log), options, world),
    ...(!options.openFiles && { put: (seed: Seed, bytes: Buffer) => PieceFiles.put(seed, options.folder, bytes) }),
    freeBytes: () => options.freeBytes(),
    async bundle(seed, log) {
      const [file, ...more] = seed.meta.files;
      if (!file || more.length > 0) return undefined;
      await using files = await openFiles(seed, log);
      if (!files.whole) return undefined;
      const path = join(options.folder, ...file.path);
      return { path, sizeBytes: seed.meta.totalBytes, bytes: () => createReadStream(path) };
    },
    takesBytes: false,
    dialsBothWays: false,
  };
}

class OwnFiles implements Kept {
  readonly #seed: Seed;
  readonly #home: Gate;
  readonly #options: OwnFilesOptions;
  readonly #world: KeptWorld;
  #isPlaced: boolean;
  #isStopped = false;
  #swarm: { readonly swarm: Swarm; readonly scope: Scope } | undefined;
  #usedMs: number;
  #mostBytesPerS: number | undefined;
  /** Of swarms that are closed. */
  readonly #before = { receivedBytes: 0, lateBytes: 0 };
  swarmBytes = 0;

  constructor(seed: Seed, files: Files, options: OwnFilesOptions, world: KeptWorld) {
    this.#seed = seed;
    this.#home = new Gate(files);
    this.#options = options;
    this.#world = world;
    this.#isPlaced = world.wasWhole && files.whole;
    this.#usedMs = options.clock.nowMs();
  }

  get count(): number {
    return this.#home.count;
  }

  get whole(): boolean {
    return this.#home.whole;
  }

  has(piece: PieceIndex): boolean {
    return this.#home.has(piece);
  }

  get links(): number {
    return this.#swarm?.swarm.counts.links ?? 0;
  }

  get isUsed(): boolean {
    return this.#swarm !== undefined && this.#options.clock.nowMs() - this.#usedMs < NODE_LIMITS.idleMs;
  }

  get waits(): boolean {
    return false;
  }

  get receivedBytes(): number {
    return this.#before.receivedBytes + (this.#swarm?.swarm.counts.receivedBytes ?? 0);
  }

  get lateBytes(): number {
    return this.#before.lateBytes + (this.#swarm?.swarm.counts.lateBytes ?? 0);
  }

  keepRun(first: PieceIndex, count: number, bytes: Buffer): Promise<'ok' | 'full' | 'failed'> {
    return this.#home.keepRun(first, count, bytes);
  }

  limit(bytesPerS: number | undefined): void {
    this.#mostBytesPerS = bytesPerS;
    this.#swarm?.swarm.limit(bytesPerS);
  }

  place(): Promise<void> {
    return this.#home.place();
  }

  async placed(): Promise<void> {
    this.#isPlaced = true;
    this.#usedMs = this.#options.clock.nowMs();
    // A relay gives each neighbour pieces of his own first: that is another swarm.
    if (this.#options.role !== 'relay' || !this.#swarm) return;
    await this.#closeSwarm();
    this.#open();
  }

  start(neighbours: readonly Endpoint[]): void {
    this.#open()?.dial(neighbours);
  }

  join({ socket, early }: Caller): boolean {
    const swarm = this.#open();
    swarm?.join(socket, early);
    return swarm !== undefined;
  }

  stop(): Promise<void> {
    this.#isStopped = true;
    return this.#closeSwarm();
  }

  async close(discard: boolean): Promise<void> {
    await this.stop();
    await this.#home.close(discard && !this.#isPlaced);
  }

  #open(): Swarm | undefined {
    if (this.#swarm || this.#isStopped || this.#world.scope.closed) return this.#swarm?.swarm;
    const { log } = this.#world;
    const { clock, localAddress, role } = this.#options;
    const scope = new Scope(
      (error) => log.error('distribution in trouble', { why: errorText(error) }),
      this.#world.scope,
    );
    const gave = (): void => {
      this.#usedMs = clock.nowMs();
    };
    gave();
    const world = {
      clock,
      log,
      scope,
      localAddress,
      gave,
      gained: (piece: PieceIndex) => {
        this.swarmBytes += pieceSize(this.#seed.meta, piece);
        this.#world.gained();
      },
      cannotKeep: (why: 'full' | 'failed') => this.#world.cannotKeep(why),
      lied: (ip: string) => this.#world.lied(ip),
    };
    const swarm = new Swarm(this.#seed, this.#home, world, { places: role === 'relay' && this.#isPlaced });
    swarm.limit(this.#mostBytesPerS);
    this.#swarm = { swarm, scope };
    return swarm;
  }

  async #closeSwarm(): Promise<void> {
    const open = this.#swarm;
    this.#swarm = undefined;
    if (!open) return;
    this.#before.receivedBytes += open.swarm.counts.receivedBytes;
    this.#before.lateBytes += open.swarm.counts.lateBytes;
    await open.scope.close();
  }
}
