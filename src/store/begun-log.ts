import {
  closeSync,
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

const LIMITS = {
  /** One task's log: what is begun is a few pieces. Beyond it blocks are not kept, and a restart fetches them again. */
  bytes: 24 << 20,
  /** Bytes of pieces that are done, before the log is written anew without them. */
  deadBytes: 4 << 20,
} as const;

const HEADER_BYTES = 12;
type Place = { begin: number; at: number; length: number };

/**
 * Blocks of pieces that are still being fetched, in memory that outlives the process (tmpfs): a killed or restarted
 * daemon goes on in the middle of a piece. A power cut loses it, and costs those pieces alone. Written synchronously: a
 * copy into memory, no disk.
 */
export class BegunLog {
  readonly #folder: string;
  readonly #path: string;
  readonly #log: Log;
  readonly #live = new Map<PieceIndex, Place[]>();
  #fd: number | undefined;
  #over = false;
  #bytes = 0;
  #deadBytes = 0;

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
        this.#fd = openSync(this.#path, 'a+', 0o600);
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
      if (length > LIMITS.bytes) break;
      const data = Buffer.alloc(length);
      if (!this.#fills(fd, data, this.#bytes + HEADER_BYTES)) break;
      this.#note(piece, begin, length);
      yield { piece, begin, data };
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
    if (fd === undefined || this.#bytes + data.length > LIMITS.bytes) return;
    this.#try(() => {
      const header = Buffer.alloc(HEADER_BYTES);
      header.writeUInt32BE(piece, 0);
      header.writeUInt32BE(begin, 4);
      header.writeUInt32BE(data.length, 8);
      writeSync(fd, Buffer.concat([header, data]));
      this.#note(piece, begin, data.length);
    });
  }

  /** The piece is whole, or given up. */
  done(piece: PieceIndex): void {
    for (const { length } of this.#live.get(piece) ?? []) this.#deadBytes += HEADER_BYTES + length;
    this.#live.delete(piece);
    if (this.#live.size === 0 || this.#deadBytes > LIMITS.deadBytes) this.#compact();
  }

  /** `forget`: there is nothing to go on with. */
  close(forget: boolean): void {
    this.#over = true;
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
    if (forget) rmSync(this.#path, { force: true });
  }

  #note(piece: PieceIndex, begin: number, length: number): void {
    const places = this.#live.get(piece) ?? [];
    places.push({ begin, at: this.#bytes + HEADER_BYTES, length });
    this.#live.set(piece, places);
    this.#bytes += HEADER_BYTES + length;
  }

  #compact(): void {
    const fd = this.#fd;
    if (fd === undefined || this.#bytes === 0) return;
    this.#try(() => {
      const living: BegunBlock[] = [];
      for (const [piece, places] of this.#live)
        for (const { begin, at, length } of places) {
          const data = Buffer.alloc(length);
          readSync(fd, data, 0, length, at);
          living.push({ piece, begin, data });
        }
      ftruncateSync(fd, 0);
      this.#live.clear();
      this.#bytes = 0;
      this.#deadBytes = 0;
      for (const { piece, begin, data } of living) this.keep(piece, begin, data);
    });
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
