import type { Bitfield } from '#base/bitfield.ts';
import type { PieceIndex } from '#base/units.ts';
import { URGENT_LEVELS } from '#downloader/wanted-pieces.ts';
import { type Holder, settled } from './holder.ts';
import { LIMITS } from './limits.ts';
import { ReadingOrder } from './reading-order.ts';
import type { Part } from './wishes.ts';

/** What one of a client's connections shows. */
export type Viewer = {
  readonly remote: { readonly ip: string };
  pieces(): Bitfield | undefined;
  readonly telling: { knows(piece: PieceIndex): boolean };
};

type Shape = { readonly pieceCount: number; readonly pieceLength: number; readonly parts: readonly Part[] };

/**
 * Where clients that read in order are in the torrent, by their address, and so which pieces must be there before others: those right ahead of each, the
 * nearest first, and the end of the file that it reads, where players of films look for the index. A client that has shown nothing
 * yet is taken for one that reads in order: it might, and its share of the line is bounded.
 */
export class Playheads {
  readonly #shape: Shape;
  readonly #window: number;
  readonly #orders = new Map<string, ReadingOrder>();
  readonly #urgency = new Map<PieceIndex, number>();

  constructor(shape: Shape) {
    this.#shape = shape;
    this.#window = Math.min(
      LIMITS.aheadPieces,
      Math.max(URGENT_LEVELS, Math.ceil(LIMITS.aheadBytes / shape.pieceLength)),
    );
  }

  /** 0: not before others; else 1 to `URGENT_LEVELS`, the highest first. */
  urgencyOf(piece: PieceIndex): number {
    return this.#urgency.get(piece) ?? 0;
  }

  /** The client asks for a block of the piece. True: it is known better where it reads, or how. */
  asked(client: Viewer, piece: PieceIndex, have: Bitfield): boolean {
    const offered = (other: PieceIndex): boolean =>
      have.has(other) && client.telling.knows(other) && !client.pieces()?.has(other);
    return this.#orderOf(client.remote.ip).asked(piece, offered);
  }

  /** Who is here, or what they have, has changed. */
  look(holders: readonly Holder[]): void {
    this.#urgency.clear();
    const ips = new Set(holders.map(({ ip }) => ip));
    for (const ip of this.#orders.keys()) if (!ips.has(ip)) this.#orders.delete(ip);
    for (const holder of holders) {
      const reading = this.#orderOf(holder.ip);
      if (holder.pieces) reading.came(holder.pieces);
      if (reading.order !== 'any') this.#lookAhead(reading.from, settled(holder, this.#shape.pieceCount));
    }
  }

  #lookAhead(from: PieceIndex, done: Bitfield): void {
    const { pieceCount, pieceLength, parts } = this.#shape;
    const next = (at: PieceIndex): PieceIndex => {
      while (at < pieceCount && done.has(at)) at++;
      return at;
    };
    const ahead = next(from);
    const head = ahead < pieceCount ? ahead : next(0);
    const raise = (piece: PieceIndex, level: number): void => {
      if (!done.has(piece)) this.#urgency.set(piece, Math.max(level, this.urgencyOf(piece)));
    };
    for (let i = 0; i < this.#window && head + i < pieceCount; i++)
      raise(head + i, URGENT_LEVELS - Math.floor((i * URGENT_LEVELS) / this.#window));
    const part = parts.find(({ first, end }) => first <= head && head < end);
    if (!part) return;
    const tail = Math.ceil(LIMITS.tailBytes / pieceLength);
    for (let piece = Math.max(head, part.end - tail); piece < part.end; piece++) raise(piece, URGENT_LEVELS - 1);
  }

  #orderOf(ip: string): ReadingOrder {
    const known = this.#orders.get(ip);
    if (known) return known;
    const order = new ReadingOrder(this.#shape.pieceCount);
    this.#orders.set(ip, order);
    return order;
  }
}
