import type { PieceIndex } from '#base/units.ts';
import { LIMITS } from './limits.ts';

/** What a client has shown: nothing yet, that it takes what comes, that it reads from front to back, or that it does not take the offers. */
export type Manner = 'unknown' | 'any' | 'in order' | 'shy';

/** How many pieces one client is offered and has not been given yet: at first, and at most. */
export type WindowSize = { readonly first: number; readonly most: number };

/**
 * At first enough bytes for a client on a fast line, at most what the slowest to ask takes at once; and of the task's memory only a part: what
 * is offered ought not to leave it before it is asked for. Never less than a few pieces.
 */
export function windowSize(pieceLength: number, memoryBytes: number): WindowSize {
  const pieces = (bytes: number): number => Math.max(LIMITS.offeredPieces, Math.ceil(bytes / pieceLength));
  const { offeredBytes, mostOfferedBytes } = LIMITS;
  return {
    first: pieces(Math.min(offeredBytes, memoryBytes / 4)),
    most: pieces(Math.min(mostOfferedBytes, memoryBytes / 2)),
  };
}

/**
 * What one client was offered and has not got. Every offer is in one of two states: still to be given, or given and not yet confirmed by the client's `have`.
 * Filled up when half is given. It doubles when the client had nothing under way and let offers wait: one that looks only now and then what to ask
 * for (Transmission, once a second) gets no more from one look to the next than it was offered.
 */
export class OfferWindow {
  /** There was nothing more to offer, and nothing has changed since: looking again would cost and bring nothing. */
  dry = false;
  readonly #most: number;
  readonly #readsInOrder: () => boolean;
  #high: number;
  readonly #left = new Map<PieceIndex, number>();
  readonly #unasked = new Set<PieceIndex>();
  #open = 0;
  #inOrder = 0;
  #manner: Manner = 'unknown';
  #asked = false;
  /** When it last asked for something, or had nothing to ask for. */
  #busyMs: number;

  /** `readsInOrder`: the client shows it over all its connections, of which each is offered other pieces. */
  constructor(size: WindowSize, nowMs: number, readsInOrder: () => boolean = () => false) {
    this.#high = size.first;
    this.#most = size.most;
    this.#busyMs = nowMs;
    this.#readsInOrder = readsInOrder;
  }

  get manner(): Manner {
    return this.#readsInOrder() ? 'in order' : this.#manner;
  }

  /** How many more pieces it should be offered. */
  get room(): number {
    return this.#open > this.#high / 2 ? 0 : this.#high - this.#open;
  }

  has(piece: PieceIndex): boolean {
    return this.#left.has(piece);
  }

  offered(piece: PieceIndex, bytes: number, nowMs: number): void {
    if (this.#left.has(piece)) return;
    if (this.#unasked.size === 0) this.#busyMs = nowMs;
    this.#left.set(piece, bytes);
    this.#unasked.add(piece);
    this.#open++;
    // Given long ago and never confirmed: its hash was wrong there, or the client does not tell.
    for (const [oldest, left] of this.#left) {
      if (this.#left.size <= LIMITS.givenWindows * this.#most) break;
      if (left === 0) this.#left.delete(oldest);
    }
  }

  /** The client has asked for so many bytes of a piece, and is being given them. */
  asked(piece: PieceIndex, bytes: number, nowMs: number): void {
    const idle = this.#unasked.size > 0 && this.#unasked.size === this.#open;
    if (idle && this.#asked && nowMs - this.#busyMs >= LIMITS.pauseMs)
      this.#high = Math.min(2 * this.#high, this.#most);
    this.#busyMs = nowMs;
    this.#asked = true;
    const left = this.#left.get(piece);
    if (left === undefined) return;
    if (this.#unasked.has(piece)) {
      this.#judge(piece);
      this.#unasked.delete(piece);
    }
    if (left > 0 && left <= bytes) this.#open--;
    this.#left.set(piece, Math.max(0, left - bytes));
  }

  /** Forgets what the client has, or is not to be had any more. */
  prune(gone: (piece: PieceIndex) => boolean | undefined): void {
    for (const [piece, left] of this.#left) {
      if (!gone(piece)) continue;
      this.#left.delete(piece);
      this.#unasked.delete(piece);
      if (left > 0) this.#open--;
    }
  }

  /** It could have asked, and did not for too long. */
  look(nowMs: number): void {
    if (this.#unasked.size === 0) return;
    const limitMs = this.#asked ? LIMITS.shyAgainMs : LIMITS.shyMs;
    if (nowMs - this.#busyMs >= limitMs) this.#manner = 'shy';
  }

  /** Who takes the lowest of several, again and again from its first on, reads from front to back. */
  #judge(piece: PieceIndex): void {
    if (this.#manner !== 'unknown' || this.#unasked.size < LIMITS.orderChoices) return;
    for (const other of this.#unasked)
      if (other < piece) {
        this.#manner = 'any';
        return;
      }
    if (++this.#inOrder >= LIMITS.orderAsks) this.#manner = 'in order';
  }
}
