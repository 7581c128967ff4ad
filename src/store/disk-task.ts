import type { Bitfield } from '#base/bitfield.ts';
import { bug, errorText } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import type { PieceIndex } from '#base/units.ts';
import { Changes } from './changes.ts';
import type { Disk } from './disk.ts';
import type { Disks } from './disks.ts';
import { busy } from './gate.ts';
import type { HashPool } from './hash-pool.ts';
import { Layout } from './layout.ts';
import { STORE_LIMITS } from './limits.ts';
import type { Pace } from './moving.ts';
import type { PieceCache, TaskPieces } from './piece-cache.ts';
import { PieceProof } from './piece-proof.ts';
import { PiecesAtRest } from './pieces-at-rest.ts';
import type { Places } from './places.ts';
import { recheckPieces } from './recheck.ts';
import { type Moved, Relocation } from './relocation.ts';
import { SegmentDoors } from './segment-doors.ts';
import { INFO_FILE, LAYERS_FILE } from './task-folder.ts';
import { failed, type Residence, TaskHome } from './task-home.ts';
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

/** What all tasks share. */
export type DiskWorld<P extends PieceBuffer> = {
  readonly maker: PieceMaker<P>;
  readonly cache: PieceCache<P>;
  readonly hashes: HashPool;
  readonly disks: Disks;
  /** Bytes accepted and not yet answered. */
  readonly accepting: { bytes: number };
  readonly hits: { cacheHits: number; cacheMisses: number };
  readonly log: Log;
};

export type TaskLife = {
  /** The removal of an earlier task of the same torrent: over before this one touches the disk. */
  before: Promise<unknown>;
  /** Told once, when this task begins to be removed. */
  removing(removal: Promise<Written>): void;
};

type Reading<P> = { readers: number; readonly result: Promise<ReadResult<P>> };

/** Invariant: a piece is in the memory cache, or answered 'durable' or 'ok', only after its hash was right. */
export class DiskTask<P extends PieceBuffer> implements TaskStore<P> {
  readonly #world: DiskWorld<P>;
  readonly memory: TaskPieces<P>;
  readonly #proof: PieceProof<P>;
  readonly #layout: Layout;
  readonly #log: Log;
  readonly #life: TaskLife;
  readonly #home: TaskHome;
  readonly #atRest: PiecesAtRest<P>;
  readonly #changes = new Changes();
  readonly #relocation: Relocation<P>;
  #onDisk: (what: 'gone' | 'back') => void = () => {};
  readonly #underWay = new Set<Promise<unknown>>();
  readonly #reading = new Map<PieceIndex, Reading<P>>();
  #end: Promise<Written> | undefined;
  readonly #doors = new SegmentDoors();
  #rechecks = 0;
  #toldNotBorrowed = false;

