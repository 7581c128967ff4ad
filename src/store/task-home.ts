import { join } from 'node:path';
import { errorCode, errorText } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import type { Disk } from './disk.ts';
import type { Disks } from './disks.ts';
import type { Layout } from './layout.ts';
import type { DiskCost } from './piece-cache-cost.ts';
import { PieceFiles } from './piece-files.ts';
import { TaskFolder } from './task-folder.ts';
import type { Failed, TaskShape } from './task-store.ts';

/** A torrent's folder on the disk that is its home. */
export type Residence = { readonly disk: Disk; readonly folder: TaskFolder; readonly files: PieceFiles };

/** Where one torrent lies, and the room that there is for more of it. */
export class TaskHome {
  readonly #disks: Disks;
  readonly #shape: TaskShape;
  readonly #layout: Layout;
  readonly #log: Log;
  #residence: Residence | undefined;

  constructor(disks: Disks, shape: TaskShape, layout: Layout, log: Log) {
    this.#disks = disks;
    this.#shape = shape;
    this.#layout = layout;
    this.#log = log;
  }

  /** It may be another one than at the last question, or none. */
  get now(): Residence | undefined {
    const disk = this.#disks.home(this.#shape.infoHash);
    if (disk === this.#residence?.disk) return this.#residence;
    this.#residence = disk && this.#resideOn(disk);
    return this.#residence;
  }

  /** Of the disk that is the home at the time of asking; without one, nothing can be read again. */
  cost(): DiskCost {
    const home = () => this.now?.disk.cost;
    return {
      get seekMs() {
        return home()?.seekMs ?? 0;
      },
      readMs: (bytes) => home()?.readMs(bytes) ?? 0,
    };
  }

  /** Does work that writes so many bytes, in a home that is chosen first where there is none. The disk's trouble is an answer. */
  async withRoom<T extends { kind: string }>(
    bytes: number,
    work: (home: Residence) => Promise<T>,
  ): Promise<T | Failed | { kind: 'full' }> {
    const { infoHash, totalBytes } = this.#shape;
    if (!this.now) await this.#disks.place(infoHash, totalBytes);
    const home = this.now;
    if (!home) return this.#disks.inOrder ? { kind: 'full' } : failed(new Error('no disk is in order'));
    const { space } = home.disk;
    try {
      const room = await space.reserve(bytes);
      if (!room) return { kind: 'full' };
      try {
        const answer = await work(home);
        if (answer.kind !== 'failed') space.written();
        return answer;
      } finally {
        space.release(room);
      }
    } catch (error) {
      const code = errorCode(error);
      if (code === 'ENOSPC' || code === 'EDQUOT') {
        space.refused();
        return { kind: 'full' };
      }
      this.#disks.trouble(home.disk, error, 'write');
      this.#log.error('disk-failed', { disk: home.disk.path, why: errorText(error), code });
      return failed(error);
    }
  }

  #resideOn(disk: Disk): Residence {
    const folder = new TaskFolder(join(disk.root, this.#shape.infoHash), this.#layout.text());
    return { disk, folder, files: new PieceFiles(this.#shape, this.#layout, folder, disk.files) };
  }
}

export const failed = (error: unknown): Failed => ({
  kind: 'failed',
  error: error instanceof Error ? error : new Error(String(error)),
});
