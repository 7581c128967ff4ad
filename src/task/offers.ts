import type { Clock } from '#base/clock.ts';
import type { PieceIndex } from '#base/units.ts';
import type { Telling } from '#client/telling.ts';
import { pieceSize } from '#wire/metainfo.ts';
import { Carousel } from './carousel.ts';
import { LIMITS } from './limits.ts';
import { OfferWindow, type WindowSize, windowSize } from './offer-window.ts';
import type { PieceShelf } from './piece-shelf.ts';

export type OffersWorld = {
  readonly clock: Clock;
  shelf(): PieceShelf | undefined;
  /** Connected clients that lack the piece; and those that lack something. */
  lackOf(piece: PieceIndex): number;
  lacking(): number;
};

/** What is asked of a client, and told it. */
export type OfferedClient = Pick<
  Telling,
  'steered' | 'takesSuggestions' | 'pieces' | 'knows' | 'offer' | 'suggest' | 'tellAll'
>;

/**
 * Whether the clients of one task are told of everything at once or step by step, so that they read the same pieces at the same time; and the steps.
 * Step by step only where it pays: two or more that lack the same pieces, more of them than memory keeps, on a disk with an arm. What a client was
 * told is never taken back: who came first knows of everything, the others follow what it reads, and by BEP 6 it hears what is in memory.
 */
export class Offers {
  readonly #world: OffersWorld;
  readonly #windows = new Map<OfferedClient, OfferWindow>();
  #carousel: Carousel | undefined;
  #size: WindowSize = { first: 0, most: 0 };
  #on = false;

  constructor(world: OffersWorld) {
    this.#world = world;
  }

  /** The shape is known. */
  open(shelf: PieceShelf): void {
    if (this.#carousel) return;
    const { memory, have } = shelf;
    this.#carousel = new Carousel(
      {
        pieceCount: shelf.meta.pieceCount,
        has: (piece) => have.has(piece),
        inMemory: (piece) => memory.holds(piece),
        memory: () => memory.pieces(),
      },
      LIMITS.ringPieces,
    );
  }

  /** A client that is about to be told first is to be told step by step. `coming`: it is not counted among the others yet. */
  steers(coming: boolean): boolean {
    return this.#pays(coming ? 1 : 0);
  }

  /** The client knows the shape, and was told what `steers` said. `readsInOrder`: see OfferWindow. */
  joined(client: OfferedClient, readsInOrder: () => boolean = () => false): void {
    if (!this.#carousel || this.#windows.has(client)) return;
    this.#resize();
    const window = new OfferWindow(this.#size, this.#world.clock.nowMs(), readsInOrder);
    this.#windows.set(client, window);
    if (client.steered) this.#on = true;
    this.#refill(client, window);
  }

  left(client: OfferedClient): void {
    this.#windows.delete(client);
  }

  /** The client is being given so many bytes of a piece. */
  asked(client: OfferedClient, piece: PieceIndex, bytes: number): void {
    const window = this.#on ? this.#windows.get(client) : undefined;
    if (!window) return;
    this.#carousel?.asked(piece);
    window.asked(piece, bytes, this.#world.clock.nowMs());
    this.#refill(client, window);
  }

  /** The task has one piece more. */
  gained(piece: PieceIndex): void {
    if (!this.#on) return;
    for (const [client, window] of this.#windows) {
      if (!window.dry || !client.steered) continue;
      if (window.room > 0) this.#offer(client, window, piece);
      else window.dry = false;
    }
  }

  /** Clients have said what they have now. */
  confirmed(): void {
    if (!this.#on) return;
    for (const [client, window] of this.#windows) {
      this.#prune(client, window);
      if (!client.steered) window.dry = false;
      this.#refill(client, window);
    }
  }

  /** Every second or so: whether it still pays, and whom it does not help. */
  tick(): void {
    if (!this.#carousel) return;
    this.#on = this.#pays(0);
    this.#resize();
    const nowMs = this.#world.clock.nowMs();
    for (const [client, window] of this.#windows) {
      window.dry = false;
      window.look(nowMs);
      if (client.steered && (!this.#on || window.manner === 'shy')) client.tellAll();
      else this.#refill(client, window);
    }
  }

  #refill(client: OfferedClient, window: OfferWindow): void {
    const { steered } = client;
    if (!this.#on || !this.#carousel) return;
    if (steered && window.manner === 'in order') {
      client.tellAll();
      return;
    }
    if (window.room === 0 || window.dry) return;
    if (!steered && !client.takesSuggestions) return;
    this.#prune(client, window);
    const theirs = client.pieces();
    const fewLeft = theirs !== undefined && theirs.size - theirs.count <= this.#size.first;
    if (steered && fewLeft) {
      client.tellAll();
      return;
    }
    const { room } = window;
    const wants = (piece: PieceIndex): boolean =>
      !theirs?.has(piece) && !window.has(piece) && !(steered && client.knows(piece));
    const pieces = this.#carousel.next(room, wants, steered);
    window.dry = pieces.length < room;
    for (const piece of pieces) this.#offer(client, window, piece);
  }

  #offer(client: OfferedClient, window: OfferWindow, piece: PieceIndex): void {
    const shelf = this.#world.shelf();
    if (!shelf) return;
    if (client.steered) client.offer(piece);
    // One that knows of everything hears what is read now; the others which of their offers are read already.
    if (!client.steered || shelf.memory.holds(piece)) client.suggest(piece);
    window.offered(piece, pieceSize(shelf.meta, piece), this.#world.clock.nowMs());
  }

  #prune(client: OfferedClient, window: OfferWindow): void {
    const theirs = client.pieces();
    const have = this.#world.shelf()?.have;
    window.prune((piece) => theirs?.has(piece) || !have?.has(piece));
  }

  #resize(): void {
    const shelf = this.#world.shelf();
    if (shelf) this.#size = windowSize(shelf.meta.pieceLength, shelf.memory.shareBytes);
  }

  /** `more`: clients on their way, who lack everything. */
  #pays(more: number): boolean {
    const shelf = this.#world.shelf();
    if (!shelf || !this.#carousel || this.#world.lacking() + more < 2) return false;
    const { cost, shareBytes } = shelf.memory;
    if (cost.seekMs < (this.#on ? LIMITS.fastSeekMs : LIMITS.slowSeekMs)) return false;
    // What two or more lack is read more than once, unless all of it stays in memory.
    let bytes = 0;
    for (let piece = 0; piece < shelf.have.size && bytes <= shareBytes; piece++)
      if (shelf.have.has(piece) && this.#world.lackOf(piece) + more >= 2) bytes += pieceSize(shelf.meta, piece);
    return bytes > shareBytes;
  }
}