  constructor(world: DiskWorld<P>, shape: TaskShape, life: TaskLife) {
    this.#world = world;
    this.#proof = new PieceProof(world, shape);
    this.#layout = new Layout(shape);
    this.#log = world.log.with({ infoHash: shape.infoHash });
    this.#home = new TaskHome(world.disks, shape, this.#layout, this.#log);
    const { maker, disks } = world;
    this.#atRest = new PiecesAtRest({ maker, disks, home: this.#home, layout: this.#layout, proof: this.#proof });
    this.#relocation = new Relocation({
      maker,
      disks,
      layout: this.#layout,
      home: this.#home,
      atRest: this.#atRest,
      changes: this.#changes,
      shape: () => this.#proof.shape,
      mustStay: () => this.#rechecks > 0 || this.#end !== undefined,
    });
    this.memory = world.cache.task(this.#home.cost(), this);
    this.#life = life;
  }

  get segmentPieces(): number {
    return this.#layout.piecesPerSegment;
  }

  get empty(): boolean {
    return this.#home.now === undefined;
  }

  onDisk(cb: (what: 'gone' | 'back') => void): void {
    this.#onDisk = cb;
  }

  /** What is in memory goes with a disk that is gone: nobody could say any more that the piece is durable. */
  disk(what: 'gone' | 'back'): void {
    this.#reading.clear();
    this.memory.clear();
    this.#onDisk(what);
  }

  accept(piece: P): Promise<Accepted> {
    const { lengthBytes } = this.#layout.place(piece.index);
    if (piece.payloadParts().reduce((sum, part) => sum + part.length, 0) !== lengthBytes)
      bug('a piece of another size');
    return this.#during(() => this.#changes.make(() => this.#accept(piece, lengthBytes)));
  }

  cached(index: PieceIndex): P | undefined {
    const piece = this.memory.get(index);
    if (piece) this.#world.hits.cacheHits++;
    return piece;
  }

  async read(index: PieceIndex): Promise<ReadResult<P>> {
    const inMemory = this.cached(index);
    if (inMemory) return { kind: 'ok', piece: inMemory };
    this.#layout.place(index);
    const running = this.#reading.get(index);
    if (running) {
      running.readers++;
      return running.result;
    }
    this.#world.hits.cacheMisses++;
    const reading: Reading<P> = { readers: 1, result: this.#during(() => this.#readAndKeep(index, reading)) };
    this.#reading.set(index, reading);
    return reading.result.finally(() => this.#readBy(index, reading));
  }

  done(piece: P): void {
    this.memory.done(piece);
  }

  verify(index: PieceIndex): Promise<Verified> {
    this.#layout.place(index);
    return this.#during(() => this.#atRest.checkIdly(index));
  }

  async recheck(known: Bitfield, onFound: (index: PieceIndex) => void, signal: AbortSignal): Promise<void> {
    const ended = new AbortController();
    const both = AbortSignal.any([signal, ended.signal]);
    const worldOf = ({ files }: Residence, places: Places) => ({
      places,
      path: (name: string) => files.path(name),
      verify: async (index: PieceIndex) => {
        if (this.#end) ended.abort(new DOMException('the task is gone', 'AbortError'));
        const result = await this.#atRest.check(index);
        if (result.kind === 'failed') throw result.error;
        return result.kind === 'ok';
      },
      sync: (path: string) => files.sync(path),
      skipped: (names: readonly string[], error: unknown) =>
        this.#log.warn('recheck-skipped', { segments: names.join(' '), why: errorText(error) }),
    });
    const outcome = await this.#during(async () => {
      await this.#changes.stillness;
      this.#rechecks++;
      try {
        await this.#doors.quiet();
        const home = this.#home.now;
        if (home && (await home.folder.exists()))
          await recheckPieces(worldOf(home, await home.files.places()), known, onFound, both);
      } finally {
        this.#rechecks--;
      }
      return undefined;
    });
    signal.throwIfAborted();
    if (outcome && !ended.signal.aborted) this.#log.warn('recheck-skipped', { why: errorText(outcome.error) });
  }

  describe(shape: TaskShape): void {
    if (!this.#proof.describe(shape)) return;
    this.#reading.clear();
    this.memory.clear();
  }

  writeMetainfo(infoBytes: Buffer, layers: Buffer = Buffer.alloc(0)): Promise<Written> {
    if (infoBytes.length > STORE_LIMITS.infoBytes) bug(`an info dictionary of ${infoBytes.length} bytes`);
    if (layers.length > STORE_LIMITS.layersBytes) bug(`piece layers of ${layers.length} bytes`);
    return this.#during(() =>
      this.#changes.make(() =>
        this.#home.withRoom(infoBytes.length + layers.length, async ({ folder }): Promise<Written> => {
          // In this order: an info dictionary on the disk is never without the layers that were known with it.
          if (layers.length > 0) await folder.write(LAYERS_FILE, layers);
          await folder.write(INFO_FILE, infoBytes);
          return { kind: 'ok' };
        }),
      ),
    );
  }

  async borrow(file: SharedFile, from: Lender): Promise<boolean> {
    const done = await this.#during(async () => {
      await this.#changes.make(() => this.#borrow(file, from));
      return { kind: 'ok' as const };
    });
    // A disk that knows no links would say so for every file.
    if (done.kind === 'failed' && !this.#toldNotBorrowed) {
      this.#toldNotBorrowed = true;
      this.#log.warn('not-borrowed', { from: from.infoHash, why: errorText(done.error) });
    }
    return done.kind === 'ok';
  }

  async segments(): Promise<readonly Segment[]> {
    const found = await this.#during(async () => {
      const places = await this.#home.now?.files.places();
      return places ? [...places.own()] : [];
    });
    return 'kind' in found ? [] : found;
  }

  async drop({ number, pieces }: Segment, forget: () => boolean): Promise<boolean> {
    const dropped = await this.#during(async () => {
      const went = await this.#doors.drop(number, async () => {
        const home = this.#home.now;
        // What is being looked for there may be found, and then be gone; what is being moved would come back.
        if (!home || this.#rechecks > 0 || this.#relocation.underWay || !forget()) return false;
        // Nobody asks for them any more; who asked before is still given them.
        await Promise.all(pieces.map((index) => this.#reading.get(index)?.result));
        for (const index of pieces) this.memory.drop(index);
        await home.files.unlink(number);
        return true;
      });
      return { kind: 'ok' as const, went: went ?? false };
    });
    if (dropped.kind === 'failed') this.#log.error('drop-failed', { segment: number, why: errorText(dropped.error) });
    return dropped.kind === 'ok' && dropped.went;
  }

  /** See Relocation.to. */
  move(to: Disk, pace: Pace, signal: AbortSignal): Promise<Moved> {
    return this.#during(() => this.#relocation.to(to, pace, signal));
  }

  remove(): Promise<Written> {
    if (!this.#end) {
      this.#relocation.stop();
      this.#end = this.#remove();
      this.#life.removing(this.#end);
    }
    return this.#end;
  }

  /** Refuses further work and waits for what is under way; what is on the disk stays. */
  async close(): Promise<void> {
    this.#relocation.stop();
    this.#end ??= Promise.resolve(failed(new Error('the store is closed')));
    await Promise.all(this.#underWay);
  }

  /** Bytes can only be shared on one disk: a torrent without a home goes to the lender's. */
  async #borrow(file: SharedFile, from: Lender): Promise<void> {
    const { disks } = this.#world;
    const lending = disks.home(from.infoHash);
    if (!lending) throw new Error('the lender has no home');
    if (!this.#home.now && disks.isDrained(lending)) throw new Error('the disk of the lender is to become empty');
    if (!this.#home.now) disks.settle(this.#proof.shape.infoHash, lending);
    const home = this.#home.now;
    if (home?.disk !== lending) throw new Error('the lender lies on another disk');
    await home.files.borrow(file, from);
  }

  async #remove(): Promise<Written> {
    await Promise.all(this.#underWay);
    try {
      await this.#life.before;
      const home = this.#home.now;
      if (!home) return { kind: 'ok' };
      await home.disk.files.forget(`${home.folder.path}/`);
      await home.folder.remove();
      this.#world.disks.forget(this.#proof.shape.infoHash);
      return { kind: 'ok' };
    } catch (error) {
      this.#log.error('remove-failed', { why: errorText(error) });
      return failed(error);
    } finally {
      this.memory.clear();
    }
  }

  /** Work that remove() and close() wait for. A system error becomes the answer. */
  #during<T>(work: () => Promise<T>): Promise<T | Failed> {
    if (this.#end) return Promise.resolve(failed(new Error('the task is gone')));
    const running = this.#life.before.then(work).catch((error: unknown) => failed(error));
    this.#underWay.add(running);
    return running.finally(() => this.#underWay.delete(running));
  }

  async #accept(piece: P, lengthBytes: number): Promise<Accepted> {
    const { accepting } = this.#world;
    const shape = this.#proof.shape;
    if (accepting.bytes > 0 && accepting.bytes + lengthBytes > STORE_LIMITS.acceptBytes)
      return failed(busy('pieces to write'));
    accepting.bytes += lengthBytes;
    try {
      const verified = await this.#proof.of(piece, lengthBytes);
      if (verified.kind === 'failed') return verified;
      if (verified.kind === 'none') return { kind: 'hash-mismatch' };
      if (verified.kind === 'some') return { kind: 'contradiction' };
      const own = verified.piece;
      const answer = await this.#home.withRoom(lengthBytes, (home) => this.#write(home, own));
      if (answer.kind !== 'durable') return answer;
      this.#world.disks.wrote(shape.infoHash, lengthBytes);
      this.#cache(own, shape, 0);
      return answer;
    } finally {
      accepting.bytes -= lengthBytes;
    }
  }

  async #write({ disk, files }: Residence, piece: P): Promise<Accepted> {
    using turn = await disk.writes.enter();
    if (!turn) return failed(busy('pieces to write'));
    await this.#doors.write(this.#layout.place(piece.index).segment, () => files.write(piece));
    this.#relocation.wrote(piece.index);
    // The disk may have gone between the write and this word.
    return this.#home.now?.disk === disk ? { kind: 'durable' } : failed(new Error('the disk is gone'));
  }

  async #readAndKeep(index: PieceIndex, reading: Reading<P>): Promise<ReadResult<P>> {
    const shape = this.#proof.shape;
    const result = await this.#atRest.read(index);
    // Whoever comes from now on is not counted among its readers.
    this.#readBy(index, reading);
    if (result.kind === 'ok') this.#cache(result.piece, shape, reading.readers);
    else if (result.kind === 'corrupt') this.#log.error('piece-corrupt', { piece: index });
    else this.#log.error('read-failed', { piece: index, why: errorText(result.error) });
    return result;
  }

  #readBy(index: PieceIndex, reading: Reading<P>): void {
    if (this.#reading.get(index) === reading) this.#reading.delete(index);
  }

  /** Unless it was verified by less than is known now. */
  #cache(piece: P, verifiedBy: TaskShape, uses: number): void {
    if (verifiedBy === this.#proof.shape) this.memory.put(piece, uses);
  }
}
