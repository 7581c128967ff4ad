import type { PieceIndex } from '#base/units.ts';
import { PIECE_HEADER_BYTES } from '#wire/framed-piece.ts';
import { SWARM_LIMITS } from './limits.ts';

/** What one message brings about. Each answers why the connection must end; undefined: it need not. */
export type InboundWorld = {
  choke(is: boolean): void;
  have(piece: PieceIndex): string | undefined;
  bitfield(bits: Uint8Array): string | undefined;
  request(piece: PieceIndex, begin: number, length: number): string | undefined;
  cancel(piece: PieceIndex, begin: number, length: number): void;
  /** Where the bytes of a block go, `length` of them; undefined: they are not wanted, and skipped. */
  block(piece: PieceIndex, begin: number, length: number): Uint8Array | undefined;
  /** All of the block has come, wanted or not. */
  blockEnd(piece: PieceIndex, begin: number, length: number): void;
};

const [CHOKE, UNCHOKE, HAVE, BITFIELD, REQUEST, PIECE, CANCEL] = [0, 1, 4, 5, 6, 7, 8];
/** Bytes that are read of a message before it is looked at: its length and id, and what stands before its data. */
const headBytes = (id: number): number =>
  id === HAVE ? 9 : id === REQUEST || id === CANCEL ? 17 : id === PIECE ? PIECE_HEADER_BYTES : 5;

/**
 * Bytes -> messages (BEP 3), where blocks are nearly all of the bytes: they are copied once, from what the socket gave to where the piece is put
 * together. Nothing is kept but the head of a message.
 */
export class Inbound {
  readonly #world: InboundWorld;
  readonly #bitfieldBytes: number;
  readonly #head = Buffer.allocUnsafe(17);
  #had = 0;
  /** Bytes of the message's body that are still to come. */
  #body = 0;
  /** Where they go, and how many are there. */
  #target: Uint8Array | undefined;
  #at = 0;
  #ends: (() => string | undefined) | undefined;

  constructor(world: InboundWorld, bitfieldBytes: number) {
    this.#world = world;
    this.#bitfieldBytes = bitfieldBytes;
  }

  /** Returns why the connection must end. */
  push(bytes: Uint8Array): string | undefined {
    for (let at = 0; at < bytes.length; ) {
      if (this.#body > 0) {
        const part = bytes.subarray(at, at + this.#body);
        this.#target?.set(part, this.#at);
        this.#at += part.length;
        this.#body -= part.length;
        at += part.length;
        const why = this.#body === 0 ? this.#ended() : undefined;
        if (why !== undefined) return why;
        continue;
      }
      this.#head[this.#had++] = bytes[at++] as number;
      const why = this.#headed();
      if (why !== undefined) return why;
    }
    return undefined;
  }

  #headed(): string | undefined {
    if (this.#had < 4) return undefined;
    const length = this.#head.readUInt32BE(0);
    if (this.#had === 4) {
      if (length === 0) this.#had = 0; // keep-alive
      return undefined;
    }
    const id = this.#head[4] as number;
    const wanted = headBytes(id);
    if (length + 4 < wanted) return `message ${id} with a body of ${length - 1} bytes`;
    if (this.#had < wanted) return undefined;
    this.#had = 0;
    return this.#begin(id, length + 4 - wanted);
  }

  /** `rest`: bytes that follow the head. */
  #begin(id: number, rest: number): string | undefined {
    const [piece, begin] = [this.#head.readUInt32BE(5), this.#head.readUInt32BE(9)];
    const hasData = id === PIECE || id === BITFIELD;
    if (!hasData && headBytes(id) > 5 && rest > 0) return `message ${id} is too long`;
    switch (id) {
      case CHOKE:
      case UNCHOKE:
        this.#world.choke(id === CHOKE);
        break;
      case HAVE:
        return this.#world.have(piece);
      case REQUEST:
        return this.#world.request(piece, begin, this.#head.readUInt32BE(13));
      case CANCEL:
        this.#world.cancel(piece, begin, this.#head.readUInt32BE(13));
        return undefined;
      case PIECE:
        if (rest > SWARM_LIMITS.requestBytes) return `a block of ${rest} bytes`;
        this.#await(rest, this.#world.block(piece, begin, rest), () => {
          this.#world.blockEnd(piece, begin, rest);
          return undefined;
        });
        return undefined;
      case BITFIELD: {
        if (rest !== this.#bitfieldBytes) return `a bitfield of ${rest} bytes`;
        const bits = new Uint8Array(rest);
        this.#await(rest, bits, () => this.#world.bitfield(bits));
        return undefined;
      }
      default:
        break;
    }
    if (rest > SWARM_LIMITS.skippedBytes) return `message ${id} of ${rest} bytes`;
    this.#await(rest, undefined, () => undefined);
    return undefined;
  }

  #await(bytes: number, target: Uint8Array | undefined, ends: () => string | undefined): void {
    this.#body = bytes;
    this.#target = target;
    this.#at = 0;
    this.#ends = ends;
    if (bytes === 0) this.#ended();
  }

  #ended(): string | undefined {
    const ends = this.#ends;
    this.#ends = undefined;
    this.#target = undefined;
    return ends?.();
  }
}
