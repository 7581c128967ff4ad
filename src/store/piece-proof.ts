import { passed, workOf } from './digests.ts';
import type { HashPool } from './hash-pool.ts';
import type { Failed, PieceBuffer, PieceMaker, TaskShape } from './task-store.ts';

export type PieceProofWorld<P extends PieceBuffer> = {
  readonly maker: PieceMaker<P>;
  readonly hashes: HashPool;
};

export type Proven<P> = { readonly kind: 'all' | 'some' | 'none'; readonly piece: P } | Failed;

/** What one torrent's pieces are verified by. It may become more (a hybrid's layers), never less. */
export class PieceProof<P extends PieceBuffer> {
  readonly #world: PieceProofWorld<P>;
  #shape: TaskShape;

  constructor(world: PieceProofWorld<P>, shape: TaskShape) {
    this.#world = world;
    this.#shape = shape;
  }

  /** Another object as soon as more is checked: what was verified by an earlier one is not proven any more. */
  get shape(): TaskShape {
    return this.#shape;
  }

  /** True: pieces are verified by more from now on. */
  describe(shape: TaskShape): boolean {
    if (shape.checksOf(0).length <= this.#shape.checksOf(0).length) return false;
    this.#shape = shape;
    return true;
  }

  /** Which of the piece's checks hold. Its buffer went to a worker and came back in another piece. */
  async of(piece: P, lengthBytes: number): Promise<Proven<P>> {
    const { hashes, maker } = this.#world;
    const checks = this.#shape.checksOf(piece.index);
    const hashed = await hashes.digest(piece, workOf(checks, lengthBytes));
    if (hashed.kind === 'failed') return hashed;
    return { kind: passed(checks, hashed.digests), piece: maker.adopt(piece.index, lengthBytes, hashed.buffer) };
  }
}
