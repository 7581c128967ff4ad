import { errorCode } from '#base/errors.ts';
import type { PieceIndex } from '#base/units.ts';
import type { Disks } from './disks.ts';
import { busy } from './gate.ts';
import type { Layout } from './layout.ts';
import type { PieceProof } from './piece-proof.ts';
import { failed, type TaskHome } from './task-home.ts';
import type { Failed, PieceBuffer, PieceMaker, ReadResult, Verified } from './task-store.ts';

export type PiecesAtRestWorld<P extends PieceBuffer> = {
  readonly maker: PieceMaker<P>;
  readonly disks: Pick<Disks, 'look' | 'trouble'>;
  readonly home: Pick<TaskHome, 'now'>;
  readonly layout: Pick<Layout, 'place'>;
  readonly proof: Pick<PieceProof<P>, 'of'>;
};

/**
 * One torrent's pieces as they lie on its disk, past any memory.
 * Invariant: a piece is given, or said to be 'ok', only after its hash was right.
 */
export class PiecesAtRest<P extends PieceBuffer> {
  readonly #world: PiecesAtRestWorld<P>;
  readonly #reads = new Set<Promise<unknown>>();

  constructor(world: PiecesAtRestWorld<P>) {
    this.#world = world;
  }

  read(index: PieceIndex): Promise<ReadResult<P>> {
    const running = this.#read(index);
    this.#reads.add(running);
    return running.finally(() => this.#reads.delete(running));
  }

  /** What a read would find. The piece itself goes to nobody, so its memory serves the next one. */
  async check(index: PieceIndex): Promise<{ kind: 'ok' | 'corrupt' } | Failed> {
    const read = await this.read(index);
    if (read.kind !== 'ok') return read;
    this.#world.maker.discard(read.piece);
    return { kind: 'ok' };
  }

  /** The same while the disk has nothing else to do. Between the look at its load and the read's turn nobody comes in. */
  async checkIdly(index: PieceIndex): Promise<Verified> {
    const { home } = this.#world;
    const disk = home.now?.disk;
    if (disk?.state !== 'good') return { kind: 'away' };
    if (disk.load > 0) return { kind: 'busy' };
    const found = await this.check(index);
    return home.now?.disk === disk ? found : { kind: 'away' };
  }

  /** Resolves when every read that has begun by now is over. */
  async settled(): Promise<void> {
    await Promise.allSettled([...this.#reads]);
  }

  async #read(index: PieceIndex): Promise<ReadResult<P>> {
    const { disks, maker, layout, proof } = this.#world;
    const { lengthBytes } = layout.place(index);
    const home = this.#world.home.now;
    // Nowhere is where a piece lies whose disk is gone.
    if (!home) return { kind: 'corrupt' };
    const { disk, files } = home;
    using turn = await disk.reads.enter();
    if (!turn) return failed(busy('reads'));
    const piece = maker.allocate(index, lengthBytes);
    const end = disk.cost.begin();
    let came = 0;
    try {
      if (!(await files.read(piece))) return { kind: 'corrupt' };
      came = lengthBytes;
    } catch (error) {
      // The file itself is missing: the piece is as gone as if its bytes had changed.
      if (errorCode(error) === 'ENOENT' && (await disks.look(disk))) return { kind: 'corrupt' };
      disks.trouble(disk, error, 'read');
      return failed(error);
    } finally {
      end(came);
    }
    const proven = await proof.of(piece, lengthBytes);
    if (proven.kind === 'failed') return proven;
    return proven.kind === 'all' ? { kind: 'ok', piece: proven.piece } : { kind: 'corrupt' };
  }
}
