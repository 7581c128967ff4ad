import type { Bitfield } from '#base/bitfield.ts';
import { BugError } from '#base/errors.ts';
import { BLOCK_BYTES, type PieceIndex } from '#base/units.ts';
import { BegunPiece, type BlockRequest, NOBODY, type OriginId } from './begun-piece.ts';
import type { DownloadLimits } from './limits.ts';
import { URGENT_RANK, WantedPieces } from './wanted-pieces.ts';

export type PieceState = 'have' | 'verifying' | 'begun' | 'unwanted' | 'wanted';
export type PickerShape = {
  readonly pieceLength: number;
  readonly pieceCount: number;
  /** Bytes of a piece: in v2 the last of every file may be short. */
  sizeOf(piece: PieceIndex): number;
};
/** Where blocks are put together. */
export type Assembly = { putBlock(begin: number, data: Uint8Array): void };
/** Read whenever a piece is begun: they may change. */
type Limits = Pick<DownloadLimits, 'begunBytes' | 'begunPieces' | 'urgentRun'>;
export type Put<P> =
  | { kind: 'useless' }
  | { kind: 'kept'; otherwise?: OriginId }
  | { kind: 'complete'; payload: P; sources: Int32Array; otherwise?: OriginId };

/**
 * What to ask of whom. Invariant: every piece is exactly one of had, being verified, begun, wanted, not wanted now; and a block is asked of
 * one origin at a time. Begun pieces come first and in order, so that all origins work on the earliest one and a kill loses little.
 */
export class PiecePicker<P extends Assembly> {
  readonly #shape: PickerShape;
  readonly #make: (piece: PieceIndex, lengthBytes: number) => P;
  readonly #limits: Limits;
  readonly #have: Bitfield;
  readonly #lack: Uint8Array;
  readonly #wanted: WantedPieces;
  readonly #begun = new Map<PieceIndex, BegunPiece<P>>();
  /** The begun pieces with a free block, in the order they were begun: what a request is taken from. */
  readonly #open: BegunPiece<P>[] = [];
  readonly #verifying = new Map<PieceIndex, number>();
  /** Pieces that must come from one origin, because a mixture of origins proved bad. */
  readonly #soleOnly = new Set<PieceIndex>();
  #begunBytes = 0;
  #order = 0;
  #urgentInRow = 0;

  /** `have` is copied nowhere: the caller hands over a bitfield of the picker's own. Nothing is wanted until `setLack`. */
  constructor(shape: PickerShape, have: Bitfield, make: (piece: PieceIndex, lengthBytes: number) => P, limits: Limits) {
    this.#shape = shape;
    this.#have = have;
    this.#make = make;
    this.#limits = limits;
    this.#lack = new Uint8Array(shape.pieceCount);
    this.#wanted = new WantedPieces(shape.pieceCount);
  }

  get begun(): number {
    return this.#begun.size;
  }

  get verifying(): number {
    return this.#verifying.size;
  }

