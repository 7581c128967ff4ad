import { bug } from '#base/errors.ts';
import { BLOCK_BYTES, type PieceIndex } from '#base/units.ts';

/** An origin's number within its task: it stays the same across reconnections, so that blame does too. */
export type OriginId = number;
/** Whom blocks are from that an earlier run of the box fetched: no origin that could be blamed. */
export const NOBODY: OriginId = -1;
export type BlockRequest = { readonly piece: PieceIndex; readonly begin: number; readonly length: number };

const FREE = 0;
const ASKED = 1;
const GOT = 2;

/** A piece whose blocks are being fetched. Invariant: each block is exactly one of free, asked of one origin, or got from one origin. */
export class BegunPiece<P> {
  readonly index: PieceIndex;
  readonly lengthBytes: number;
  /** Begun earlier is finished earlier. */
  readonly order: number;
  /** Who may be asked: anyone, one origin not chosen yet, or that origin alone (a mixed piece that proved bad). */
  sole: 'anyone' | 'someone' | OriginId;
  payload: P | undefined;
  readonly #blocks: Uint8Array;
  readonly #by: Int32Array;
  #free: number;
  #asked = 0;
  /** No free block lies before this one. */
  #cursor = 0;

  constructor(index: PieceIndex, lengthBytes: number, order: number, sole: 'anyone' | 'someone') {
    this.index = index;
    this.lengthBytes = lengthBytes;
    this.order = order;
    this.sole = sole;
    this.#free = Math.ceil(lengthBytes / BLOCK_BYTES);
    this.#blocks = new Uint8Array(this.#free);
    this.#by = new Int32Array(this.#free);
  }

  get free(): number {
    return this.#free;
  }

  get asked(): number {
    return this.#asked;
  }

  get got(): number {
    return this.#blocks.length - this.#free - this.#asked;
  }

  get complete(): boolean {
    return this.got === this.#blocks.length;
  }

  mayAsk(origin: OriginId): boolean {
    return this.#free > 0 && (typeof this.sole === 'string' || this.sole === origin);
  }

  ask(origin: OriginId): BlockRequest {
    while (this.#blocks[this.#cursor] !== FREE && this.#cursor < this.#blocks.length) this.#cursor++;
    if (this.#cursor === this.#blocks.length) bug(`piece ${this.index} has no free block`);
    const block = this.#cursor;
    this.#blocks[block] = ASKED;
    this.#by[block] = origin;
    this.#free--;
    this.#asked++;
    if (this.sole === 'someone') this.sole = origin;
    return { piece: this.index, begin: block * BLOCK_BYTES, length: this.blockLength(block) };
  }

  blockLength(block: number): number {
    return Math.min(BLOCK_BYTES, this.lengthBytes - block * BLOCK_BYTES);
  }

  /** The block came. `otherwise` names the origin that is being asked for it now and need not send it any more. */
  put(origin: OriginId, block: number): { kept: boolean; otherwise?: OriginId } {
    const state = this.#blocks[block];
    if (state === undefined || state === GOT) return { kept: false };
    if (this.sole !== 'anyone' && this.sole !== origin) return { kept: false };
    const asked = this.#by[block] as number;
    if (state === FREE) this.#free--;
    else this.#asked--;
    this.#blocks[block] = GOT;
    this.#by[block] = origin;
    return state === ASKED && asked !== origin ? { kept: true, otherwise: asked } : { kept: true };
  }

  /** The request came to nothing: the block may be asked of anybody again. False when this origin was not being asked for it. */
  release(origin: OriginId, block: number): boolean {
    if (this.#blocks[block] !== ASKED || this.#by[block] !== origin) return false;
    this.#blocks[block] = FREE;
    this.#free++;
    this.#asked--;
    this.#cursor = Math.min(this.#cursor, block);
    return true;
  }

  /** The origin is gone or chokes. A piece that had to come from it alone starts again. */
  leave(origin: OriginId): void {
    if (this.sole === origin) {
      this.#blocks.fill(FREE);
      this.#free = this.#blocks.length;
      this.#asked = 0;
      this.#cursor = 0;
      this.sole = 'someone';
      return;
    }
    if (this.#asked === 0) return;
    for (let block = 0; block < this.#blocks.length; block++) this.release(origin, block);
  }

  /** Who sent which block, once complete. */
  sources(): Int32Array {
    return this.#by;
  }
}
