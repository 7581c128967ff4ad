import { bug } from '#base/errors.ts';
import type { PieceIndex } from '#base/units.ts';
import { STORE_LIMITS } from './limits.ts';
import type { TaskShape } from './task-store.ts';

export const LAYOUT_VERSION = 1;

export type Place = { segment: number; offset: number; lengthBytes: number };

/**
 * Where each piece of a torrent lies: whole pieces, in runs of one segment file each. Each has room for `pieceLength`: what
 * a short piece leaves of it is a hole, which takes no space.
 */
export class Layout {
  readonly #shape: TaskShape;
  /** Pieces in every segment but the last. */
  readonly piecesPerSegment: number;

  constructor(shape: TaskShape) {
    const { pieceLength, pieceCount, totalBytes } = shape;
    const fits = pieceLength > 0 && pieceCount > 0 && totalBytes <= pieceCount * pieceLength;
    if (!fits || totalBytes <= 0) bug('a shape whose sizes disagree');
    this.#shape = shape;
    this.piecesPerSegment = Math.max(1, Math.floor(STORE_LIMITS.segmentBytes / pieceLength));
  }

  get segments(): number {
    return Math.ceil(this.#shape.pieceCount / this.piecesPerSegment);
  }

  place(index: PieceIndex): Place {
    const { pieceLength, pieceCount } = this.#shape;
    if (!Number.isInteger(index) || index < 0 || index >= pieceCount) bug(`piece ${index} of ${pieceCount}`);
    const lengthBytes = this.#shape.sizeOf(index);
    if (!(lengthBytes > 0 && lengthBytes <= pieceLength)) bug(`piece ${index} of ${lengthBytes} bytes`);
    return {
      segment: Math.floor(index / this.piecesPerSegment),
      offset: (index % this.piecesPerSegment) * pieceLength,
      lengthBytes,
    };
  }

  /** The pieces of one segment, as [first, last + 1]. */
  piecesOf(segment: number): [PieceIndex, PieceIndex] {
    const first = segment * this.piecesPerSegment;
    return [first, Math.min(this.#shape.pieceCount, first + this.piecesPerSegment)];
  }

  /** What `layout.json` says. Two layouts with the same text lay pieces at the same places. */
  text(): string {
    const { pieceLength, totalBytes } = this.#shape;
    const segmentBytes = this.piecesPerSegment * pieceLength;
    return `${JSON.stringify({ version: LAYOUT_VERSION, pieceLength, totalBytes, segmentBytes })}\n`;
  }
}

export const segmentName = (segment: number): string => `segment-${String(segment).padStart(5, '0')}`;
