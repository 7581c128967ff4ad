import { Bitfield } from '#base/bitfield.ts';
import { errorCode } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import type { PieceIndex } from '#base/units.ts';
import type { Lent } from '#client/client-world.ts';
import type { TaskMemory } from '#store/piece-cache-task.ts';
import type { Lender, ReadResult, SharedFile, TaskStore, Verified } from '#store/task-store.ts';
import type { FramedPiece } from '#wire/framed-piece.ts';
import { type Metainfo, pieceSize } from '#wire/metainfo.ts';
import { layersOf } from '#wire/piece-layers.ts';
import { shapeOf } from '#wire/piece-shape.ts';
import { leastLost, meanStake, type StakeOf } from './giving-up.ts';
import { LIMITS } from './limits.ts';

/** 'not-had': nothing is said of a piece that nobody believes to be there. */
export type AtRest = Verified | { kind: 'not-had' };

/** Bad bytes and bad sectors are as good as gone and fetched again; a busy disk is not. */
export const isLost = (found: ReadResult<unknown> | AtRest): boolean =>
  found.kind === 'corrupt' || (found.kind === 'failed' && errorCode(found.error) === 'EIO');

/** What the shelf tells its task. */
export type ShelfWorld = {
  /** A piece is verified and durable: it may be announced. */
  gained(piece: PieceIndex): void;
  /** A piece at rest turned out to be bad; it is no longer had. */
  lost(piece: PieceIndex): void;
  /** The disk is gone: nothing is had any more; or it is there again, with pieces on it. */
  disk(what: 'gone' | 'back'): void;
  /** The disk takes no more pieces. A busy disk is another matter. */
  cannotKeep(why: 'disk-full' | 'disk-failed'): void;
  /** A piece has one of its hashes and lacks the other: the torrent is two, and neither can be served. */
  contradicted(): void;
  /** Pieces were lost whose bytes are about to go: see TaskStore.drop. */
  forgets(): boolean;
  /** All that is known of the torrent lies beside its pieces, durable. */
  keptBeside(meta: Metainfo): void;
  readonly log: Log;
};

/**
 * The pieces that one task has.
 * Invariant: `have` holds exactly the pieces that were verified and are durable, less those found bad since.
 */
export class PieceShelf {
  readonly have: Bitfield;
  #meta: Metainfo;
  #haveBytes = 0;
  readonly #store: TaskStore<FramedPiece>;
  readonly #world: ShelfWorld;

  /** `known`: the bitfield that the index kept; one of another length is worth nothing, nor is one whose disk is not here. */
  constructor(meta: Metainfo, known: Uint8Array | undefined, store: TaskStore<FramedPiece>, world: ShelfWorld) {
    this.#meta = meta;
    const here = store.empty ? undefined : known;
    this.have = (here && Bitfield.from(here, meta.pieceCount)) ?? new Bitfield(meta.pieceCount);
    this.#store = store;
    this.#world = world;
    store.onDisk((what) => {
      if (what === 'gone') this.#loseAll();
      world.disk(what);
    });
    for (let piece = 0; piece < meta.pieceCount; piece++)
      if (this.have.has(piece)) this.#haveBytes += this.#size(piece);
  }

  get meta(): Metainfo {
    return this.#meta;
  }

  get memory(): TaskMemory {
    return this.#store.memory;
  }

  get haveBytes(): number {
    return this.#haveBytes;
  }

  /** The same torrent, whose pieces can be verified by more. */
  describe(meta: Metainfo): void {
    this.#meta = meta;
    this.#store.describe(shapeOf(meta));
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
      case 'contradiction':
        this.#world.log.error('the torrent contradicts itself', { piece: index });
        this.#world.contradicted();
        return 'failed';
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
   * undefined when it is not to be had. `inOrder`: for who reads from front to back.
   */
  block(
    index: PieceIndex,
    begin: number,
    length: number,
    asOne: boolean,
    inOrder = false,
  ): Lent | undefined | Promise<Lent | undefined> {
    if (!this.have.has(index) || length <= 0 || begin + length > this.#size(index)) return undefined;
    const cached = this.#store.cached(index);
    if (inOrder) this.#readAhead(index + 1);
    return cached ? this.#lend(cached, begin, length, asOne) : this.#read(index, begin, length, asOne);
  }

  /** For who reads from front to back: the next piece is in memory when it is asked for. */
  #readAhead(index: PieceIndex): void {
    const { memory } = this;
    if (index >= this.#meta.pieceCount || !this.have.has(index) || memory.holds(index)) return;
    // In little memory it would push out what is being read.
    if (memory.shareBytes < LIMITS.aheadRoom * this.#meta.pieceLength) return;
    void this.#store.read(index).then((read) => {
      if (isLost(read)) this.#lose(index);
      if (read.kind === 'ok') this.#store.done(read.piece);
    });
  }

  #lend(piece: FramedPiece, begin: number, length: number, asOne: boolean): Lent {
    let isOver = false;
    const done = (): void => {
      if (!isOver) this.#store.done(piece);
      isOver = true;
    };
    return { parts: messages(piece, begin, length, asOne), done };
  }

