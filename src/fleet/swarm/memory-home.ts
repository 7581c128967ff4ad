import type { PieceIndex } from '#base/units.ts';
import type { FramedPiece } from '#wire/framed-piece.ts';
import type { PieceHome } from './swarm.ts';

/** Pieces in memory alone: what a test, or a measurement of the wire, stands on. */
export class MemoryHome implements PieceHome {
  readonly #pieces = new Map<PieceIndex, FramedPiece>();

  get count(): number {
    return this.#pieces.size;
  }

  has(piece: PieceIndex): boolean {
    return this.#pieces.has(piece);
  }

  read(piece: PieceIndex): FramedPiece | undefined {
    return this.#pieces.get(piece);
  }

  release(): void {
    // All of them stay for good.
  }

  async keep(piece: FramedPiece): Promise<'ok'> {
    this.#pieces.set(piece.index, piece);
    return 'ok';
  }
}
