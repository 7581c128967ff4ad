import type { PieceIndex } from '#base/units.ts';
import type { FramedPiece } from '#wire/framed-piece.ts';
import { SWARM_LIMITS } from './limits.ts';

export type GivingWorld = {
  /** A verified piece, at once or from the disk; undefined: it cannot be had (any more). */
  piece(index: PieceIndex): FramedPiece | undefined | Promise<FramedPiece | undefined>;
  /** Each piece that was had is given back once. */
  release(piece: FramedPiece): void;
  /** False: to wait until `drained`. `written` is called once, when nothing reads the parts any more. */
  write(parts: readonly Uint8Array[], written: () => void): boolean;
  /** So many bytes of the piece are about to leave. */
  leaves(index: PieceIndex, bytes: number): void;
  /** So many bytes of the piece have gone to the socket. */
  gave(index: PieceIndex, bytes: number): void;
  /** It can give again what it could not. */
  wake(): void;
};

type Request = { readonly piece: PieceIndex; readonly begin: number; readonly length: number };

/** What one neighbour has asked for and is given, in its order: runs of blocks of one piece in one write. */
export class Giving {
  readonly #world: GivingWorld;
  #queue: Request[] = [];
  #busy = false;
  #full = false;
  #over = false;

  constructor(world: GivingWorld) {
    this.#world = world;
  }

  get waiting(): number {
    return this.#queue.length;
  }

  /** Returns why the neighbour must go. */
  push(request: Request): string | undefined {
    if (this.#queue.length >= SWARM_LIMITS.requests) return 'it asks for too much at once';
    this.#queue.push(request);
    return undefined;
  }

  cancel({ piece, begin, length }: Request): void {
    const at = this.#queue.findIndex((r) => r.piece === piece && r.begin === begin && r.length === length);
    if (at >= 0) this.#queue.splice(at, 1);
  }

  drained(): void {
    this.#full = false;
    this.#world.wake();
  }

  close(): void {
    this.#over = true;
    this.#queue = [];
  }

  /** One run of about `most` bytes. False: there is nothing to give now. */
  give(most: number): boolean {
    if (this.#busy || this.#full || this.#over || this.#queue.length === 0) return false;
    const run = this.#nextRun(most);
    this.#world.leaves(run.piece, run.length);
    const piece = this.#world.piece(run.piece);
    if (piece instanceof Promise) {
      this.#busy = true;
      void piece.then((late) => {
        this.#busy = false;
        this.#give(run, late);
        this.#world.wake();
      });
    } else this.#give(run, piece);
    return true;
  }

  /** The first request, and those that go on where it ends. */
  #nextRun(most: number): Request {
    const first = this.#queue.shift() as Request;
    let length = first.length;
    for (let next = this.#queue[0]; next && length < most; next = this.#queue[0]) {
      if (next.piece !== first.piece || next.begin !== first.begin + length) break;
      length += next.length;
      this.#queue.shift();
    }
    return { ...first, length };
  }

  #give({ piece: index, begin, length }: Request, piece: FramedPiece | undefined): void {
    if (!piece) return;
    if (this.#over) {
      this.#world.release(piece);
      return;
    }
    const run = piece.run(begin, length);
    this.#full = !this.#world.write(run ? [run] : piece.message(begin, length), () => this.#world.release(piece));
    this.#world.gave(index, length);
  }
}
