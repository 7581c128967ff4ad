import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { PieceIndex } from '#base/units.ts';
import type { Disk } from './disk.ts';
import type { Layout } from './layout.ts';
import { PieceFiles } from './piece-files.ts';
import { INFO_FILE, LAYERS_FILE, REMOVED, settleFolder, TaskFolder, textOrNothing } from './task-folder.ts';
import type { Residence } from './task-home.ts';
import type { PieceBuffer, TaskShape } from './task-store.ts';

/** Waits until so many bytes may be moved. `load`: reads and writes that others have under way or waiting on both disks. */
export type Pace = (bytes: number, load: () => number, signal: AbortSignal) => Promise<void>;

export type MoveWorld<P extends PieceBuffer> = {
  readonly shape: TaskShape;
  readonly layout: Layout;
  readonly from: Residence;
  readonly to: Disk;
  /** From the disk, verified; undefined: there is no such piece. Rejects when the disk does not give it. */
  read(index: PieceIndex): Promise<P | undefined>;
  discard(piece: P): void;
};

/** There is no room where the torrent was to go. */
export class NoRoom extends Error {}

/**
 * A copy of one torrent on another disk, in the making: only pieces that verify, in a folder whose name makes it rubbish until it is whole.
 * Who writes to the torrent meanwhile says so (`wrote`), and what was written is copied again.
 */
export class Move<P extends PieceBuffer> {
  readonly #world: MoveWorld<P>;
  readonly #folder: TaskFolder;
  readonly #files: PieceFiles;
  /** Written at the old home since the move began. */
  readonly #late = new Set<PieceIndex>();
  #isWhole = false;
  bytes = 0;

  constructor(world: MoveWorld<P>) {
    this.#world = world;
    const { shape, layout, to } = world;
    const name = `${shape.infoHash}.${process.hrtime.bigint()}${REMOVED}`;
    this.#folder = new TaskFolder(join(to.root, name), layout.text());
    this.#files = new PieceFiles(shape, layout, this.#folder, to.files);
  }

  wrote(index: PieceIndex): void {
    this.#late.add(index);
  }

  /** Everything that is there by now, while others go on reading and writing. */
  async copy(pace: Pace, signal: AbortSignal): Promise<void> {
    const { from } = this.#world;
    await this.#folder.ready();
    const places = await from.files.places();
    for (const { names, pieces } of places.groups()) {
      const ends = new Map(await Promise.all(names.map(async (n) => [n, await sizeOf(from.files.path(n))] as const)));
      for (const index of pieces) {
        const reaches = places.extents(index).every((e) => e.offset + e.lengthBytes <= (ends.get(e.name) ?? 0));
        if (reaches) await this.#copy(index, pace, signal);
      }
    }
    for (let rounds = 0; this.#late.size > 0 && rounds < LATE_ROUNDS; rounds++)
      for (const index of [...this.#late]) await this.#copy(index, pace, signal);
  }

  /** What is left, then the name. To be called while nobody writes to the torrent: from then on its home may be the other disk. */
  async finish(signal: AbortSignal): Promise<void> {
    const { from, to, shape } = this.#world;
    for (const index of [...this.#late]) await this.#copy(index, async () => {}, signal);
    // In this order: an info dictionary is never without the layers that were known with it.
    for (const name of [LAYERS_FILE, INFO_FILE]) {
      const bytes = await textOrNothing(from.files.path(name));
      if (bytes) await this.#withRoom(bytes.length, () => this.#folder.write(name, bytes));
    }
    signal.throwIfAborted();
    await to.files.forget(`${this.#folder.path}/`);
    await settleFolder(this.#folder.path, join(to.root, shape.infoHash));
    this.#isWhole = true;
  }

  /** What is not whole goes. */
  async discard(): Promise<void> {
    if (this.#isWhole) return;
    await this.#world.to.files.forget(`${this.#folder.path}/`);
    await this.#folder.remove();
  }

  async #copy(index: PieceIndex, pace: Pace, signal: AbortSignal): Promise<void> {
    const { from, to, shape, read, discard } = this.#world;
    signal.throwIfAborted();
    const bytes = shape.sizeOf(index);
    await pace(bytes, () => from.disk.load + to.load, signal);
    signal.throwIfAborted();
    this.#late.delete(index);
    const piece = await read(index);
    if (!piece) return;
    await this.#withRoom(bytes, async () => {
      using _turn = await to.writes.enter();
      await this.#files.write(piece);
    });
    this.bytes += bytes;
    discard(piece);
  }

  async #withRoom(bytes: number, work: () => Promise<void>): Promise<void> {
    const { space } = this.#world.to;
    const room = await space.reserve(bytes);
    if (!room) throw new NoRoom(`${this.#world.to.path} has no room for the torrent`);
    try {
      await work();
    } finally {
      space.release(room);
    }
  }
}

/** Whoever writes faster than is copied is waited for at the end. */
const LATE_ROUNDS = 3;

const sizeOf = (path: string): Promise<number> =>
  stat(path).then(
    (file) => (file.isFile() && file.blocks > 0 ? file.size : 0),
    () => 0,
  );
