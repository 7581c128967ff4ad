import { BLOCK_BYTES, type PieceIndex } from '#base/units.ts';

const LENGTH_BYTES = 4;
const PIECE_HEADER_BYTES = 13;
const STRIDE = PIECE_HEADER_BYTES + BLOCK_BYTES;
const CHOKE = 0;
const UNCHOKE = 1;
const HAVE = 4;
const BITFIELD = 5;
const PIECE = 7;

export type AnswersWorld = {
  block(): void;
  choked(choked: boolean): void;
  fault(why: string): void;
  /** The server has this piece. Undefined: nobody needs to know. */
  readonly told?: ((piece: PieceIndex) => void) | undefined;
};

/**
 * What a server sends after its handshake, read as far as the load needs it: the first five bytes of each message, none of
 * the data, and which pieces there are if that is asked for. Blocks are whole ones, all of one length.
 */
export class Answers {
  readonly #world: AnswersWorld;
  /** Length and kind of the message that is being read. */
  readonly #head = Buffer.alloc(LENGTH_BYTES + 1);
  #headBytes = 0;
  #skip = 0;
  #kind = -1;
  #counted = 0;
  /** What has come of a `have` or a bitfield. */
  readonly #body: number[] = [];

  constructor(world: AnswersWorld) {
    this.#world = world;
  }

  /** Nothing is left of a message. */
  get between(): boolean {
    return this.#headBytes === 0 && this.#skip === 0;
  }

  push(bytes: Buffer, from: number, to: number): void {
    for (let at = from; at < to; ) {
      if (this.#skip > 0) {
        const step = Math.min(this.#skip, to - at);
        if (this.#kind !== PIECE && this.#world.told) this.#body.push(...bytes.subarray(at, at + step));
        this.#skip -= step;
        at += step;
        if (this.#skip === 0) this.#finished();
      } else {
        this.#head[this.#headBytes++] = bytes[at++] as number;
        this.#headRead();
      }
    }
  }

  /** The same of bytes that stay encrypted: all they can be is blocks, so they are counted. */
  count(bytes: number): void {
    for (this.#counted += bytes; this.#counted >= STRIDE; this.#counted -= STRIDE) this.#world.block();
  }

  #headRead(): void {
    if (this.#headBytes < LENGTH_BYTES) return;
    const length = this.#head.readUInt32BE(0);
    if (length === 0) {
      this.#headBytes = 0; // keep-alive
      return;
    }
    if (this.#headBytes < this.#head.length) return;
    this.#kind = this.#head[LENGTH_BYTES] as number;
    if (this.#kind === PIECE && length !== STRIDE - LENGTH_BYTES) this.#world.fault(`a block of ${length - 9} bytes`);
    this.#skip = length - 1;
    if (this.#skip === 0) this.#finished();
  }

  #finished(): void {
    this.#headBytes = 0;
    if (this.#kind === PIECE) this.#world.block();
    else if (this.#kind === UNCHOKE || this.#kind === CHOKE) this.#world.choked(this.#kind === CHOKE);
    else if (this.#world.told) this.#tell(this.#world.told, Buffer.from(this.#body.splice(0)));
  }

  #tell(told: (piece: PieceIndex) => void, body: Buffer): void {
    if (this.#kind === HAVE) told(body.readUInt32BE(0));
    if (this.#kind !== BITFIELD) return;
    for (let piece = 0; piece < body.length * 8; piece++)
      if (((body[piece >> 3] as number) & (128 >> (piece & 7))) !== 0) told(piece);
  }
}
