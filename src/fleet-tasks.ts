import type { Scope } from '#base/scope.ts';
import type { InfoHash } from '#base/units.ts';
import type { Bundle } from '#fleet/node/installer.ts';
import { type Keep, type Kept, type KeptWorld, NoPlace } from '#fleet/node/keep.ts';
import type { Seed } from '#fleet/seed.ts';
import type { TaskStore } from '#store/task-store.ts';
import type { Task } from '#task/task.ts';
import type { FramedPiece } from '#wire/framed-piece.ts';
import { shapeOf } from '#wire/piece-shape.ts';
import { FLEET_TASK_LIMITS, PASSING_REFUSALS } from './fleet-limits.ts';
import { type FleetTasksWorld, hadOf, KeptTask } from './kept-task.ts';

/**
 * Distributions as torrents of the box: each is a task like any other, served from the cache to whoever asks for it, and fetched by the rules of what is fetched ahead. What it
 * is beside: signed, so that each piece must pass its SHA-256 before it is had; and wanted, so that nothing of it is evicted.
 */
export class FleetTasks implements Keep {
  readonly takesBytes = true;
  readonly dialsBothWays = true;
  readonly #world: FleetTasksWorld;
  /** `users`: the same bytes may be distributed more than once. */
  readonly #open = new Map<InfoHash, { readonly seed: Seed; users: number }>();
  readonly #kept = new Set<KeptTask>();

  constructor(world: FleetTasksWorld, scope: Scope) {
    this.#world = world;
    scope.every(FLEET_TASK_LIMITS.lookMs, () => {
      for (const kept of this.#kept) kept.look();
    });
  }

  /** A node works on it, though its book may not say so yet. */
  isOpen(infoHash: InfoHash): boolean {
    return this.#open.has(infoHash);
  }

  /** See TaskWorld. */
  pieceSha256(infoHash: InfoHash): Uint8Array | undefined {
    return (this.#open.get(infoHash)?.seed ?? this.#world.seedOf(infoHash))?.pieceSha256;
  }

  freeBytes(): number | Promise<number> {
    return this.#world.room();
  }

  async open(seed: Seed, world: KeptWorld): Promise<Kept> {
    const { infoHash } = seed.meta;
    const open = this.#open.get(infoHash) ?? { seed, users: 0 };
    this.#open.set(infoHash, open);
    open.users++;
    const closed = (): void => {
      if (--open.users === 0) this.#open.delete(infoHash);
    };
    try {
      const task = await this.#signedTask(seed);
      if (!(await task.rechecked())) throw new NoPlace('busy', 'its torrent is being changed');
      const kept = new KeptTask(seed, this.#world, world, () => {
        this.#kept.delete(kept);
        closed();
      });
      if (!world.wasWhole) await kept.verify();
      this.#kept.add(kept);
      return kept;
    } catch (error) {
      closed();
      throw error;
    }
  }

  async bundle({ meta, pieceSha256 }: Seed): Promise<Bundle | undefined> {
    if (meta.files.length !== 1 || !hadOf(meta, this.#world)?.full) return undefined;
    const shape = shapeOf({ ...meta, pieceSha256 });
    const pieces = this.#world.store.task(shape);
    pieces.describe(shape);
    return { sizeBytes: meta.totalBytes, bytes: () => this.#bytes(meta.infoHash, meta.pieceCount, pieces) };
  }

  async *#bytes(infoHash: InfoHash, count: number, pieces: TaskStore<FramedPiece>): AsyncGenerator<Uint8Array> {
    for (let index = 0; index < count; index++) {
      const read = await pieces.read(index);
      if (read.kind !== 'ok') {
        // Its task learns that it is lost, and fetches it again.
        await this.#world.manager.living(infoHash)?.prove(index);
        throw new Error(`piece ${index} cannot be read`, { cause: read.kind === 'failed' ? read.error : read.kind });
      }
      try {
        yield Buffer.concat(read.piece.payloadParts());
      } finally {
        pieces.done(read.piece);
      }
    }
  }

  /** One that was begun before it was known what was signed verifies by less: another takes its place. */
  async #signedTask({ meta }: Seed): Promise<Task> {
    const { manager } = this.#world;
    const ids = [meta.infoHash];
    if (manager.living(meta.infoHash)?.isSigned === false) await manager.dismiss(ids, 'removed');
    manager.forgive(ids);
    const task = manager.order(meta.infoHash);
    if (typeof task === 'string') throw noPlace(task);
    await task.rechecked();
    task.learn(meta.infoBytes);
    if (task.gone || !task.isSigned) throw noPlace(manager.refusal([meta.infoHash], true) ?? 'overload');
    return task;
  }
}

const noPlace = (why: string): NoPlace =>
  new NoPlace(PASSING_REFUSALS.has(why) ? 'busy' : 'blocked', `the box has no part in its torrent: ${why}`);
