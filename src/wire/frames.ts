import type { PieceIndex } from '#base/units.ts';
import type { HashMessage } from './hash-messages.ts';
import { decodeHashMessage, encodeHashBody, HASH_IDS, isHashId } from './hash-messages.ts';
import type { Parsed } from './parsed.ts';
import { bad, ok } from './parsed.ts';

/** A peer message (BEP 3; 13..17 BEP 6; 20 BEP 10; 21..23 BEP 52). Offsets and lengths in bytes. */
export type Message =
  | { kind: 'keep-alive' }
  | { kind: 'choke' }
  | { kind: 'unchoke' }
  | { kind: 'interested' }
  | { kind: 'not-interested' }
  | { kind: 'have'; piece: PieceIndex }
  | { kind: 'bitfield'; bits: Buffer }
  | { kind: 'request'; piece: PieceIndex; begin: number; length: number }
  | { kind: 'piece'; piece: PieceIndex; begin: number; data: Buffer }
  | { kind: 'cancel'; piece: PieceIndex; begin: number; length: number }
  | { kind: 'port'; port: number }
  | { kind: 'suggest'; piece: PieceIndex }
  | { kind: 'have-all' }
  | { kind: 'have-none' }
  | { kind: 'reject'; piece: PieceIndex; begin: number; length: number }
  | { kind: 'allowed-fast'; piece: PieceIndex }
  | { kind: 'extended'; id: number; payload: Buffer }
  | HashMessage
  | { kind: 'unknown'; id: number };

const bare = {
  0: 'choke',
  1: 'unchoke',
  2: 'interested',
  3: 'not-interested',
  14: 'have-all',
  15: 'have-none',
} as const;
const aboutPiece = { 4: 'have', 13: 'suggest', 17: 'allowed-fast' } as const;
const aboutBlock = { 6: 'request', 8: 'cancel', 16: 'reject' } as const;

const named = <N extends string>(table: Readonly<Record<number, N>>, id: number): N | undefined => table[id];

/** Reads one whole frame, its 4-byte length included. Byte fields of the message are views of `frame`. */
export function decodeMessage(frame: Buffer): Parsed<Message> {
  if (frame.length < 4 || frame.readUInt32BE(0) !== frame.length - 4) return bad('a frame is not as long as it says');
  if (frame.length === 4) return ok({ kind: 'keep-alive' });
  const id = frame[4] as number;
  const size = frame.length - 5;
  const noBody = named(bare, id);
  if (noBody) return size === 0 ? ok({ kind: noBody }) : wrongSize(id, size);
  const onePiece = named(aboutPiece, id);
  if (onePiece) return size === 4 ? ok({ kind: onePiece, piece: frame.readUInt32BE(5) }) : wrongSize(id, size);
  const oneBlock = named(aboutBlock, id);
  if (oneBlock) {
    if (size !== 12) return wrongSize(id, size);
    const [piece, begin, length] = [frame.readUInt32BE(5), frame.readUInt32BE(9), frame.readUInt32BE(13)];
    return ok({ kind: oneBlock, piece, begin, length });
  }
  switch (id) {
    case 5:
      return ok({ kind: 'bitfield', bits: frame.subarray(5) });
    case 7:
      if (size < 8) return wrongSize(id, size);
      return ok({
        kind: 'piece',
        piece: frame.readUInt32BE(5),
        begin: frame.readUInt32BE(9),
        data: frame.subarray(13),
      });
    case 9:
      return size === 2 ? ok({ kind: 'port', port: frame.readUInt16BE(5) }) : wrongSize(id, size);
    case 20:
      return size >= 1
        ? ok({ kind: 'extended', id: frame[5] as number, payload: frame.subarray(6) })
        : wrongSize(id, size);
    default: {
      if (!isHashId(id)) return ok({ kind: 'unknown', id });
      const message = decodeHashMessage(id, frame.subarray(5));
      return message ? ok(message) : wrongSize(id, size);
    }
  }
}

const wrongSize = (id: number, size: number): Parsed<never> => bad(`message ${id} with a body of ${size} bytes`);

const ids: Readonly<Record<Exclude<Message['kind'], 'keep-alive' | 'unknown'>, number>> = {
  choke: 0,
  unchoke: 1,
  interested: 2,
  'not-interested': 3,
  have: 4,
  bitfield: 5,
  request: 6,
  piece: 7,
  cancel: 8,
  port: 9,
  suggest: 13,
  'have-all': 14,
  'have-none': 15,
  reject: 16,
  'allowed-fast': 17,
  extended: 20,
  ...HASH_IDS,
};