  state(piece: PieceIndex): PieceState {
    if (this.#have.has(piece)) return 'have';
    if (this.#verifying.has(piece)) return 'verifying';
    if (this.#begun.has(piece)) return 'begun';
    return this.#wanted.has(piece) ? 'wanted' : 'unwanted';
  }

  /** How many clients lack the piece, or from `URGENT_RANK` on how soon it is needed; 0 = nobody wants it. */
  setLack(piece: PieceIndex, lack: number): void {
    this.#lack[piece] = Math.min(lack, 255);
    const state = this.state(piece);
    if (state === 'wanted' || state === 'unwanted') this.#wanted.set(piece, lack);
  }

  /** The next block for this origin. `mayBegin` false: only of pieces begun already. */
  pick(origin: OriginId, pieces: Bitfield, mayBegin = true): BlockRequest | undefined {
    for (const piece of this.#open) {
      // What nobody wants any more waits for who does, or for its memory to be needed.
      if (this.#lack[piece.index] === 0 || !pieces.has(piece.index)) continue;
      if (piece.mayAsk(origin)) return this.#ask(piece, origin);
    }
    if (!mayBegin) return undefined;
    const index = this.#next(pieces.full ? undefined : pieces.bytes);
    if (index === undefined) return undefined;
    const lengthBytes = this.#shape.sizeOf(index);
    while (this.#begunBytes + lengthBytes > this.#limitBytes) if (!this.#abandonOne()) return undefined;
    return this.#ask(this.#begin(index, lengthBytes, this.#soleOnly.has(index) ? 'someone' : 'anyone'), origin);
  }

  get #limitBytes(): number {
    return Math.max(this.#limits.begunBytes, this.#limits.begunPieces * this.#shape.pieceLength);
  }

  /** What is needed soon comes first, and leaves a part of the line to the rest. */
  #next(bits: Uint8Array | undefined): PieceIndex | undefined {
    const first = this.#wanted.first(bits);
    if (first === undefined || !this.#wanted.urgent(first)) return first;
    if (this.#urgentInRow++ < this.#limits.urgentRun) return first;
    this.#urgentInRow = 0;
    return this.#wanted.first(bits, URGENT_RANK - 1) ?? first;
  }

  #begin(index: PieceIndex, lengthBytes: number, sole: 'anyone' | 'someone'): BegunPiece<P> {
    this.#wanted.set(index, 0);
    const piece = new BegunPiece<P>(index, lengthBytes, this.#order++, sole);
    this.#begun.set(index, piece);
    this.#begunBytes += lengthBytes;
    this.#open.push(piece);
    return piece;
  }

  /** A block that an earlier run of the box fetched: its piece counts as begun, and is the first to be finished. */
  restore(index: PieceIndex, begin: number, data: Uint8Array): Put<P> {
    if (index >= this.#shape.pieceCount || this.#have.has(index) || this.#verifying.has(index))
      return { kind: 'useless' };
    const lengthBytes = this.#shape.sizeOf(index);
    if (!this.#begun.has(index)) {
      if (this.#begunBytes + lengthBytes > this.#limitBytes) return { kind: 'useless' };
      this.#begin(index, lengthBytes, 'anyone');
    }
    return this.put(NOBODY, index, begin, data);
  }

  /** Takes a block. `useless`: it was not missing, or is no block of ours. */
  put(origin: OriginId, index: PieceIndex, begin: number, data: Uint8Array): Put<P> {
    const piece = this.#begun.get(index);
    const block = begin / BLOCK_BYTES;
    if (!piece || !Number.isInteger(block) || data.length !== piece.blockLength(block)) return { kind: 'useless' };
    const wasOpen = piece.free > 0;
    const { kept, otherwise } = piece.put(origin, block);
    if (!kept) return { kind: 'useless' };
    if (wasOpen && piece.free === 0) this.#shut(piece);
    piece.payload ??= this.#make(index, piece.lengthBytes);
    piece.payload.putBlock(begin, data);
    const other = otherwise === undefined ? {} : { otherwise };
    if (!piece.complete) return { kind: 'kept', ...other };
    this.#begun.delete(index);
    this.#verifying.set(index, piece.lengthBytes);
    return { kind: 'complete', payload: piece.payload, sources: piece.sources(), ...other };
  }

  /** One request came to nothing. */
  release(origin: OriginId, request: BlockRequest): void {
    const piece = this.#begun.get(request.piece);
    if (piece?.release(origin, request.begin / BLOCK_BYTES)) this.#reopen(piece);
  }

  /** The origin is gone, or chokes: everything asked of it is free again. */
  leave(origin: OriginId): void {
    for (const piece of this.#begun.values()) {
      piece.leave(origin);
      this.#reopen(piece);
    }
  }

  /** The outcome for a piece that was complete. `again`: it is bad (then perhaps from one origin only), or could not be kept. */
  verified(index: PieceIndex, outcome: 'have' | 'again'): void {
    const lengthBytes = this.#verifying.get(index);
    if (lengthBytes === undefined) throw new BugError(`piece ${index} was not being verified`);
    this.#verifying.delete(index);
    this.#begunBytes -= lengthBytes;
    if (outcome === 'have') {
      this.#have.set(index);
      this.#soleOnly.delete(index);
    } else this.#wanted.set(index, this.#lack[index] as number);
  }

  /** From now on the piece is fetched from one origin at a time. */
  fromOneOrigin(index: PieceIndex): void {
    this.#soleOnly.add(index);
  }

  /** The piece was found elsewhere (a re-check of the disk). */
  gained(index: PieceIndex): void {
    if (this.#verifying.has(index)) return;
    const piece = this.#begun.get(index);
    if (piece) this.#forget(piece);
    this.#wanted.set(index, 0);
    this.#have.set(index);
  }

  /** A piece that was had is no more. */
  lost(index: PieceIndex): void {
    if (this.#have.clear(index)) this.#wanted.set(index, this.#lack[index] as number);
  }

  /** Gives begun pieces up, latest first, until at most `maxBytes` are kept. Call when nothing is being asked. */
  shed(maxBytes: number): void {
    for (const piece of [...this.#begun.values()].sort((a, b) => b.order - a.order)) {
      if (this.#begunBytes <= maxBytes && piece.payload) continue;
      this.#forget(piece);
      this.#wanted.set(piece.index, this.#lack[piece.index] as number);
    }
  }

  #ask(piece: BegunPiece<P>, origin: OriginId): BlockRequest {
    const request = piece.ask(origin);
    if (piece.free === 0) this.#shut(piece);
    return request;
  }

  #shut(piece: BegunPiece<P>): void {
    const at = this.#open.indexOf(piece);
    if (at >= 0) this.#open.splice(at, 1);
  }

  #reopen(piece: BegunPiece<P>): void {
    if (piece.free === 0 || this.#open.includes(piece)) return;
    const after = this.#open.findIndex((p) => p.order > piece.order);
    this.#open.splice(after < 0 ? this.#open.length : after, 0, piece);
  }

  #forget(piece: BegunPiece<P>): void {
    this.#shut(piece);
    this.#begun.delete(piece.index);
    this.#begunBytes -= piece.lengthBytes;
  }

  /** Room for a piece that can be had, at the cost of one nobody is being asked for: else origins that left could block a task for ever. */
  #abandonOne(): boolean {
    let least: BegunPiece<P> | undefined;
    for (const piece of this.#open) if (piece.asked === 0 && (!least || piece.got < least.got)) least = piece;
    if (!least) return false;
    this.#forget(least);
    this.#wanted.set(least.index, this.#lack[least.index] as number);
    return true;
  }
}
