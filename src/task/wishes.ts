import type { Bitfield } from '#base/bitfield.ts';
import type { PieceIndex } from '#base/units.ts';
import type { Metainfo } from '#wire/metainfo.ts';
import { LIMITS } from './limits.ts';

/** What one of a client's connections shows. */
export type Wisher = {
  readonly remote: { readonly ip: string };
  /** BEP 3: of what it was told of, it wants something. */
  readonly interested: boolean;
  /** What the client has; undefined while it has said nothing, which means "none". */
  pieces(): Bitfield | undefined;
  readonly telling: { knows(piece: PieceIndex): boolean };
  /** What it was given whole: not every client says that it has it. */
  readonly given?: Bitfield | undefined;
};

/** The pieces of one file, those that it shares with a neighbour left out. `end` is not among them. */
export type Part = { readonly first: PieceIndex; readonly end: PieceIndex };

/** The files of a torrent that a client may want without the others. Small ones are not told apart: they come with whatever lies around them. */
export function partsOf({ files, pieceLength, totalBytes, version }: Metainfo): Part[] {
  const parts: Part[] = [];
  let at = 0;
  for (const { lengthBytes, firstPiece } of files) {
    const from = firstPiece === undefined ? at : firstPiece * pieceLength;
    const to = from + lengthBytes;
    const isLast = version !== 'v1' || to === totalBytes;
    const part = {
      first: Math.ceil(from / pieceLength),
      end: isLast ? Math.ceil(to / pieceLength) : Math.floor(to / pieceLength),
    };
    if (lengthBytes >= LIMITS.partBytes && part.end - part.first >= LIMITS.partPieces) parts.push(part);
    at = to;
  }
  return parts;
}

type Judged = {
  verdict: 'unknown' | 'wanted' | 'unwanted';
  /** Since when the client is offered something of it; undefined: it is not. */
  offeredMs: number | undefined;
};
type Client = { readonly parts: Judged[]; quietMs: number | undefined };

/**
 * Which files each client wants, by its address. Nothing in the protocol says so; it shows in what it asks for, and in that it is not interested in what it
 * is offered. A file that a client is offered a piece of, and shows no interest in, is not fetched for it, but for that first piece:
 * by asking for it the client shows that it wants the file now.
 */
export class Wishes {
  readonly #parts: readonly Part[];
  readonly #samples: ReadonlySet<PieceIndex>;
  readonly #clients = new Map<string, Client>();

  constructor(parts: readonly Part[]) {
    this.#parts = parts;
    this.#samples = new Set(parts.map(({ first }) => first));
  }

  /** The first piece of a file: fetched before the rest, and for everybody who lacks it. */
  isSample(piece: PieceIndex): boolean {
    return this.#samples.has(piece);
  }

  /** The client asks for a block of the piece. True: that is new. */
  asked(ip: string, piece: PieceIndex): boolean {
    const judged = this.#client(ip).parts[this.#partOf(piece)];
    if (!judged || judged.verdict === 'wanted') return false;
    judged.verdict = 'wanted';
    return true;
  }

  /** About once a second. `offered`: what a connection may ask for. True: somebody's wishes are known better. */
  look<C extends Wisher>(all: readonly C[], offered: (c: C) => Bitfield | undefined, nowMs: number): boolean {
    const clients = Map.groupBy(all, (c) => c.remote.ip);
    for (const ip of this.#clients.keys()) if (!clients.has(ip)) this.#clients.delete(ip);
    let changed = false;
    for (const [ip, connections] of clients) {
      const client = this.#client(ip);
      client.quietMs = connections.some((c) => c.interested) ? undefined : (client.quietMs ?? nowMs);
      for (const [i, judged] of client.parts.entries()) {
        // A download that goes on: the piece that would be offered of the file is there already, and nobody would ask for it.
        if (judged.verdict === 'unknown' && connections.some((c) => this.#hasSome(i, c))) {
          judged.verdict = 'wanted';
          changed = true;
        }
        const isOffered = connections.some((c) => this.#offers(i, c, offered(c)));
        judged.offeredMs = isOffered ? (judged.offeredMs ?? nowMs) : undefined;
        const sinceMs = Math.max(judged.offeredMs ?? nowMs, client.quietMs ?? nowMs);
        // Who has taken of it and stops may have turned to another place in it.
        const limitMs = judged.verdict === 'wanted' ? LIMITS.turnedAwayAfterMs : LIMITS.unwantedAfterMs;
        if (judged.verdict === 'unwanted' || nowMs - sinceMs < limitMs) continue;
        judged.verdict = 'unwanted';
        changed = true;
      }
    }
    return changed;
  }

  /**
   * Pieces that are not fetched for the client though it lacks them: of files that it does not want, and once it has shown what it wants, of those it has
   * shown nothing of.
   */
  skips(ip: string): readonly Part[] {
    const judged = this.#clients.get(ip)?.parts ?? [];
    const hasShown = judged.some(({ verdict }) => verdict === 'wanted');
    return this.#parts.filter((_, i) => {
      const verdict = judged[i]?.verdict ?? 'unknown';
      return verdict === 'unwanted' || (verdict === 'unknown' && hasShown);
    });
  }

  #client(ip: string): Client {
    const known = this.#clients.get(ip);
    if (known) return known;
    const parts = this.#parts.map((): Judged => ({ verdict: 'unknown', offeredMs: undefined }));
    const client = { parts, quietMs: undefined };
    this.#clients.set(ip, client);
    return client;
  }

  #hasSome(part: number, c: Wisher): boolean {
    const { first, end } = this.#parts[part] as Part;
    const theirs = c.pieces();
    for (let piece = first; piece < end; piece++) if (theirs?.has(piece)) return true;
    return false;
  }

  /** Parts are in order, and do not meet. */
  #partOf(piece: PieceIndex): number {
    let [low, high] = [0, this.#parts.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#parts[middle] as Part).end <= piece) low = middle + 1;
      else high = middle;
    }
    return (this.#parts[low]?.first ?? Number.POSITIVE_INFINITY) <= piece ? low : -1;
  }

  #offers(part: number, c: Wisher, have: Bitfield | undefined): boolean {
    if (!have) return false;
    const { first, end } = this.#parts[part] as Part;
    const theirs = c.pieces();
    for (let piece = first; piece < end; piece++)
      if (have.has(piece) && !theirs?.has(piece) && !c.given?.has(piece) && c.telling.knows(piece)) return true;
    return false;
  }
}
