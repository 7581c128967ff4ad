import { bug } from '#base/errors.ts';
import type { PieceIndex } from '#base/units.ts';
import { STORE_LIMITS } from './limits.ts';
import type { TaskShape } from './task-store.ts';

export const LAYOUT_VERSION = 1;

export type Place = { segment: number; offset: number; lengthBytes: number };

/** Where each piece of a torrent lies: whole pieces, in runs of one segment file each. */
export class Layout {
  readonly #shape: TaskShape;
  /** Pieces in every segment but the last. */
  readonly piecesPerSegment: number;

  constructor(shape: TaskShape) {
    const { pieceLength, pieceCount, totalBytes, pieceHashes } = shape;
    if (!(pieceLength > 0) || Math.ceil(totalBytes / pieceLength) !== pieceCount) bug('a shape whose sizes disagree');
    if (pieceHashes.length !== 20 * pieceCount) bug('a shape with another number of hashes than pieces');
    this.#shape = shape;
    this.piecesPerSegment = Math.max(1, Math.floor(STORE_LIMITS.segmentBytes / pieceLength));
  }

  get segments(): number {
    return Math.ceil(this.#shape.pieceCount / this.piecesPerSegment);
  }

  place(index: PieceIndex): Place {
    const { pieceLength, pieceCount, totalBytes } = this.#shape;
    if (!Number.isInteger(index) || index < 0 || index >= pieceCount) bug(`piece ${index} of ${pieceCount}`);
    return {
      segment: Math.floor(index / this.piecesPerSegment),
      offset: (index % this.piecesPerSegment) * pieceLength,
      lengthBytes: Math.min(pieceLength, totalBytes - index * pieceLength),
    };
  }

  /** The pieces of one segment, as [first, last + 1]. */
  piecesOf(segment: number): [PieceIndex, PieceIndex] {
    const first = segment * this.piecesPerSegment;
    return [first, Math.min(this.#shape.pieceCount, first + this.piecesPerSegment)];
  }

  hash(index: PieceIndex): Uint8Array {
    return this.#shape.pieceHashes.subarray(index * 20, index * 20 + 20);
  }

  /** What `layout.json` says. Two layouts with the same text lay pieces at the same places. */
  text(): string {
    const { pieceLength, totalBytes } = this.#shape;
    const segmentBytes = this.piecesPerSegment * pieceLength;
    return `${JSON.stringify({ version: LAYOUT_VERSION, pieceLength, totalBytes, segmentBytes })}\n`;
  }
}

export const segmentName = (segment: number): string => `segment-${String(segment).padStart(5, '0')}`;
