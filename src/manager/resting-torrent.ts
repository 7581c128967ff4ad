import { Bitfield } from '#base/bitfield.ts';
import type { Clock } from '#base/clock.ts';
import type { InfoHash, PieceIndex } from '#base/units.ts';
import type { Index } from '#index/index.ts';
import { type AtRest, isLost } from '#task/piece-shelf.ts';
import type { StoreLike, Task } from '#task/task.ts';
import { type PieceShape, shapeOf } from '#wire/piece-shape.ts';
import { isRemembered } from './keeping.ts';
import { metainfoOnDisk } from './kept-metainfo.ts';

export type RestingWorld = {
  readonly clock: Clock;
  readonly index: Index;
  readonly store: Pick<StoreLike, 'task' | 'metainfo'>;
  /** The torrent's task, while it has one. */
  living(infoHash: InfoHash): Pick<Task, 'verify'> | undefined;
};

/**
 * Enough of a torrent to verify its pieces where they lie, without waking it.
 * Invariant: which pieces are had is its task's to say while there is one, else the index's.
 */
export class RestingTorrent {
  readonly infoHash: InfoHash;
  readonly #world: RestingWorld;
  readonly #shape: PieceShape;
  /** Of when it was opened: what has come since was verified as it came. */
  readonly #had: Bitfield;

  private constructor(infoHash: InfoHash, shape: PieceShape, had: Bitfield, world: RestingWorld) {
    this.infoHash = infoHash;
    this.#shape = shape;
    this.#had = had;
    this.#world = world;
  }

  /** Undefined when nothing of it can be verified. */
  static async open(infoHash: InfoHash, world: RestingWorld): Promise<RestingTorrent | undefined> {
    const row = world.index.task(infoHash);
    if (!row?.have) return undefined;
    const { info, layers, have } = row;
    const meta = metainfoOnDisk({ infoHash, ...(info ? { info, layers } : await world.store.metainfo(infoHash)) });
    if (!meta || (!meta.pieceHashes && !meta.pieceRoots)) return undefined;
    const had = Bitfield.from(have, meta.pieceCount);
    return had && new RestingTorrent(infoHash, shapeOf(meta), had, world);
  }

  /** The first piece from there on that is to be verified; the piece count when there is none. */
  nextFrom(piece: PieceIndex): PieceIndex {
    const { pieceCount } = this.#shape;
    while (piece < pieceCount && !this.#had.has(piece)) piece++;
    return Math.min(piece, pieceCount);
  }

  get shape(): PieceShape {
    return this.#shape;
  }

  get pieceCount(): number {
    return this.#shape.pieceCount;
  }

  sizeOf(piece: PieceIndex): number {
    return this.#shape.sizeOf(piece);
  }

  /** What is found bad is not had any more, and whoever knew of it is told. Undefined: the task is not ready to say. */
  async verify(piece: PieceIndex): Promise<AtRest | undefined> {
    const { store, living } = this.#world;
    const task = living(this.infoHash);
    if (task) return task.verify(piece);
    const found = await store.task(this.#shape).verify(piece);
    if (!isLost(found)) return found;
    // A task that has woken meanwhile may have told clients of the piece.
    const woken = living(this.infoHash);
    if (woken) return woken.verify(piece);
    return this.#lose(piece) ? found : { kind: 'not-had' };
  }

  /** Gives up at least so many bytes of pieces, the last segments first, and the torrent with its last one. Returns how many went. */
  async evict(bytes: number): Promise<number> {
    const { index, living } = this.#world;
    const store = this.#world.store.task(this.#shape);
    let freed = 0;
    for (const segment of (await store.segments()).toReversed()) {
      if (freed >= bytes) break;
      let gone = 0;
      const forget = (): boolean => {
        // A task that has woken meanwhile has told clients of the pieces.
        const have = living(this.infoHash) ? undefined : index.task(this.infoHash)?.have;
        const bits = have && Bitfield.from(have, this.#shape.pieceCount);
        if (!bits) return false;
        for (const piece of segment.pieces) if (bits.clear(piece)) gone += this.sizeOf(piece);
        return gone > 0 && index.forgetPieces(this.infoHash, bits.bytes);
      };
      if (await store.drop(segment, forget)) freed += gone;
    }
    await this.#leaveEmpty();
    return freed;
  }

  /** Gives up every piece, borrowed ones too. False: a task has woken, or a disk would not take that it is forgotten. */
  async drop(): Promise<boolean> {
    const { index, living, store } = this.#world;
    const none = new Bitfield(this.#shape.pieceCount);
    if (living(this.infoHash) || !index.forgetPieces(this.infoHash, none.bytes)) return false;
    const removed = await store.task(this.#shape).remove();
    index.emptyTask(this.infoHash);
    return removed.kind === 'ok';
  }

  /** Without pieces there is nothing to come back to. */
  async #leaveEmpty(): Promise<void> {
    const { clock, index, living, store } = this.#world;
    const heat = index.heats.of(this.infoHash, clock.nowMs());
    if (living(this.infoHash) || heat?.haveCount !== 0) return;
    if (isRemembered(heat, clock.nowMs())) index.emptyTask(this.infoHash);
    else index.removeTask(this.infoHash);
    await store.task(this.#shape).remove();
  }

  /** False when the index knows no such piece any more. */
  #lose(piece: PieceIndex): boolean {
    const { index } = this.#world;
    const have = index.task(this.infoHash)?.have;
    const bits = have && Bitfield.from(have, this.#shape.pieceCount);
    if (!bits?.clear(piece)) return false;
    index.setHave(this.infoHash, bits.bytes);
    return true;
  }
}
