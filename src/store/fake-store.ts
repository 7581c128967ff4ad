import type { Bitfield } from '#base/bitfield.ts';
import { bug } from '#base/errors.ts';
import type { InfoHash, PieceIndex } from '#base/units.ts';
import { digestsOf, passed, workOf } from './digests.ts';
import type { TaskMemory } from './piece-cache-task.ts';
import type {
  Accepted,
  Failed,
  Lender,
  PieceBuffer,
  PieceMaker,
  ReadResult,
  Segment,
  SharedFile,
  TaskShape,
  TaskStore,
  Verified,
  Written,
} from './task-store.ts';

/** Trouble on demand. Change the fields at any time. */
export type FakeFaults = {
  /** Every write finds the disk full. */
  full: boolean;
  /** Bytes of pieces that it still takes. */
  roomBytes: number;
  /** Every access to the disk fails with this. */
  error: Error | undefined;
  /** Clients use the disk: nothing is verified at rest. */
  busy: boolean;
  /** Awaited inside every access to the disk: a slow disk, or one that a test lets go by hand. */
  pause: (() => Promise<void>) | undefined;
};

/** What lies on the imaginary disk of one torrent. */
type Disk = { pieces: Map<PieceIndex, Buffer>; info: Buffer | undefined; layers: Buffer | undefined };

/** A store without disk or threads that keeps the promises of TaskStore: what a test of a task stands on. */
export class FakeStore<P extends PieceBuffer> {
  readonly faults: FakeFaults = {
    full: false,
    roomBytes: Number.POSITIVE_INFINITY,
    error: undefined,
    busy: false,
    pause: undefined,
  };
  readonly #maker: PieceMaker<P>;
  #disks: Map<InfoHash, Disk>;
  #away: Map<InfoHash, Disk> | undefined;
  isAway = false;
  readonly #listeners: ((what: 'gone' | 'back') => void)[] = [];
  #caches = new Map<InfoHash, Map<PieceIndex, P>>();
  /** How many pieces were read from the imaginary disk. */
  diskReads = 0;
  /** Pieces that were verified at rest, in order. */
  readonly verified: { infoHash: InfoHash; index: PieceIndex }[] = [];
  /** Pieces that were given for use, and of which nobody has said that it is done. */
  lent = 0;
  /** What tasks are told of their part of the memory, and of the disk. It forgets nothing by itself. */
  memoryBytes = Number.POSITIVE_INFINITY;
  seekMs = 0;
  /** Pieces that can be dropped together. */
  segmentPieces = 4;

  /** Every piece that was durable once, as `keptKey` writes it. */
  readonly kept: Set<string>;

  constructor(maker: PieceMaker<P>, disks = new Map<InfoHash, Disk>(), kept = new Set<string>()) {
    this.#maker = maker;
    this.#disks = disks;
    this.kept = kept;
  }