/** The whole frame. An `unknown` message has no body to write and is refused as a bug. */
export function encodeMessage(m: Message): Buffer {
  if (m.kind === 'keep-alive') return Buffer.alloc(4);
  if (m.kind === 'unknown') throw new RangeError('bug: an unknown message cannot be written');
  const id = ids[m.kind];
  switch (m.kind) {
    case 'have':
    case 'suggest':
    case 'allowed-fast':
      return framed(id, [m.piece]);
    case 'request':
    case 'cancel':
    case 'reject':
      return framed(id, [m.piece, m.begin, m.length]);
    case 'piece':
      return framed(id, [m.piece, m.begin], m.data);
    case 'bitfield':
      return framed(id, [], m.bits);
    case 'port':
      return framed(id, [], Buffer.of(m.port >> 8, m.port & 0xff));
    case 'hash-request':
    case 'hashes':
    case 'hash-reject':
      return framed(id, [], encodeHashBody(m));
    case 'extended':
      return framed(id, [], Buffer.concat([Buffer.of(m.id), m.payload]));
    default:
      return framed(id, []);
  }
}

function framed(id: number, words: readonly number[], tail: Uint8Array = Buffer.alloc(0)): Buffer {
  const head = 5 + 4 * words.length;
  const frame = Buffer.allocUnsafe(head + tail.length);
  frame.writeUInt32BE(frame.length - 4, 0);
  frame[4] = id;
  for (const [i, word] of words.entries()) frame.writeUInt32BE(word, 5 + 4 * i);
  frame.set(tail, head);
  return frame;
}

/** A first guess at a frame that spans chunks, in bytes: one block with its header fits. */
const FIRST_BYTES = 17 * 1024;

/**
 * Cuts a stream into frames (4-byte length, then that many bytes). A frame that lies whole in a chunk is a view of the
 * chunk; only one that spans chunks is copied, each byte a bounded number of times. Holds at most one unfinished frame.
 */
export class FrameSplitter {
  readonly #maxFrameBytes: number;
  readonly #reuse: boolean;
  #partial: Buffer = Buffer.alloc(0);
  #held = 0;
  #broken: string | undefined;

  /**
   * `maxFrameBytes` counts a frame's 4-byte length too. `reuse`: a frame is valid only until `onFrame` returns; then what spans chunks costs no
   * memory of its own.
   */
  constructor(maxFrameBytes: number, { reuse = false } = {}) {
    this.#maxFrameBytes = maxFrameBytes;
    this.#reuse = reuse;
  }

  /** Bytes of an unfinished frame that are held. */
  get heldBytes(): number {
    return this.#held;
  }

  /** Returns why the peer must be dropped, from then on always. `onFrame` gets the frame with its 4-byte length. */
  push(chunk: Buffer, onFrame: (frame: Buffer) => void): string | undefined {
    let at = 0;
    while (this.#broken === undefined && at < chunk.length) {
      if (this.#held > 0) {
        at = this.#finish(chunk, at, onFrame);
        continue;
      }
      if (chunk.length - at < 4) return this.#hold(chunk, at);
      const size = 4 + chunk.readUInt32BE(at);
      if (size > this.#maxFrameBytes) return this.#refuse(size);
      if (chunk.length - at < size) return this.#hold(chunk, at);
      at += size;
      onFrame(chunk.subarray(at - size, at));
    }
    return this.#broken;
  }

  #refuse(size: number): string {
    this.#broken = `a frame of ${size} bytes is longer than ${this.#maxFrameBytes}`;
    this.#partial = Buffer.alloc(0);
    this.#held = 0;
    return this.#broken;
  }

  /** Keeps the begun frame at the end of a chunk. */
  #hold(chunk: Buffer, at: number): undefined {
    this.#take(chunk, at, chunk.length - at);
  }

  /** Adds to the begun frame and hands it over when it is whole. Returns the offset of the first byte not used. */
  #finish(chunk: Buffer, from: number, onFrame: (frame: Buffer) => void): number {
    let at = from;
    if (this.#held < 4) {
      at += this.#take(chunk, at, 4 - this.#held);
      if (this.#held < 4) return at;
    }
    const size = 4 + this.#partial.readUInt32BE(0);
    if (size > this.#maxFrameBytes) {
      this.#refuse(size);
      return at;
    }
    at += this.#take(chunk, at, size - this.#held);
    if (this.#held < size) return at;
    const frame = this.#partial.subarray(0, size);
    if (!this.#reuse || size > FIRST_BYTES) this.#partial = Buffer.alloc(0);
    this.#held = 0;
    onFrame(frame);
    return at;
  }

  #take(chunk: Buffer, at: number, wanted: number): number {
    const n = Math.min(wanted, chunk.length - at);
    const need = this.#held + n;
    if (need > this.#partial.length) {
      // Doubling, not the announced length: four bytes must not make us reserve the largest frame.
      const grown = Buffer.allocUnsafe(
        Math.max(need, Math.min(this.#maxFrameBytes, Math.max(FIRST_BYTES, 2 * this.#partial.length))),
      );
      this.#partial.copy(grown, 0, 0, this.#held);
      this.#partial = grown;
    }
    chunk.copy(this.#partial, this.#held, at, at + n);
    this.#held = need;
    return n;
  }
}
