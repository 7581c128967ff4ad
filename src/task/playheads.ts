import type { Bitfield } from '#base/bitfield.ts';
import type { PieceIndex } from '#base/units.ts';
import { URGENT_LEVELS } from '#downloader/wanted-pieces.ts';
import { type Holder, type HolderConnection, settled } from './holder.ts';
import { LIMITS } from './limits.ts';
import { PlaceSearch } from './place-search.ts';
import { ReadingOrder } from './reading-order.ts';
import type { Part } from './wishes.ts';

type Shape = { readonly pieceCount: number; readonly pieceLength: number; readonly parts: readonly Part[] };

type Client = {
  readonly reading: ReadingOrder;
  /** Since when it wants nothing of what it is offered of its file. */
  turnedMs: number | undefined;
  search: PlaceSearch | undefined;
};

/**
 * Where clients that read in order are in the torrent, by their address, and so which pieces must be there before others: those right ahead of
 * each, the nearest first, and the end of the file that it reads, where players of films look for the index. A client that takes pieces and has
 * not shown in which order is taken for one that reads in order: it might, and its share of the line is bounded. One that wants nothing of what
 * it is offered is looked for.
 */
export class Playheads {
  readonly #shape: Shape;
  readonly #window: number;
  readonly #clients = new Map<string, Client>();
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

  readsInOrder(ip: string): boolean {
    return this.#clients.get(ip)?.reading.inOrderFromFirst ?? false;
  }

  /** Somebody is being looked for, or about to be: `look` should be called again soon. */
  get searching(): boolean {
    return this.#clients.values().some(({ turnedMs, search }) => (search ? !search.inVain : turnedMs !== undefined));
  }

  /** The client asks for a block of the piece. `connections`: all that it has. True: it is known better where it reads, or how. */
  asked(ip: string, piece: PieceIndex, have: Bitfield, connections: () => readonly HolderConnection[]): boolean {
    const { reading, search } = this.#clientAt(ip);
    if (reading.hasAsked(piece)) return false;
    const all = connections();
    const offered = (other: PieceIndex): boolean =>
      have.has(other) && !all[0]?.pieces()?.has(other) && all.some((c) => c.telling.knows(other));
    const isNews = reading.asked(piece, offered);
    search?.asked(piece, (other) => offered(other) && !reading.hasAsked(other));
    return isNews;
  }

  /** Who is here, or what they have, has changed. */
  look(holders: readonly Holder[], have: Bitfield, nowMs: number): void {
    this.#urgency.clear();
    const ips = new Set(holders.map(({ ip }) => ip));
    for (const ip of this.#clients.keys()) if (!ips.has(ip)) this.#clients.delete(ip);
    for (const holder of holders) {
      const client = this.#clientAt(holder.ip);
      const { reading } = client;
      if (holder.pieces) reading.came(holder.pieces);
      // What it wants of the torrent shows when it asks for something.
      if (!reading.hasBegun) continue;
      if (reading.order === 'any' && holder.interested && !client.search) client.turnedMs = undefined;
      else this.#lookAt(client, holder, have, nowMs);
    }
  }

  #lookAt(client: Client, holder: Holder, have: Bitfield, nowMs: number): void {
    const done = settled(holder, this.#shape.pieceCount);
    this.#lookFor(client, holder, have, done, nowMs);
    const { reading, search } = client;
    const probe = search?.next(have, done, nowMs);
    if (probe !== undefined) this.#raise(probe, URGENT_LEVELS);
    if (search ? search.place === undefined : reading.order === 'any') return;
    // What the box has is passed over: it is taken, or not wanted.
    const head = headOf(client, done.size, (piece) => done.has(piece) || have.has(piece));
    this.#lookAhead(head, done);
  }

  /** Begins and ends a search. */
  #lookFor(client: Client, holder: Holder, have: Bitfield, done: Bitfield, nowMs: number): void {
    const { reading, search } = client;
    if (search?.over && search.place !== undefined) {
      reading.turnTo(search.place);
      client.search = undefined;
    }
    const isTurned = !holder.interested && this.#leaves(client, holder, have, done);
    client.turnedMs = isTurned ? (client.turnedMs ?? nowMs) : undefined;
    const isLong = client.turnedMs !== undefined && nowMs - client.turnedMs >= LIMITS.turnedAfterMs;
    if (isLong && (!client.search || client.search.place !== undefined)) client.search = new PlaceSearch();
  }

  /** It is offered something ahead of where it reads, in a file of which it has asked for something, and leaves it. */
  #leaves(client: Client, { skips, knows }: Holder, have: Bitfield, done: Bitfield): boolean {
    const head = headOf(client, done.size, (piece) => done.has(piece));
    for (const part of this.#shape.parts) {
      if (part.end <= head || skips.includes(part)) continue;
      let isRead = false;
      let isLeft = false;
      for (let piece = part.first; piece < part.end && !(isRead && isLeft); piece++) {
        if (client.reading.hasAsked(piece)) isRead = true;
        else if (piece >= head && have.has(piece) && !done.has(piece) && knows(piece)) isLeft = true;
      }
      if (isRead && isLeft) return true;
    }
    return false;
  }

  #lookAhead(head: PieceIndex, done: Bitfield): void {
    const { pieceCount, pieceLength, parts } = this.#shape;
    const raise = (piece: PieceIndex, level: number): void => {
      if (!done.has(piece)) this.#raise(piece, level);
    };
    for (let i = 0; i < this.#window && head + i < pieceCount; i++)
      raise(head + i, URGENT_LEVELS - Math.floor((i * URGENT_LEVELS) / this.#window));
    const part = parts.find(({ first, end }) => first <= head && head < end);
    if (!part) return;
    const tail = Math.ceil(LIMITS.tailBytes / pieceLength);
    for (let piece = Math.max(head, part.end - tail); piece < part.end; piece++) raise(piece, URGENT_LEVELS - 1);
  }

  #raise(piece: PieceIndex, level: number): void {
    this.#urgency.set(piece, Math.max(level, this.urgencyOf(piece)));
  }

  #clientAt(ip: string): Client {
    const known = this.#clients.get(ip);
    if (known) return known;
    const client = { reading: new ReadingOrder(this.#shape.pieceCount), turnedMs: undefined, search: undefined };
    this.#clients.set(ip, client);
    return client;
  }
}

/** The first piece that is not past where the client reads; when there is none from there on, the first of all. */
function headOf({ reading, search }: Client, pieceCount: number, past: (piece: PieceIndex) => boolean): PieceIndex {
  const next = (at: PieceIndex): PieceIndex => {
    while (at < pieceCount && past(at)) at++;
    return at;
  };
  const ahead = next(search?.place ?? reading.from);
  return ahead < pieceCount ? ahead : next(0);
}
