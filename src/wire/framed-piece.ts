import { SpareMemory } from '#base/spare-memory.ts';
import type { PieceIndex } from '#base/units.ts';
import { BLOCK_BYTES, MIB } from '#base/units.ts';

/** BEP 3 piece message before its data: length, id 7, piece, begin. */
export const PIECE_HEADER_BYTES = 13;
const STRIDE = PIECE_HEADER_BYTES + BLOCK_BYTES;

const blocksOf = (lengthBytes: number): number => Math.ceil(lengthBytes / BLOCK_BYTES);
const framedBytes = (lengthBytes: number): number => lengthBytes + PIECE_HEADER_BYTES * blocksOf(lengthBytes);

/** Two gigabits' worth of a hundred milliseconds: as much as is being verified and written while the next pieces come. */
const SPARE_BYTES = 32 * MIB;

const spare = new SpareMemory(SPARE_BYTES);

/**
 * A piece as it goes over the wire: the header of a piece message before each of its 16 KiB blocks, so that a run of
 * block requests is answered by one contiguous slice. The buffer owns its memory and can be transferred to a worker;
 * after that this object must not be used.
 */
export class FramedPiece {
  readonly index: PieceIndex;
  readonly lengthBytes: number;
  readonly buffer: Buffer;

  private constructor(index: PieceIndex, lengthBytes: number, memory: ArrayBuffer) {
    this.index = index;
    this.lengthBytes = lengthBytes;
    this.buffer = Buffer.from(memory);
  }

  #headed(): this {
    const { index, lengthBytes } = this;
    for (let begin = 0; begin < lengthBytes; begin += BLOCK_BYTES) {
      const at = (begin / BLOCK_BYTES) * STRIDE;
      writeHeader(this.buffer, at, index, begin, Math.min(BLOCK_BYTES, lengthBytes - begin));
    }
    return this;
  }

  /** The bytes of memory that a piece of `lengthBytes` takes, headers included. */
  static memoryBytes(lengthBytes: number): number {
    return framedBytes(lengthBytes);
  }

  /** A piece to be filled. What is not filled is whatever the memory held: no hash matches it. */
  static allocate(index: PieceIndex, lengthBytes: number): FramedPiece {
    checkLength(lengthBytes);
    const bytes = framedBytes(lengthBytes);
    return new FramedPiece(index, lengthBytes, spare.take(bytes)).#headed();
  }

  /** The memory of a piece that nobody uses becomes another's. A view of it that somebody kept is empty from now on. */
  static discard(piece: FramedPiece): void {
    spare.give(piece.buffer.buffer as ArrayBuffer);
  }

  /** The same piece again, around its memory as it came back from a worker. */
  static adopt(index: PieceIndex, lengthBytes: number, buffer: ArrayBuffer): FramedPiece {
    checkLength(lengthBytes);
    if (buffer.byteLength !== framedBytes(lengthBytes)) {
      throw new RangeError(`bug: ${buffer.byteLength} bytes are not a framed piece of ${lengthBytes}`);
    }
    return new FramedPiece(index, lengthBytes, buffer);
  }

  /** The memory of one whole block: 16 KiB, or what is left at the piece's end. */
  block(begin: number): Buffer {
    const at = this.#at(begin);
    return this.buffer.subarray(at, at + Math.min(BLOCK_BYTES, this.lengthBytes - begin));
  }

  /** Copies one block in. The block must be whole: 16 KiB, or what is left at the piece's end. */
  putBlock(begin: number, data: Uint8Array): void {
    const whole = Math.min(BLOCK_BYTES, this.lengthBytes - begin);
    if (!Number.isInteger(begin / BLOCK_BYTES) || begin < 0 || begin >= this.lengthBytes || data.length !== whole) {
      throw new RangeError(`bug: block ${begin}+${data.length} of a piece of ${this.lengthBytes}`);
    }
    this.buffer.set(data, this.#at(begin));
  }

  /**
   * Whole piece messages, one per block, in one slice: the answer to consecutive requests of one block each. Undefined
   * unless `begin` is block-aligned and `length` is whole blocks or ends with the piece.
   */
  run(begin: number, length: number): Buffer | undefined {
    const end = begin + length;
    if (!this.holds(begin, length) || begin % BLOCK_BYTES !== 0) return undefined;
    if (end % BLOCK_BYTES !== 0 && end !== this.lengthBytes) return undefined;
    return this.buffer.subarray((begin / BLOCK_BYTES) * STRIDE, framedBytes(end));
  }

  /** The one piece message that answers a request, whatever its alignment. Throws when it is not inside the piece. */
  message(begin: number, length: number): Buffer[] {
    if (!this.holds(begin, length)) throw new RangeError(`bug: ${begin}+${length} of a piece of ${this.lengthBytes}`);
    const whole = length <= BLOCK_BYTES ? this.run(begin, length) : undefined;
    if (whole) return [whole];
    const header = Buffer.allocUnsafe(PIECE_HEADER_BYTES);
    writeHeader(header, 0, this.index, begin, length);
    return [header, ...this.#payload(begin, length)];
  }

  /** True for a request that this piece can answer. */
  holds(begin: number, length: number): boolean {
    return (
      Number.isInteger(begin) &&
      Number.isInteger(length) &&
      begin >= 0 &&
      length > 0 &&
      begin + length <= this.lengthBytes
    );
  }

  /** Views of the blocks without their headers, in order. */
  payloadParts(): Buffer[] {
    return this.#payload(0, this.lengthBytes);
  }

  #at(begin: number): number {
    const block = Math.floor(begin / BLOCK_BYTES);
    return block * STRIDE + PIECE_HEADER_BYTES + (begin - block * BLOCK_BYTES);
  }

  #payload(begin: number, length: number): Buffer[] {
    const parts: Buffer[] = [];
    for (let from = begin; from < begin + length; ) {
      const blockEnd = (Math.floor(from / BLOCK_BYTES) + 1) * BLOCK_BYTES;
      const to = Math.min(blockEnd, begin + length);
      parts.push(this.buffer.subarray(this.#at(from), this.#at(from) + to - from));
      from = to;
    }
    return parts;
  }
}

function checkLength(lengthBytes: number): void {
  if (!Number.isInteger(lengthBytes) || lengthBytes <= 0) throw new RangeError(`bug: a piece of ${lengthBytes} bytes`);
}

function writeHeader(to: Buffer, at: number, piece: PieceIndex, begin: number, length: number): void {
  to.writeUInt32BE(9 + length, at);
  to[at + 4] = 7;
  to.writeUInt32BE(piece, at + 5);
  to.writeUInt32BE(begin, at + 9);
}
