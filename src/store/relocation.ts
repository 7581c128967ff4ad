import type { PieceIndex } from '#base/units.ts';
import type { Changes } from './changes.ts';
import type { Disk } from './disk.ts';
import type { Disks } from './disks.ts';
import type { Layout } from './layout.ts';
import { Move, NoRoom, type Pace } from './moving.ts';
import type { PiecesAtRest } from './pieces-at-rest.ts';
import { failed, type Residence, type TaskHome } from './task-home.ts';
import type { Failed, PieceBuffer, PieceMaker, TaskShape } from './task-store.ts';

export type RelocationWorld<P extends PieceBuffer> = {
  readonly maker: PieceMaker<P>;
  readonly disks: Disks;
  readonly layout: Layout;
  readonly home: Pick<TaskHome, 'now'>;
  readonly atRest: PiecesAtRest<P>;
  readonly changes: Changes;
  /** As it is known now. */
  shape(): TaskShape;
  /** It is being looked through, or removed. */
  mustStay(): boolean;
};

/** 'no-room': the other disk became full. 'not-now': it may be tried again. */
export type Moved = { kind: 'moved'; bytes: number } | { kind: 'no-room' } | { kind: 'not-now' } | Failed;

/**
 * When one torrent changes its home.
 * Invariant: its home changes in one step, in which nothing else changes what lies on its disk; until then it is where it was.
 */
export class Relocation<P extends PieceBuffer> {
  readonly #world: RelocationWorld<P>;
  #now: { readonly move: Move<P>; readonly end: AbortController } | undefined;

  constructor(world: RelocationWorld<P>) {
    this.#world = world;
  }

  get underWay(): boolean {
    return this.#now !== undefined;
  }

  /** A piece has been written at the home. */
  wrote(index: PieceIndex): void {
    this.#now?.move.wrote(index);
  }

  /** The torrent stays where it is, unless that was decided already. */
  stop(): void {
    this.#now?.end.abort();
  }

  /**
   * All pieces that verify go to another disk, which is the torrent's home from then on; the folder that they lay in goes. Whoever reads and writes
   * meanwhile notices nothing. 'not-now': it has no home, is being moved or looked through, or ended meanwhile.
   */
  async to(disk: Disk, pace: Pace, signal: AbortSignal): Promise<Moved> {
    const { home, changes, atRest } = this.#world;
    const from = home.now;
    if (!from || from.disk === disk || this.#now || this.#world.mustStay()) return { kind: 'not-now' };
    const end = new AbortController();
    const both = AbortSignal.any([signal, end.signal]);
    const move = this.#newMove(from, disk);
    this.#now = { move, end };
    let moved = false;
    try {
      await move.copy(pace, both);
      moved = await changes.still(() => this.#settle(move, from, disk, both));
    } catch (error) {
      signal.throwIfAborted();
      if (end.signal.aborted) return { kind: 'not-now' };
      return error instanceof NoRoom ? { kind: 'no-room' } : failed(error);
    } finally {
      this.#now = undefined;
      await move.discard();
    }
    if (!moved) return { kind: 'not-now' };
    // Who began to read before still reads there.
    await atRest.settled();
    await from.disk.files.forget(`${from.folder.path}/`);
    await from.folder.remove();
    return { kind: 'moved', bytes: move.bytes };
  }

  /** False: something has come between, and the torrent stays where it is. */
  async #settle(move: Move<P>, from: Residence, to: Disk, signal: AbortSignal): Promise<boolean> {
    const { disks, home } = this.#world;
    const stays = () => home.now === from && disks.at(to.path) === to && to.state === 'good';
    if (this.#world.mustStay() || !stays()) return false;
    await move.finish(signal);
    disks.settle(this.#world.shape().infoHash, to);
    return true;
  }

  #newMove(from: Residence, to: Disk): Move<P> {
    const { layout, home, atRest, maker } = this.#world;
    return new Move<P>({
      shape: this.#world.shape(),
      layout,
      from,
      to,
      read: async (index) => {
        if (home.now !== from) throw new Error('the disk is gone');
        const read = await atRest.read(index);
        if (read.kind === 'failed') throw read.error;
        return read.kind === 'ok' ? read.piece : undefined;
      },
      discard: (piece) => maker.discard(piece),
    });
  }
}
