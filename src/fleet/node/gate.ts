import type { PieceIndex } from '#base/units.ts';
import type { FramedPiece } from '#wire/framed-piece.ts';
import type { PieceHome } from '../swarm/swarm.ts';

/** A distribution's pieces, as `PieceFiles` keeps them. */
export type Files = PieceHome &
  AsyncDisposable & {
    readonly whole: boolean;
    keepRun(first: PieceIndex, bytes: Buffer): Promise<'ok' | 'full' | 'failed'>;
    place(): Promise<void>;
    discard(): Promise<void>;
  };

/**
 * The pieces of a distribution for everybody who reads and keeps them at once. While the files move to their place, or are closed, nobody is with them: who comes
 * meanwhile waits, and after they are closed gets nothing.
 */
export class Gate implements PieceHome {
  readonly #files: Files;
  #users = 0;
  #shut: Promise<unknown> | undefined;
  #left = () => {};
  #isClosed = false;

  constructor(files: Files) {
    this.#files = files;
  }

  get count(): number {
    return this.#files.count;
  }

  get whole(): boolean {
    return this.#files.whole;
  }

  has(piece: PieceIndex): boolean {
    return this.#files.has(piece);
  }

  read(piece: PieceIndex): FramedPiece | undefined | Promise<FramedPiece | undefined> {
    if (this.#shut || this.#isClosed) return this.#use(async () => this.#files.read(piece), undefined);
    const read = this.#files.read(piece);
    return read instanceof Promise ? this.#use(() => read, undefined) : read;
  }

  release(piece: FramedPiece): void {
    this.#files.release(piece);
  }

  /** A piece that is here already is not written again. */
  keep(piece: FramedPiece): Promise<'ok' | 'full' | 'failed'> {
    return this.#use(async () => (this.#files.has(piece.index) ? 'ok' : this.#files.keep(piece)), 'failed');
  }

  /** `count` pieces. When all of them are here already they are not written again. */
  keepRun(first: PieceIndex, count: number, bytes: Buffer): Promise<'ok' | 'full' | 'failed'> {
    const isHere = (): boolean => {
      for (let piece = first; piece < first + count; piece++) if (!this.#files.has(piece)) return false;
      return true;
    };
    return this.#use(async () => (isHere() ? 'ok' : this.#files.keepRun(first, bytes)), 'failed');
  }

  /** Rejects when it cannot be done. */
  place(): Promise<void> {
    return this.#alone(() => this.#files.place());
  }

  /** Once, for good. */
  async close(discard = false): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#alone(async () => {
      await (discard ? this.#files.discard() : this.#files[Symbol.asyncDispose]());
    });
  }

  async #use<T>(work: () => Promise<T>, closed: T): Promise<T> {
    while (this.#shut) await this.#shut;
    if (this.#isClosed) return closed;
    this.#users++;
    try {
      return await work();
    } finally {
      if (--this.#users === 0) this.#left();
    }
  }

  async #alone(work: () => Promise<void>): Promise<void> {
    while (this.#shut) await this.#shut;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#shut = promise;
    try {
      while (this.#users > 0)
        await new Promise<void>((left) => {
          this.#left = left;
        });
      await work();
    } finally {
      this.#shut = undefined;
      resolve();
    }
  }
}
