import type { Bitfield } from '#base/bitfield.ts';
import type { BlockRequest, OriginId } from './begun-piece.ts';
import type { DownloadLimits } from './limits.ts';
import { type Giver, Neighbour, type NeighbourHost } from './neighbour.ts';

export type NeighbourhoodWorld = Pick<NeighbourHost, 'nowMs' | 'runs'> & {
  newId(): OriginId;
  ready(n: Neighbour): void;
  block(n: Neighbour, request: BlockRequest, data: Uint8Array): void;
  released(n: Neighbour, request: BlockRequest): void;
  /** Nothing is to be asked of it any more. */
  left(id: OriginId): void;
};

/** The LAN clients that one download may ask. */
export class Neighbourhood {
  readonly #world: NeighbourhoodWorld;
  readonly #limits: DownloadLimits;
  readonly #all = new Map<OriginId, Neighbour>();

  constructor(world: NeighbourhoodWorld, limits: DownloadLimits) {
    this.#world = world;
    this.#limits = limits;
  }

  /** A client has pieces: from now on it can be asked for them. */
  add(giver: Giver): Neighbour {
    const ended = ({ id }: Neighbour): void => {
      this.#all.delete(id);
      this.#world.left(id);
    };
    const neighbour = new Neighbour(this.#world.newId(), giver, { ...this.#world, ended }, this.#limits);
    this.#all.set(neighbour.id, neighbour);
    return neighbour;
  }

  get(id: OriginId): Neighbour | undefined {
    return this.#all.get(id);
  }

  /** What they have and give at once: it need not cross the line. */
  prompt(): Bitfield[] {
    const has: Bitfield[] = [];
    for (const { preferred, pieces } of this.#all.values()) if (preferred && pieces) has.push(pieces);
    return has;
  }

  /** About once a second. */
  tick(): void {
    for (const neighbour of this.#all.values()) neighbour.tick();
  }

  /** The download rests. */
  pause(): void {
    for (const neighbour of this.#all.values()) neighbour.pause();
  }
}