  /** The same imaginary disks, as the next process finds them. Of this one nothing is to be used any more. */
  reopened(): FakeStore<P> {
    return new FakeStore(this.#maker, (this.isAway && this.#away) || this.#disks, this.kept);
  }

  torrents(): InfoHash[] {
    return [...this.#disks].flatMap(([infoHash, { pieces }]) => (pieces.size > 0 ? [infoHash] : []));
  }

  task(shape: TaskShape): TaskStore<P> {
    return new FakeTask(this, this.#maker, shape);
  }

  /** As after a restart, or a memory cache under pressure. */
  forgetMemory(): void {
    this.#caches = new Map();
  }

  /** The imaginary disk is pulled out, or plugged in again; what was written meanwhile is elsewhere. */
  disk(what: 'gone' | 'back'): void {
    this.isAway = what === 'gone';
    if (what === 'gone') this.#away = this.#disks;
    this.#disks = (what === 'back' && this.#away) || new Map();
    this.forgetMemory();
    for (const listener of this.#listeners) listener(what);
  }

  listen(listener: (what: 'gone' | 'back') => void): void {
    this.#listeners.push(listener);
  }

  /** The bytes of a piece at rest change. */
  damage(infoHash: InfoHash, index: PieceIndex): void {
    const bytes = this.diskOf(infoHash).pieces.get(index);
    if (!bytes) bug(`piece ${index} is not on the imaginary disk`);
    bytes[0] = (bytes[0] as number) ^ 0xff;
  }

  info(infoHash: InfoHash): Buffer | undefined {
    return this.diskOf(infoHash).info;
  }

  layers(infoHash: InfoHash): Buffer | undefined {
    return this.diskOf(infoHash).layers;
  }

  diskOf(infoHash: InfoHash): Disk {
    const disk = this.#disks.get(infoHash) ?? { pieces: new Map(), info: undefined, layers: undefined };
    this.#disks.set(infoHash, disk);
    return disk;
  }

  cacheOf(infoHash: InfoHash): Map<PieceIndex, P> {
    const cache = this.#caches.get(infoHash) ?? new Map<PieceIndex, P>();
    this.#caches.set(infoHash, cache);
    return cache;
  }

  forget(infoHash: InfoHash): void {
    this.#disks.delete(infoHash);
    this.#caches.delete(infoHash);
  }
}

export const keptKey = (infoHash: InfoHash, index: PieceIndex): string => `${infoHash} ${index}`;

class FakeTask<P extends PieceBuffer> implements TaskStore<P> {
  readonly memory: TaskMemory;
  readonly #store: FakeStore<P>;
  readonly #maker: PieceMaker<P>;
  #shape: TaskShape;
  readonly #reading = new Map<PieceIndex, Promise<ReadResult<P>>>();
  #gone = false;

  constructor(store: FakeStore<P>, maker: PieceMaker<P>, shape: TaskShape) {
    this.#store = store;
    this.#maker = maker;
    this.#shape = shape;
    this.memory = {
      wanted: () => 0,
      holds: (index) => store.cacheOf(shape.infoHash).has(index),
      pieces: () => store.cacheOf(shape.infoHash).keys(),
      readers: 0,
      get shareBytes() {
        return store.memoryBytes;
      },
      cost: { seekMs: store.seekMs, readMs: () => store.seekMs },
    };
  }

  get empty(): boolean {
    return this.#store.isAway;
  }

  onDisk(cb: (what: 'gone' | 'back') => void): void {
    this.#store.listen(cb);
  }

  async accept(piece: P): Promise<Accepted> {
    const { index } = piece;
    if (this.#shape.sizeOf(index) !== length(piece)) bug('a piece of another size');
    // Detaching the caller's buffer shows who uses a piece after having given it away.
    const own = this.#maker.adopt(index, length(piece), (piece.buffer.buffer as ArrayBuffer).transfer());
    const trouble = await this.#touchDisk();
    if (trouble) return trouble;
    const good = verifies(this.#shape, own);
    if (good !== 'all') return { kind: good === 'some' ? 'contradiction' : 'hash-mismatch' };
    const { faults } = this.#store;
    if (faults.full || length(own) > faults.roomBytes) return { kind: 'full' };
    faults.roomBytes -= length(own);
    this.#store.diskOf(this.#shape.infoHash).pieces.set(index, Buffer.concat(own.payloadParts()));
    this.#store.kept.add(keptKey(this.#shape.infoHash, index));
    this.#store.cacheOf(this.#shape.infoHash).set(index, own);
    return { kind: 'durable' };
  }

  cached(index: PieceIndex): P | undefined {
    const piece = this.#store.cacheOf(this.#shape.infoHash).get(index);
    if (piece) this.#store.lent++;
    return piece;
  }

  async read(index: PieceIndex): Promise<ReadResult<P>> {
    const inMemory = this.cached(index);
    if (inMemory) return { kind: 'ok', piece: inMemory };
    const reading = this.#reading.get(index) ?? this.#read(index).finally(() => this.#reading.delete(index));
    this.#reading.set(index, reading);
    const found = await reading;
    if (found.kind === 'ok') this.#store.lent++;
    return found;
  }

  done(): void {
    this.#store.lent--;
  }

  async verify(index: PieceIndex): Promise<Verified> {
    if (this.#store.isAway) return { kind: 'away' };
    if (this.#store.faults.busy) return { kind: 'busy' };
    const trouble = await this.#touchDisk();
    if (this.#store.isAway) return { kind: 'away' };
    if (trouble) return trouble;
    this.#store.verified.push({ infoHash: this.#shape.infoHash, index });
    return { kind: this.#pieceOnDisk(index) ? 'ok' : 'corrupt' };
  }

  async recheck(known: Bitfield, onFound: (index: PieceIndex) => void, signal: AbortSignal): Promise<void> {
    const { pieces } = this.#store.diskOf(this.#shape.infoHash);
    for (const index of [...pieces.keys()].sort((a, b) => a - b)) {
      signal.throwIfAborted();
      if (known.has(index)) continue;
      const trouble = await this.#touchDisk();
      signal.throwIfAborted();
      if (trouble || !this.#pieceOnDisk(index)) continue;
      this.#store.kept.add(keptKey(this.#shape.infoHash, index));
      onFound(index);
    }
  }

  describe(shape: TaskShape): void {
    if (shape.checksOf(0).length <= this.#shape.checksOf(0).length) return;
    this.#shape = shape;
    this.#store.cacheOf(shape.infoHash).clear();
  }

  async writeMetainfo(infoBytes: Buffer, layers?: Buffer): Promise<Written> {
    const trouble = await this.#touchDisk();
    if (trouble) return trouble;
    if (this.#store.faults.full) return { kind: 'full' };
    const disk = this.#store.diskOf(this.#shape.infoHash);
    disk.info = Buffer.from(infoBytes);
    if (layers) disk.layers = Buffer.from(layers);
    return { kind: 'ok' };
  }

  /** The imaginary disk has room for a copy. */
  async borrow(file: SharedFile, from: Lender): Promise<boolean> {
    if (await this.#touchDisk()) return false;
    const theirs = this.#store.diskOf(from.infoHash).pieces;
    const { pieceLength } = this.#shape;
    for (let at = 0, index = file.firstPiece; at < file.lengthBytes; at += pieceLength, index++) {
      const bytes = Buffer.alloc(this.#shape.sizeOf(index));
      for (let to = 0; to < Math.min(pieceLength, file.lengthBytes - at); ) {
        const lent = theirs.get(from.firstPiece + Math.floor((at + to) / from.pieceLength));
        if (!lent) return false;
        to += lent.copy(bytes, to, (at + to) % from.pieceLength);
      }
      this.#store.diskOf(this.#shape.infoHash).pieces.set(index, bytes);
    }
    return true;
  }

  get segmentPieces(): number {
    return this.#store.segmentPieces;
  }

  async segments(): Promise<readonly Segment[]> {
    const { pieceCount } = this.#shape;
    const each = this.#store.segmentPieces;
    return Array.from({ length: this.#store.isAway ? 0 : Math.ceil(pieceCount / each) }, (_, number) => ({
      number,
      pieces: Array.from({ length: Math.min(each, pieceCount - number * each) }, (_, i) => number * each + i),
    }));
  }

  async drop({ pieces }: Segment, forget: () => boolean): Promise<boolean> {
    if ((await this.#touchDisk()) || !forget()) return false;
    await Promise.all(pieces.map((index) => this.#reading.get(index)));
    for (const index of pieces) {
      const disk = this.#store.diskOf(this.#shape.infoHash).pieces;
      this.#store.faults.roomBytes += disk.get(index)?.length ?? 0;
      disk.delete(index);
      this.#store.cacheOf(this.#shape.infoHash).delete(index);
    }
    return true;
  }

  async remove(): Promise<Written> {
    if (!this.#gone) this.#store.forget(this.#shape.infoHash);
    this.#gone = true;
    return { kind: 'ok' };
  }

  async #read(index: PieceIndex): Promise<ReadResult<P>> {
    const trouble = await this.#touchDisk();
    if (trouble) return trouble;
    this.#store.diskReads++;
    const piece = this.#pieceOnDisk(index);
    if (!piece) return { kind: 'corrupt' };
    this.#store.cacheOf(this.#shape.infoHash).set(index, piece);
    return { kind: 'ok', piece };
  }

  #pieceOnDisk(index: PieceIndex): P | undefined {
    const bytes = this.#store.diskOf(this.#shape.infoHash).pieces.get(index);
    if (!bytes) return undefined;
    const piece = this.#maker.allocate(index, bytes.length);
    let at = 0;
    for (const part of piece.payloadParts()) at += bytes.copy(part, 0, at);
    return verifies(this.#shape, piece) === 'all' ? piece : undefined;
  }

  async #touchDisk(): Promise<Failed | undefined> {
    await this.#store.faults.pause?.();
    if (this.#gone) return { kind: 'failed', error: new Error('the task is gone') };
    return this.#store.faults.error && { kind: 'failed', error: this.#store.faults.error };
  }
}

const length = (piece: PieceBuffer): number => piece.payloadParts().reduce((sum, part) => sum + part.length, 0);

function verifies(shape: TaskShape, piece: PieceBuffer): 'all' | 'some' | 'none' {
  const checks = shape.checksOf(piece.index);
  return passed(checks, digestsOf(piece.payloadParts(), workOf(checks, length(piece))));
}
