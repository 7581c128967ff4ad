import {
  closeSync,
  constants,
  existsSync,
  ftruncateSync,
  lstatSync,
  mkdirSync,
  openSync,
  readSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { getuid } from 'node:process';
import { errorText } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import type { PieceIndex } from '#base/units.ts';

/** A block that was fetched but whose piece is not whole yet: not verified, so fit for nothing but going on. */
export type BegunBlock = { readonly piece: PieceIndex; readonly begin: number; readonly data: Buffer };

const { O_CREAT, O_RDWR } = constants;

const LIMITS = {
  /** One task's log: what is begun is a few pieces. Beyond it blocks are not kept, and a restart fetches them again. */
  bytes: 24 << 20,
} as const;

const HEADER_BYTES = 12;
/** In place of a piece's number: the block's piece is done. */
const DONE = 0xffff_ffff;
/** Where a block's header stands. */
type Place = { at: number; length: number };

/**
 * Blocks of pieces that are still being fetched, in memory that outlives the process (tmpfs): a killed or restarted
 * daemon goes on in the middle of a piece. A power cut loses it, and costs those pieces alone. Written synchronously: a
 * copy into memory, no disk.
 *
 * Invariant: a block's header is written behind its bytes, and taken back before others come into its place: whenever the
 * process ends, what has a header is whole.
 */
export class BegunLog {
  readonly #folder: string;
  readonly #path: string;
  readonly #log: Log;
  readonly #live = new Map<PieceIndex, Place[]>();
  #fd: number | undefined;
  /** Places of pieces that are done, by the blocks' length. */
  readonly #free = new Map<number, number[]>();
  readonly #header = Buffer.alloc(HEADER_BYTES);
  #over = false;
  #bytes = 0;

  /** Opens nothing until there is something to read or to keep. */
  constructor(folder: string, name: string, log: Log) {
    this.#folder = folder;
    this.#path = join(folder, name);
    this.#log = log;
  }

  #open(): number | undefined {
    if (this.#fd === undefined && !this.#over) {
      this.#try(() => {
        if (!existsSync(this.#folder)) mkdirSync(this.#folder, { mode: 0o700 });
        // /dev/shm is open to all: a folder or a link that somebody else put there is not written through.
        const found = lstatSync(this.#folder);
        if (!found.isDirectory() || found.uid !== getuid?.()) throw new Error('the folder is not our own');
        this.#fd = openSync(this.#path, O_RDWR | O_CREAT, 0o600);
      });
    }
    return this.#fd;
  }

  /** What an earlier run left, as far as it was written whole. To be called first, once. */
  *restore(): Generator<BegunBlock> {
    const fd = existsSync(this.#path) ? this.#open() : undefined;
    if (fd === undefined) return;
    const header = Buffer.alloc(HEADER_BYTES);
    while (this.#bytes <= LIMITS.bytes && this.#fills(fd, header, this.#bytes)) {
      const [piece, begin, length] = [header.readUInt32BE(0), header.readUInt32BE(4), header.readUInt32BE(8)];
      if (length === 0 || length > LIMITS.bytes) break;
      const data = Buffer.alloc(length);
      if (!this.#fills(fd, data, this.#bytes + HEADER_BYTES)) break;
      const place = { at: this.#bytes, length };
      this.#bytes += HEADER_BYTES + length;
      if (piece === DONE) this.#freed(place);
      else {
        this.#note(piece, place);
        yield { piece, begin, data };
      }
    }
    if (!this.#over) this.#try(() => ftruncateSync(fd, this.#bytes));
  }

  /** False at the file's end, and when it cannot be read: then the log is given up too. */
  #fills(fd: number, to: Buffer, at: number): boolean {
    let read = 0;
    this.#try(() => {
      read = readSync(fd, to, 0, to.length, at);
    });
    return !this.#over && read === to.length;
  }

  keep(piece: PieceIndex, begin: number, data: Uint8Array): void {
    const fd = this.#open();
    const { length } = data;
    const free = this.#free.get(length)?.pop();
    if (fd === undefined || (free === undefined && this.#bytes + length > LIMITS.bytes)) return;
    const at = free ?? this.#bytes;
    this.#try(() => {
      writeSync(fd, data, 0, length, at + HEADER_BYTES);
      this.#writeHeader(fd, { at, length }, piece, begin);
      if (free === undefined) this.#bytes += HEADER_BYTES + length;
      this.#note(piece, { at, length });
    });
  }

  /** The piece is whole, or given up. */
  done(piece: PieceIndex): void {
    const places = this.#live.get(piece);
    const fd = this.#fd;
    if (!places || fd === undefined) return;
    this.#live.delete(piece);
    this.#try(() => {
      if (this.#live.size > 0)
        for (const place of places) {
          this.#writeHeader(fd, place, DONE, 0);
          this.#freed(place);
        }
      else {
        ftruncateSync(fd, 0);
        this.#free.clear();
        this.#bytes = 0;
      }
    });
  }

  /** `forget`: there is nothing to go on with. */
  close(forget: boolean): void {
    this.#over = true;
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
    if (forget) rmSync(this.#path, { force: true });
  }

  #note(piece: PieceIndex, place: Place): void {
    const places = this.#live.get(piece);
    if (places) places.push(place);
    else this.#live.set(piece, [place]);
  }

  #freed({ at, length }: Place): void {
    const places = this.#free.get(length);
    if (places) places.push(at);
    else this.#free.set(length, [at]);
  }

  #writeHeader(fd: number, { at, length }: Place, piece: number, begin: number): void {
    this.#header.writeUInt32BE(piece, 0);
    this.#header.writeUInt32BE(begin, 4);
    this.#header.writeUInt32BE(length, 8);
    writeSync(fd, this.#header, 0, HEADER_BYTES, at);
  }

  /** Trouble costs what a restart would have saved, nothing else: told once, and the log is given up. */
  #try(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#log.warn('begun pieces will not survive a restart', { path: this.#path, why: errorText(error) });
      this.#over = true;
      if (this.#fd !== undefined) closeSync(this.#fd);
      this.#fd = undefined;
    }
  }
}
