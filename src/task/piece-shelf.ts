import { Bitfield } from '#base/bitfield.ts';
import { errorCode } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import type { PieceIndex } from '#base/units.ts';
import type { TaskStore } from '#store/task-store.ts';
import type { FramedPiece } from '#wire/framed-piece.ts';
import { type Metainfo, pieceSize } from '#wire/metainfo.ts';

type Blocks = readonly Uint8Array[];

/** What the shelf tells its task. */
export type ShelfWorld = {
  /** A piece is verified and durable: it may be announced. */
  gained(piece: PieceIndex): void;
  /** A piece at rest turned out to be bad; it is no longer had. */
  lost(piece: PieceIndex): void;
  /** The disk takes no more pieces. A busy disk is another matter. */
  cannotKeep(why: 'disk-full' | 'disk-failed'): void;
  readonly log: Log;
};

/**
 * The pieces that one task has.
 * Invariant: `have` holds exactly the pieces that were verified and are durable, less those found bad since.
 */
export class PieceShelf {
  readonly meta: Metainfo;
  readonly have: Bitfield;
  readonly #store: TaskStore<FramedPiece>;
  readonly #world: ShelfWorld;

  /** `known`: the bitfield that the index kept; one of another length is worth nothing. */
  constructor(meta: Metainfo, known: Uint8Array | undefined, store: TaskStore<FramedPiece>, world: ShelfWorld) {
    this.meta = meta;
    this.have = (known && Bitfield.from(known, meta.pieceCount)) ?? new Bitfield(meta.pieceCount);
    this.#store = store;
    this.#world = world;
  }

  get haveBytes(): number {
    const last = this.meta.pieceCount - 1;
    const short = this.have.has(last) ? this.meta.pieceLength - pieceSize(this.meta, last) : 0;
    return this.have.count * this.meta.pieceLength - short;
  }

  /** Verifies and stores a piece from outside. */
  async accept(piece: FramedPiece): Promise<'ok' | 'bad' | 'full' | 'failed'> {
    const { index } = piece;
    const accepted = await this.#store.accept(piece);
    switch (accepted.kind) {
      case 'durable':
        this.#gain(index);
        return 'ok';
      case 'hash-mismatch':
        return 'bad';
      case 'full':
        this.#world.cannotKeep('disk-full');
        return 'full';
      case 'failed':
        this.#world.log.error('piece not written', { piece: index, why: accepted.error.message });
        if (errorCode(accepted.error) !== 'EBUSY') this.#world.cannotKeep('disk-failed');
        return 'failed';
    }
  }

  /**
   * Wire-ready piece messages: one of `length` bytes (`asOne`), or one per block. At once when the piece is in memory;
   * undefined when it is not to be had.
   */
  block(
    index: PieceIndex,
    begin: number,
    length: number,
    asOne: boolean,
  ): Blocks | undefined | Promise<Blocks | undefined> {
    if (!this.have.has(index) || length <= 0 || begin + length > pieceSize(this.meta, index)) return undefined;
    const cached = this.#store.cached(index);
    return cached ? messages(cached, begin, length, asOne) : this.#read(index, begin, length, asOne);
  }

  async #read(index: PieceIndex, begin: number, length: number, asOne: boolean): Promise<Blocks | undefined> {
    const read = await this.#store.read(index);
    if (read.kind === 'ok') return messages(read.piece, begin, length, asOne);
    const why = read.kind === 'corrupt' ? 'its hash does not match any more' : read.error.message;
    this.#world.log.error('piece not read', { piece: index, why });
    // Bad bytes and bad sectors are as good as gone and fetched again; a busy disk is not.
    const gone = read.kind === 'corrupt' || errorCode(read.error) === 'EIO';
    if (gone && this.have.clear(index)) this.#world.lost(index);
    return undefined;
  }

  /** After an unclean stop: finds pieces that were written but not yet noted. */
  async recheck(signal: AbortSignal): Promise<number> {
    let found = 0;
    await this.#store.recheck(
      this.have,
      (index) => {
        found++;
        this.#gain(index);
      },
      signal,
    );
    return found;
  }

  async keepMetainfo(): Promise<void> {
    const written = await this.#store.writeMetainfo(this.meta.infoBytes);
    if (written.kind !== 'ok') this.#world.log.warn('metainfo not written beside the pieces', { why: written.kind });
  }

  #gain(index: PieceIndex): void {
    if (this.have.set(index)) this.#world.gained(index);
  }
}

function messages(piece: FramedPiece, begin: number, length: number, asOne: boolean): Blocks {
  const run = asOne ? undefined : piece.run(begin, length);
  return run ? [run] : piece.message(begin, length);
}
