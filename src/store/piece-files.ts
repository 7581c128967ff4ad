import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { readAll, within } from '#base/whole-io.ts';
import { borrowedIn, borrowFrom } from './borrowing.ts';
import { type Layout, segmentName } from './layout.ts';
import type { OpenFiles } from './open-files.ts';
import { Places } from './places.ts';
import type { TaskFolder } from './task-folder.ts';
import type { Lender, PieceBuffer, SharedFile, TaskShape } from './task-store.ts';

/** The bytes of one torrent's pieces in the files of its folder. Knows nothing of hashes; rejects with system errors. */
export class PieceFiles {
  readonly #shape: TaskShape;
  readonly #layout: Layout;
  readonly #folder: TaskFolder;
  readonly #files: OpenFiles;
  #places: Promise<Places> | undefined;

  constructor(shape: TaskShape, layout: Layout, folder: TaskFolder, files: OpenFiles) {
    this.#shape = shape;
    this.#layout = layout;
    this.#folder = folder;
    this.#files = files;
  }

  /** Known once the folder was looked into. */
  places(): Promise<Places> {
    this.#places ??= borrowedIn(this.#folder.path)
      .then((borrowed) => new Places(this.#shape, this.#layout, borrowed))
      .catch((error: unknown) => {
        this.#places = undefined;
        throw error;
      });
    return this.#places;
  }

  path(name: string): string {
    return join(this.#folder.path, name);
  }

  /** Durable when it resolves. */
  async write(piece: PieceBuffer): Promise<void> {
    await this.#folder.ready();
    const places = await this.places();
    let done = 0;
    for (const { name, offset, lengthBytes } of places.extents(piece.index)) {
      const parts = within(piece.payloadParts(), done, lengthBytes);
      await this.#files.use(this.path(name), 'write', async (file) => {
        await file.write(parts, offset);
        await file.durable();
      });
      done += lengthBytes;
    }
  }

  /** Fills the piece; false when a file ends before. */
  async read(piece: PieceBuffer): Promise<boolean> {
    const places = await this.places();
    let done = 0;
    for (const { name, offset, lengthBytes } of places.extents(piece.index)) {
      const parts = within(piece.payloadParts(), done, lengthBytes);
      const whole = await this.#files.use(this.path(name), 'read', (file) => readAll(file.handle, parts, offset));
      if (!whole) return false;
      done += lengthBytes;
    }
    return true;
  }

  /** What is being read is read to its end. */
  async unlink(segment: number): Promise<void> {
    const path = this.path(segmentName(segment));
    await this.#files.forget(path);
    await rm(path, { force: true });
  }

  /** Makes what was written to a file durable. */
  sync(path: string): Promise<void> {
    return this.#files.use(path, 'write', (file) => file.durable());
  }

  async borrow(file: SharedFile, from: Lender): Promise<void> {
    const { borrowed } = await this.places();
    await this.#folder.ready();
    const { path } = this.#folder;
    const more = await borrowFrom(join(dirname(path), from.infoHash), from, file, path, borrowed);
    this.#places = Promise.resolve(new Places(this.#shape, this.#layout, more));
  }
}
