import type { PieceIndex } from '#base/units.ts';
import { type Layout, segmentName } from './layout.ts';
import type { Segment, TaskShape } from './task-store.ts';

/** A run of bytes in a file of the torrent's folder. */
export type Extent = { readonly name: string; readonly offset: number; readonly lengthBytes: number };

/** A file of the torrent whose bytes lie in segments that another torrent made. */
export type BorrowedFile = {
  /** Its merkle root in hex: in the names of the segments. */
  readonly root: string;
  readonly firstPiece: PieceIndex;
  readonly lengthBytes: number;
  /** Where it begins, counted through all segments of the torrent that made them, and how many bytes each of them takes. */
  readonly startBytes: number;
  readonly segmentBytes: number;
};

/** Pieces that lie in the same files, or nearly. */
export type PieceGroup = { readonly names: readonly string[]; readonly pieces: readonly PieceIndex[] };

/** A borrowed segment has the number that it has where it was made. Half a root tells files apart well enough in one folder. */
export const borrowedName = (root: string, segment: number): string =>
  `${root.slice(0, 32)}-${String(segment).padStart(5, '0')}`;

/** Numbers of the segments that a borrowed file touches, as [first, last + 1]. */
export const segmentsOf = ({ startBytes, lengthBytes, segmentBytes }: BorrowedFile): [number, number] => [
  Math.floor(startBytes / segmentBytes),
  Math.ceil((startBytes + lengthBytes) / segmentBytes),
];

/**
 * Where the bytes of each piece lie: in one place of the torrent's own segments, or, of a borrowed file, in one or more of
 * the segments of another layout. What pads a hybrid's piece beyond its borrowed file lies nowhere: it is zeros.
 */
export class Places {
  readonly #shape: TaskShape;
  readonly #layout: Layout;
  /** By first piece. */
  readonly borrowed: readonly BorrowedFile[];

  constructor(shape: TaskShape, layout: Layout, borrowed: readonly BorrowedFile[]) {
    this.#shape = shape;
    this.#layout = layout;
    this.borrowed = borrowed.toSorted((a, b) => a.firstPiece - b.firstPiece);
  }

  extents(index: PieceIndex): Extent[] {
    const { segment, offset, lengthBytes } = this.#layout.place(index);
    const file = this.#borrowedAt(index);
    return file ? this.#borrowedExtents(file, index) : [{ name: segmentName(segment), offset, lengthBytes }];
  }

  /** Segments that hold pieces of the torrent's own. */
  *own(): Generator<Segment> {
    for (let number = 0; number < this.#layout.segments; number++) {
      const [first, end] = this.#layout.piecesOf(number);
      const pieces = range(first, end).filter((index) => !this.#borrowedAt(index));
      if (pieces.length > 0) yield { number, pieces };
    }
  }

  /** All pieces, a segment's worth at a time. */
  *groups(): Generator<PieceGroup> {
    for (const { number, pieces } of this.own()) yield { names: [segmentName(number)], pieces };
    for (const file of this.borrowed) yield* this.#groupsOf(file);
  }

  *#groupsOf(file: BorrowedFile): Generator<PieceGroup> {
    const perGroup = Math.max(1, Math.floor(file.segmentBytes / this.#shape.pieceLength));
    const end = this.#endOf(file);
    for (let first = file.firstPiece; first < end; first += perGroup) {
      const pieces = range(first, Math.min(end, first + perGroup));
      const names = new Set(pieces.flatMap((index) => this.extents(index).map(({ name }) => name)));
      yield { names: [...names], pieces };
    }
  }

  #borrowedExtents(file: BorrowedFile, index: PieceIndex): Extent[] {
    const { root, startBytes, segmentBytes } = file;
    const from = (index - file.firstPiece) * this.#shape.pieceLength;
    const end = startBytes + Math.min(from + this.#shape.pieceLength, file.lengthBytes);
    const extents: Extent[] = [];
    for (let at = startBytes + from; at < end; ) {
      const segment = Math.floor(at / segmentBytes);
      const lengthBytes = Math.min(end, (segment + 1) * segmentBytes) - at;
      extents.push({ name: borrowedName(root, segment), offset: at % segmentBytes, lengthBytes });
      at += lengthBytes;
    }
    return extents;
  }

  #endOf(file: BorrowedFile): PieceIndex {
    return file.firstPiece + Math.ceil(file.lengthBytes / this.#shape.pieceLength);
  }

  #borrowedAt(index: PieceIndex): BorrowedFile | undefined {
    let low = 0;
    for (let high = this.borrowed.length; low < high; ) {
      const middle = (low + high) >> 1;
      if ((this.borrowed[middle] as BorrowedFile).firstPiece <= index) low = middle + 1;
      else high = middle;
    }
    const file = this.borrowed[low - 1];
    return file && index < this.#endOf(file) ? file : undefined;
  }
}

const range = (from: number, end: number): number[] => Array.from({ length: end - from }, (_, i) => from + i);