  async #read(index: PieceIndex, begin: number, length: number, asOne: boolean): Promise<Lent | undefined> {
    const read = await this.#store.read(index);
    if (read.kind === 'ok') return this.#lend(read.piece, begin, length, asOne);
    const why = read.kind === 'corrupt' ? 'its hash does not match any more' : read.error.message;
    this.#world.log.error('piece not read', { piece: index, why });
    if (isLost(read)) this.#lose(index);
    return undefined;
  }

  /** Verifies a piece where it lies, though it may be in memory. What is found bad is lost, as if a client had asked for it. */
  async verify(index: PieceIndex): Promise<AtRest> {
    if (!this.have.has(index)) return { kind: 'not-had' };
    const found = await this.#store.verify(index);
    // Given up meanwhile.
    if (!this.have.has(index)) return { kind: 'not-had' };
    if (isLost(found)) this.#lose(index);
    return found;
  }

  /** As `verify`, and while others use the disk, too: by all that is known by now. */
  async prove(index: PieceIndex): Promise<void> {
    const found = await this.verify(index);
    if (found.kind === 'busy') (await this.block(index, 0, this.#size(index), true))?.done?.();
  }

  /** What is lost with a piece of the segment that would go first, on average; undefined: none may go. */
  leastStake(stakeOf: StakeOf): number | undefined {
    const { segmentPieces } = this.#store;
    const { size } = this.have;
    const firsts = Array.from({ length: Math.ceil(size / segmentPieces) }, (_, i) => i * segmentPieces);
    const pieces = (first: PieceIndex) => range(first, Math.min(first + segmentPieces, size));
    return leastLost(firsts, (first) => this.#stake(pieces(first), stakeOf))?.stake;
  }

  /** Gives up the segments with which the least is lost, until so many bytes went. Returns how many did. `stakes`: asked again in the last moment. */
  async evict(bytes: number, stakes: () => StakeOf): Promise<number> {
    const all = await this.#store.segments();
    const now = stakes();
    let freed = 0;
    for (const segment of leastLost(all, ({ pieces }) => this.#stake(pieces, now))?.segments ?? []) {
      if (freed >= bytes) break;
      let gone = 0;
      const forget = (): boolean => {
        if (this.#stake(segment.pieces, stakes()) === undefined) return false;
        for (const piece of segment.pieces.filter((each) => this.have.has(each))) {
          this.#lose(piece);
          gone += this.#size(piece);
        }
        return gone > 0 && this.#world.forgets();
      };
      if (await this.#store.drop(segment, forget)) freed += gone;
    }
    return freed;
  }

  #stake(pieces: readonly PieceIndex[], stakeOf: StakeOf): number | undefined {
    return meanStake(pieces, (piece) => this.have.has(piece), stakeOf);
  }

  /** After an unclean stop: finds pieces that were written but not yet noted. */
  recheck(signal: AbortSignal): Promise<number> {
    return this.#find(this.have, signal);
  }

  /** Files of which nothing is had, and which other torrents may have (BEP 52 names them alike); the largest of them. */
  absentFiles(): SharedFile[] {
    const { rooted, pieceRoots } = this.meta;
    if (!pieceRoots) return [];
    return rooted
      .filter((file) => file.lengthBytes >= LIMITS.sharedFileBytes && !this.#pieces(file).some((p) => this.have.has(p)))
      .sort((a, b) => b.lengthBytes - a.lengthBytes)
      .slice(0, LIMITS.sharedFiles)
      .map(({ piecesRoot, firstPiece, lengthBytes }) => ({ root: piecesRoot, firstPiece, lengthBytes }));
  }

  /** Returns how many pieces are had by it. */
  async borrow(file: SharedFile, from: Lender, signal: AbortSignal): Promise<number> {
    if (!(await this.#store.borrow(file, from))) return 0;
    const others = new Bitfield(this.meta.pieceCount);
    others.setAll();
    for (const piece of this.#pieces(file)) if (!this.have.has(piece)) others.clear(piece);
    return this.#find(others, signal);
  }

  async #find(known: Bitfield, signal: AbortSignal): Promise<number> {
    let found = 0;
    await this.#store.recheck(
      known,
      (index) => {
        found++;
        this.#gain(index);
      },
      signal,
    );
    return found;
  }

  #pieces({ firstPiece, lengthBytes }: Pick<SharedFile, 'firstPiece' | 'lengthBytes'>): PieceIndex[] {
    return range(firstPiece, firstPiece + Math.ceil(lengthBytes / this.meta.pieceLength));
  }

  async keepMetainfo(): Promise<void> {
    const meta = this.#meta;
    const written = await this.#store.writeMetainfo(meta.infoBytes, layersOf(meta));
    if (written.kind !== 'ok') this.#world.log.warn('metainfo not written beside the pieces', { why: written.kind });
    // Else more has become known meanwhile, and is being written.
    else if (meta === this.#meta) this.#world.keptBeside(meta);
  }

  #gain(index: PieceIndex): void {
    if (!this.have.set(index)) return;
    this.#haveBytes += this.#size(index);
    this.#world.gained(index);
  }

  #loseAll(): void {
    for (let index = 0; index < this.meta.pieceCount; index++) this.have.clear(index);
    this.#haveBytes = 0;
  }

  #lose(index: PieceIndex): void {
    if (!this.have.clear(index)) return;
    this.#haveBytes -= this.#size(index);
    this.#world.lost(index);
  }

  #size(index: PieceIndex): number {
    return pieceSize(this.meta, index);
  }
}

const range = (from: number, end: number): number[] => Array.from({ length: end - from }, (_, i) => from + i);

function messages(piece: FramedPiece, begin: number, length: number, asOne: boolean): readonly Uint8Array[] {
  const run = asOne ? undefined : piece.run(begin, length);
  return run ? [run] : piece.message(begin, length);
}
