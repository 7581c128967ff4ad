import { constants } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { mkdir, open, rename, rm, rmdir, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { bug, errorCode, errorText } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import type { PieceIndex } from '#base/units.ts';
import { readAll, within, writeAll } from '#base/whole-io.ts';
import { FramedPiece } from '#wire/framed-piece.ts';
import { pieceSize } from '#wire/metainfo.ts';
import { isPiece, type Seed } from '../seed.ts';
import { BitWords } from './bit-words.ts';
import { SWARM_LIMITS } from './limits.ts';
import type { PieceHome } from './swarm.ts';

/** A file, and where it begins among the bytes of all. */
type Place = { readonly path: string; readonly fromByte: number; readonly lengthBytes: number };

const { O_CREAT, O_RDWR } = constants;
const PART_FOLDER = '.swarmbox-part';
/** In the part folder: all of it was here, verified, and its files are taking their place. No torrent has a file of this name there: they lie in folders, or carry the torrent's. */
const PLACING = '.placing';

/**
 * One distribution as plain files in a folder of the node's owner. While it is not whole it lies in a folder of its own beside; then it takes its place, file
 * by file. Nothing is remembered of which pieces are there: whoever opens it reads and hashes what lies there.
 */
export class PieceFiles implements PieceHome, AsyncDisposable {
  readonly #seed: Seed;
  readonly #folder: string;
  readonly #part: string;
  readonly #log: Log;
  readonly #places: readonly Place[];
  readonly #has: BitWords;
  readonly #open = new Map<string, { readonly opening: Promise<FileHandle>; users: number }>();
  /** What came last, oldest first. */
  readonly #memory = new Map<PieceIndex, FramedPiece>();
  #memoryBytes = 0;
  /** Of a small distribution: pieces that are in memory alone. */
  readonly #unwritten = new Set<PieceIndex>();
  /** Pieces that somebody looks at, and how many do. */
  readonly #lent = new Map<FramedPiece, number>();
  #isPlaced = false;

  private constructor(seed: Seed, folder: string, log: Log) {
    this.#seed = seed;
    this.#folder = folder;
    this.#part = join(folder, PART_FOLDER, seed.meta.infoHash);
    this.#log = log;
    this.#has = new BitWords(seed.meta.pieceCount);
    let fromByte = 0;
    this.#places = seed.meta.files.map(({ path, lengthBytes }) => {
      const place = { path: join(...path), fromByte, lengthBytes };
      fromByte += lengthBytes;
      return place;
    });
  }

  /** `folder`: where the files are to be; made when it is not there. Rejects when it cannot be. Pieces that lie there from before are had. */
  static async open(seed: Seed, folder: string, log: Log): Promise<PieceFiles> {
    const files = new PieceFiles(seed, folder, log);
    await mkdir(folder, { recursive: true });
    if (await exists(join(files.#part, PLACING))) await files.#takePlace();
    const isBegun = await exists(files.#part);
    files.#isPlaced = !isBegun && (await files.#allPlaced());
    if (isBegun || files.#isPlaced) await files.#verifyAll();
    return files;
  }

  /** Of what lies there in its place, and the seed was made of just now: nothing is read. Each piece is verified whenever it is read. */
  static openFresh(seed: Seed, folder: string, log: Log): PieceFiles {
    const files = new PieceFiles(seed, folder, log);
    files.#isPlaced = true;
    for (let piece = 0; piece < seed.meta.pieceCount; piece++) files.#has.set(piece);
    return files;
  }

  /**
   * Takes a distribution that is here whole, all of it verified: on the disk for good, and in its place, when it resolves. False: it is not so simple. It has several files, or some of it lies here
   * from before. Rejects when it cannot be done.
   */
  static async put(seed: Seed, folder: string, bytes: Buffer): Promise<boolean> {
    const [file, ...more] = seed.meta.files;
    const [name = '', ...deeper] = file?.path ?? [];
    if (more.length > 0 || deeper.length > 0 || name === '') return false;
    const part = join(folder, PART_FOLDER, seed.meta.infoHash);
    if ((await mkdir(part, { recursive: true })) === undefined) return false;
    try {
      await using to = await open(join(part, name), 'wx');
      await writeAll(to, [bytes], 0);
      await to.sync();
    } catch (error) {
      await rm(part, { recursive: true, force: true });
      throw error;
    }
    await rename(join(part, name), join(folder, name));
    await syncFolder(folder);
    await rmdir(part);
    return true;
  }

  get count(): number {
    return this.#has.count;
  }

  get whole(): boolean {
    return this.count === this.#seed.meta.pieceCount;
  }

  has(piece: PieceIndex): boolean {
    return this.#has.has(piece);
  }

  read(piece: PieceIndex): FramedPiece | undefined | Promise<FramedPiece | undefined> {
    const known = this.#memory.get(piece);
    return known ? this.#lend(known) : this.#readFromDisk(piece);
  }

  release(piece: FramedPiece): void {
    const users = (this.#lent.get(piece) ?? bug('a piece was given back that was not lent')) - 1;
    if (users > 0) this.#lent.set(piece, users);
    else {
      this.#lent.delete(piece);
      this.#recycle(piece);
    }
  }

  #lend(piece: FramedPiece): FramedPiece {
    this.#lent.set(piece, (this.#lent.get(piece) ?? 0) + 1);
    return piece;
  }

  /** One memory for the pieces to come: new memory for each is most of what a quick line costs. */
  #recycle(piece: FramedPiece): void {
    if (!this.#lent.has(piece) && this.#memory.get(piece.index) !== piece) FramedPiece.discard(piece);
  }

  /** The pieces of a small distribution are written when all are here, or when it is closed: one by one they would be half of what it costs. */
  async keep(piece: FramedPiece): Promise<'ok' | 'full' | 'failed'> {
    if (this.#seed.meta.totalBytes <= SWARM_LIMITS.heldBytes) {
      this.#unwritten.add(piece.index);
      this.#has.set(piece.index);
      this.#remember(piece);
      return 'ok';
    }
    const written = await this.#write(piece.index, piece.payloadParts(), piece.lengthBytes);
    if (written !== 'ok') return written;
    this.#has.set(piece.index);
    this.#remember(piece);
    return 'ok';
  }

  /** Whole pieces that follow one another, each verified. None of them stays in memory: neighbours are not near. */
  async keepRun(first: PieceIndex, bytes: Buffer): Promise<'ok' | 'full' | 'failed'> {
    const written = await this.#write(first, [bytes], bytes.length);
    if (written !== 'ok') return written;
    for (let at = 0; at < bytes.length; at += this.#seed.meta.pieceLength)
      this.#has.set(first + at / this.#seed.meta.pieceLength);
    return 'ok';
  }

  /** As many whole pieces as `bytes` holds, from `first` on. Those that are not here, or not any more. */
  async readRun(first: PieceIndex, bytes: Buffer): Promise<PieceIndex[]> {
    const { pieceLength } = this.#seed.meta;
    const run = Array.from({ length: Math.ceil(bytes.length / pieceLength) }, (_, i) => first + i);
    const of = (piece: PieceIndex): Buffer =>
      bytes.subarray((piece - first) * pieceLength, (piece - first + 1) * pieceLength);
    const isRead = await this.#readBytes(first, [bytes], bytes.length).catch((error: unknown) => {
      this.#log.warn('piece not read', { piece: first, why: errorText(error) });
      return false;
    });
    // A file that has become short lacks its end alone.
    if (!isRead && run.length > 1)
      return (await Promise.all(run.map((piece) => this.readRun(piece, of(piece))))).flat();
    const missing = run.filter((piece) => !isRead || !this.#has.has(piece) || !isPiece(this.#seed, piece, [of(piece)]));
    for (const piece of missing) this.#has.clear(piece);
    return missing;
  }

  /** Rejects when the disk does not take them. */
  async #writeHeld(): Promise<void> {
    const held = [...this.#unwritten].sort((a, b) => a - b);
    for (let from = 0, to = 1; from < held.length; from = to, to++) {
      while (held[to] === (held[from] as PieceIndex) + to - from) to++;
      const pieces = held.slice(from, to).map((index) => this.#memory.get(index) ?? bug('a piece that is nowhere'));
      const bytes = pieces.reduce((sum, { lengthBytes }) => sum + lengthBytes, 0);
      const parts = pieces.flatMap((piece) => piece.payloadParts());
      await this.#each(held[from] as PieceIndex, parts, bytes, (file, own, at) => writeAll(file, own, at), 'w');
      for (const { index } of pieces) this.#unwritten.delete(index);
    }
  }

  async #write(first: PieceIndex, parts: readonly Buffer[], bytes: number): Promise<'ok' | 'full' | 'failed'> {
    try {
      await this.#each(first, parts, bytes, (file, own, at) => writeAll(file, own, at), 'w');
      return 'ok';
    } catch (error) {
      this.#log.warn('piece not written', { piece: first, why: errorText(error) });
      const isFull = ['ENOSPC', 'EDQUOT', 'EFBIG'].includes(errorCode(error) ?? '');
      return isFull ? 'full' : 'failed';
    }
  }

  /** All of it is here: on the disk for good, and in its place. A file that was there under the same name is replaced. Rejects when that fails. */
  async place(): Promise<void> {
    if (!this.whole) throw new Error('bug: it is not whole');
    if (this.#isPlaced) return;
    await this.#writeHeld();
    for (const { path, lengthBytes } of this.#places) {
      await this.#use(path, 'w', async (file) => {
        await file.truncate(lengthBytes);
        await file.sync();
      });
    }
    await this.#closeFiles();
    await writeFile(join(this.#part, PLACING), '', { flush: true });
    await this.#takePlace();
    this.#isPlaced = true;
  }

  /** Begun once, it goes on after a crash: what is not in the part folder any more is in its place. */
  async #takePlace(): Promise<void> {
    const folders = new Set<string>([this.#folder]);
    for (const { path } of this.#places) {
      const to = join(this.#folder, path);
      await mkdir(dirname(to), { recursive: true });
      folders.add(dirname(to));
      await rename(join(this.#part, path), to).catch((error: unknown) => {
        if (errorCode(error) !== 'ENOENT') throw error;
      });
    }
    for (const folder of folders) await syncFolder(folder);
    await rm(this.#part, { recursive: true, force: true });
  }

  /** What is not whole is thrown away. */
  async discard(): Promise<void> {
    this.#unwritten.clear();
    this.#forget(0);
    await this.#closeFiles();
    if (!this.#isPlaced) await rm(this.#part, { recursive: true, force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writeHeld().catch((error: unknown) => {
      this.#log.warn('pieces not written', { pieces: this.#unwritten.size, why: errorText(error) });
    });
    this.#forget(0);
    await this.#closeFiles();
  }

  async #allPlaced(): Promise<boolean> {
    for (const { path, lengthBytes } of this.#places) {
      const found = await stat(join(this.#folder, path)).catch(() => undefined);
      if (!found?.isFile() || found.size !== lengthBytes) return false;
    }
    return true;
  }

  /** A piece that cannot be read, or is not what it should be, is not had. */
  async #verifyAll(): Promise<void> {
    for (let piece = 0; piece < this.#seed.meta.pieceCount; piece++) {
      const read = await this.#readParts(piece).catch(() => undefined);
      if (!read) continue;
      if (isPiece(this.#seed, piece, read.payloadParts())) this.#has.set(piece);
      FramedPiece.discard(read);
    }
    // Files of the same names and lengths that are others: they stay as they are until all of this has come.
    if (this.#isPlaced && !this.whole) {
      this.#isPlaced = false;
      for (let piece = 0; piece < this.#seed.meta.pieceCount; piece++) this.#has.clear(piece);
      await this.#closeFiles();
    }
  }

  async #readFromDisk(piece: PieceIndex): Promise<FramedPiece | undefined> {
    try {
      const read = await this.#readParts(piece);
      // Its owner may have changed the file since.
      if (read && isPiece(this.#seed, piece, read.payloadParts())) {
        this.#remember(read);
        return this.#lend(read);
      }
    } catch (error) {
      this.#log.warn('piece not read', { piece, why: errorText(error) });
    }
    this.#has.clear(piece);
    return undefined;
  }

  async #readParts(index: PieceIndex): Promise<FramedPiece | undefined> {
    const piece = FramedPiece.allocate(index, pieceSize(this.#seed.meta, index));
    return (await this.#readBytes(index, piece.payloadParts(), piece.lengthBytes)) ? piece : undefined;
  }

  async #readBytes(first: PieceIndex, parts: readonly Buffer[], bytes: number): Promise<boolean> {
    let isThere = true;
    const read = async (file: FileHandle, own: readonly Buffer[], at: number): Promise<void> => {
      isThere &&= await readAll(file, own, at);
    };
    await this.#each(first, parts, bytes, read, 'r');
    return isThere;
  }

  /** The files that the bytes from the piece on lie in, and which of them (`parts`, end to end) lie there. */
  async #each(
    first: PieceIndex,
    parts: readonly Buffer[],
    bytes: number,
    work: (file: FileHandle, parts: readonly Buffer[], at: number) => Promise<void>,
    mode: 'r' | 'w',
  ): Promise<void> {
    const from = first * this.#seed.meta.pieceLength;
    for (let i = this.#placeOf(from); i < this.#places.length; i++) {
      const { path, fromByte, lengthBytes } = this.#places[i] as Place;
      const begin = Math.max(from, fromByte);
      const end = Math.min(from + bytes, fromByte + lengthBytes);
      if (begin >= from + bytes) return;
      if (begin >= end) continue;
      const part = within(parts, begin - from, end - begin);
      await this.#use(path, mode, (file) => work(file, part, begin - fromByte));
    }
  }

  /** The first file that the byte, or one after it, lies in. */
  #placeOf(byte: number): number {
    let [low, high] = [0, this.#places.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const { fromByte, lengthBytes } = this.#places[middle] as Place;
      if (fromByte + lengthBytes <= byte) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** A file is not closed while somebody uses it. */
  async #use(path: string, mode: 'r' | 'w', work: (file: FileHandle) => Promise<void>): Promise<void> {
    const known = this.#open.get(path) ?? { opening: this.#openFile(this.#pathOf(path), mode), users: 0 };
    this.#open.delete(path);
    this.#open.set(path, known);
    known.users++;
    try {
      await work(await known.opening);
    } catch (error) {
      if (this.#open.get(path) === known) this.#open.delete(path);
      void known.opening.then((file) => file.close()).catch(() => {});
      throw error;
    } finally {
      known.users--;
    }
    this.#closeSome();
  }

  #closeSome(): void {
    for (const [path, { opening, users }] of this.#open) {
      if (this.#open.size <= SWARM_LIMITS.openFiles) return;
      if (users > 0) continue;
      this.#open.delete(path);
      void opening.then((file) => file.close()).catch(() => {});
    }
  }

  #pathOf(path: string): string {
    return join(this.#isPlaced ? this.#folder : this.#part, path);
  }

  async #openFile(path: string, mode: 'r' | 'w'): Promise<FileHandle> {
    if (this.#isPlaced) return open(path, 'r');
    try {
      return await open(path, 'r+');
    } catch (error) {
      if (mode === 'r' || errorCode(error) !== 'ENOENT') throw error;
    }
    await mkdir(dirname(path), { recursive: true });
    return open(path, O_RDWR | O_CREAT);
  }

  async #closeFiles(): Promise<void> {
    const files = [...this.#open.values()];
    this.#open.clear();
    await Promise.all(files.map(({ opening }) => opening.then((file) => file.close()).catch(() => {})));
  }

  #remember(piece: FramedPiece): void {
    if (this.#memory.has(piece.index)) return;
    this.#memory.set(piece.index, piece);
    this.#memoryBytes += piece.lengthBytes;
    this.#forget(SWARM_LIMITS.memoryBytes);
  }

  /** What came first goes, until no more than `most` bytes are left. */
  #forget(most: number): void {
    for (const [index, piece] of this.#memory) {
      if (this.#memoryBytes <= most) return;
      this.#memory.delete(index);
      this.#memoryBytes -= piece.lengthBytes;
      this.#recycle(piece);
    }
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  await folder.sync().finally(() => folder.close());
}

const exists = async (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );
