import type { PieceIndex } from '#base/units.ts';

/** What the carousel asks of the task and its memory. All is answered at once. */
export type CarouselWorld = {
  readonly pieceCount: number;
  has(piece: PieceIndex): boolean;
  inMemory(piece: PieceIndex): boolean;
  /** The longest there first. */
  memory(): Iterable<PieceIndex>;
};

/**
 * Which pieces a client is offered next, so that those who fetch the same torrent read the same pieces at the same time: what is in memory; then
 * what others were offered and is about to be read; then the next under the head, which goes round and round in the disk's order.
 * Scan sharing, as databases have it.
 */
export class Carousel {
  readonly #world: CarouselWorld;
  readonly #ringSize: number;
  /** Offered or asked for, not in memory yet: the disk is at them, or will be. Oldest first. */
  readonly #ring = new Set<PieceIndex>();
  #head = 0;

  constructor(world: CarouselWorld, ringSize: number) {
    this.#world = world;
    this.#ringSize = ringSize;
  }

  /** Somebody asks for the piece. */
  asked(piece: PieceIndex): void {
    if (!this.#world.inMemory(piece)) this.#remember(piece);
  }

  /** At most `count` pieces that the client lacks and may be told of. `atHead`: also what is not read yet. */
  next(count: number, wants: (piece: PieceIndex) => boolean, atHead: boolean): PieceIndex[] {
    const { has, inMemory, memory, pieceCount } = this.#world;
    const chosen: PieceIndex[] = [];
    const take = (piece: PieceIndex): boolean => {
      if (has(piece) && wants(piece)) chosen.push(piece);
      return chosen.length < count;
    };
    if (count <= 0) return chosen;
    for (const piece of memory()) if (!take(piece)) return chosen;
    for (const piece of this.#ring)
      if (inMemory(piece)) this.#ring.delete(piece);
      else if (!take(piece)) return chosen;
    for (let step = 0; atHead && step < pieceCount; step++) {
      const piece = this.#head;
      this.#head = (piece + 1) % pieceCount;
      if (inMemory(piece) || this.#ring.has(piece)) continue;
      const before = chosen.length;
      const more = take(piece);
      if (chosen.length > before) this.#remember(piece);
      if (!more) break;
    }
    return chosen;
  }

  #remember(piece: PieceIndex): void {
    this.#ring.add(piece);
    for (const oldest of this.#ring) {
      if (this.#ring.size <= this.#ringSize) break;
      this.#ring.delete(oldest);
    }
  }
}
