import { type Endpoint, endpointKey } from '#base/endpoint.ts';
import type { Scope } from '#base/scope.ts';
import type { PieceIndex } from '#base/units.ts';
import type { BegunLog } from '#store/begun-log.ts';
import type { FramedPiece } from '#wire/framed-piece.ts';
import type { Metainfo } from '#wire/metainfo.ts';
import { shapeOf } from '#wire/piece-shape.ts';
import { PieceShelf } from './piece-shelf.ts';
import { StockCheck } from './stock-check.ts';
import type { Remembered, TaskWorld } from './task-world.ts';

export type HoldingsWorld = Pick<TaskWorld, 'store' | 'begun' | 'lenders' | 'keepInfo' | 'keptBeside' | 'log'> & {
  readonly scope: Scope;
  /** `found`: on the disk, not fetched. */
  gained(piece: PieceIndex, found: boolean): void;
  lost(piece: PieceIndex): void;
  /** The disk is gone, and every piece with it. */
  lostAll(): void;
  /** The disk takes no more pieces. */
  cannotKeep(why: 'disk-full' | 'disk-failed'): void;
  contradicted(): void;
  /** Pieces were lost whose bytes are about to go: the index is to forget them, durably. False: it does not. */
  forgets(): boolean;
  /** A look for pieces on the disk has begun, or is over. */
  checking(): void;
};

/** What a task has of its torrent: the shelf once the metainfo is known, what else the disk holds, and begun pieces. */
export class Holdings {
  readonly #world: HoldingsWorld;
  readonly #stock: StockCheck;
  #shelf: PieceShelf | undefined;
  #begun: BegunLog | undefined;
  /** The info dictionary lies beside the pieces. */
  #beside = false;

  constructor(world: HoldingsWorld) {
    this.#world = world;
    this.#stock = new StockCheck({
      scope: world.scope,
      lenders: (file) => world.lenders(file),
      changed: () => world.checking(),
      done: (found) => world.log.info('re-checked', { found, have: this.#shelf?.have.count }),
    });
  }

  get shelf(): PieceShelf | undefined {
    return this.#shelf;
  }

  get begun(): BegunLog | undefined {
    return this.#begun;
  }

  get whole(): boolean {
    return this.#shelf?.have.full ?? false;
  }

  /** What it has not; undefined while its metainfo is unknown. */
  get leftBytes(): number | undefined {
    return this.#shelf && this.#shelf.meta.totalBytes - this.#shelf.haveBytes;
  }

  /** Known not to be private (BEP 27), and by a name that BitTorrent knows. */
  get isPublic(): boolean {
    return this.#shelf !== undefined && !this.#shelf.meta.isPrivate && !this.#shelf.meta.byPieces;
  }

  /** The shelf once it is known what is on it: nothing is given up before. */
  get checkedShelf(): PieceShelf | undefined {
    return this.checked ? this.#shelf : undefined;
  }

  /** While this is so nothing should be fetched: it may be on the disk. */
  get checked(): boolean {
    return !this.#stock.running;
  }

  /** Resolves when all that the disk holds is known. */
  settled(): Promise<void> {
    return this.#stock.over();
  }

  /** Pieces can be verified from now on. To be called once. */
  open(meta: Metainfo, from: string, remembered: Omit<Remembered, 'info' | 'layers'>): PieceShelf {
    const { log } = this.#world;
    const shelf = new PieceShelf(meta, remembered.have, this.#world.store(shapeOf(meta)), {
      gained: (piece) => this.#gained(shelf, piece),
      lost: (piece) => this.#world.lost(piece),
      disk: (what) => this.#disk(shelf, what),
      cannotKeep: (why) => this.#world.cannotKeep(why),
      contradicted: () => this.#world.contradicted(),
      forgets: () => this.#world.forgets(),
      keptBeside: (known) => this.#world.keptBeside(known),
      log,
    });
    this.#shelf = shelf;
    this.#begun = this.#world.begun();
    const { name, version, pieceCount } = meta;
    log.info('metainfo', { from, name, version, pieces: pieceCount, have: shelf.have.count });
    this.#beside = from === 'the disk';
    if (this.#worthKeeping(shelf, from, remembered)) this.#keepBeside(shelf);
    this.#stock.begin(shelf, remembered.doubtful);
    return shelf;
  }

  /** Pieces can be verified by more. */
  describe(meta: Metainfo): void {
    const shelf = this.#shelf;
    if (!shelf) return;
    shelf.describe(meta);
    this.#world.scope.run(() => shelf.keepMetainfo());
    this.#stock.begin(shelf, false);
  }

  async accept(piece: FramedPiece, from: readonly Endpoint[]): Promise<'ok' | 'bad' | 'full' | 'failed'> {
    const { index } = piece;
    if (!this.#shelf) throw new Error('bug: a piece before the metainfo');
    const result = await this.#shelf.accept(piece);
    if (result === 'bad')
      this.#world.log.warn('piece refused', { piece: index, from: from.map(endpointKey).join(' ') });
    return result;
  }

  /**
   * Whether it is to be written beside the pieces before there is a piece. Not when it, or pieces, may lie on a disk that is
   * away: a torrent is at home where it was written last, and what lies elsewhere is given up. Nor by a hash of piece hashes.
   */
  #worthKeeping({ have, meta }: PieceShelf, from: string, remembered: Omit<Remembered, 'info' | 'layers'>): boolean {
    if (from === 'the disk' || remembered.beside) return false;
    return from === 'the index' ? have.count > 0 : !meta.byPieces;
  }

  #gained(shelf: PieceShelf, piece: PieceIndex): void {
    // A hash of piece hashes binds them, and not the length of a piece: a stranger's metainfo under such a name is worth
    // keeping only once a piece has verified by it.
    if (shelf.meta.byPieces && shelf.have.count === 1) this.#world.keepInfo(shelf.meta);
    if (!this.#beside) this.#keepBeside(shelf);
    this.#world.gained(piece, this.#stock.running);
  }

  #keepBeside(shelf: PieceShelf): void {
    this.#beside = true;
    this.#world.scope.run(() => shelf.keepMetainfo());
  }

  /** What the index knows is not changed while the disk is away: if it comes back soon, nothing needs to be looked for. */
  #disk(shelf: PieceShelf, what: 'gone' | 'back'): void {
    this.#beside = what === 'back';
    if (what === 'gone') this.#world.lostAll();
    else this.#stock.begin(shelf, true);
  }
}
