import type { Bitfield } from '#base/bitfield.ts';
import type { PieceIndex } from '#base/units.ts';
import type { Giver, Neighbour } from '#downloader/neighbour.ts';

/** A client's connection. `want`: whether the box is interested in what it has (BEP 3). */
export type GivingClient = Pick<Giver, 'remote' | 'pieces'> & {
  readonly canGive: boolean;
  readonly asking: Pick<Giver, 'ask' | 'cancel'> & { want(is: boolean): void };
};

export type NeighboursWorld = {
  /** From now on the client can be asked for blocks. */
  neighbour(giver: Giver): Neighbour;
};

/** Clients that have pieces which others lack, and the box too: they are asked for them, over the connection that they are served by. */
export class Neighbours<C extends GivingClient> {
  readonly #world: NeighboursWorld;
  readonly #of = new Map<C, Neighbour>();

  constructor(world: NeighboursWorld) {
    this.#world = world;
  }

  of(client: C): Neighbour | undefined {
    return this.#of.get(client);
  }

  /** `wants`: somebody lacks the piece, and the box does. */
  look(clients: readonly C[], pieceCount: number, wants: (piece: PieceIndex) => boolean): void {
    const wanted: PieceIndex[] = [];
    for (let piece = 0; piece < pieceCount; piece++) if (wants(piece)) wanted.push(piece);
    for (const client of clients) {
      const has: Bitfield | undefined = client.pieces();
      const isUseful = client.canGive && has !== undefined && wanted.some((piece) => has.has(piece));
      if (isUseful && !this.#of.has(client)) this.#of.set(client, this.#world.neighbour(giverOf(client)));
      if (this.#of.has(client)) client.asking.want(isUseful);
    }
  }

  left(client: C): void {
    this.#of.get(client)?.end();
    this.#of.delete(client);
  }
}

const giverOf = (client: GivingClient): Giver => ({
  remote: client.remote,
  pieces: () => client.pieces(),
  ask: (request) => client.asking.ask(request),
  cancel: (request) => client.asking.cancel(request),
});
