import type { PieceIndex } from '#base/units.ts';
import { BLOCK_BYTES } from '#base/units.ts';
import { FramedPiece } from '#wire/framed-piece.ts';
import { BitWords } from './bit-words.ts';
import { SWARM_LIMITS } from './limits.ts';

/** A neighbour, as it is asked. */
export type Giver = {
  /** The pieces that it has. */
  readonly has: BitWords;
  /** Bytes that may still be asked of it now. */
  readonly room: number;
  /** `cancel`: not any more. */
  ask(piece: PieceIndex, begin: number, length: number, cancel?: boolean): void;
  /** It is late with a piece: for a while it is asked for nothing. */
  late(): void;
};

export type FillingShape = { readonly pieceCount: number; sizeOf(piece: PieceIndex): number };

/** Invariant: nobody but `giver` writes to `piece`, and nobody once it is whole. */
type Begun = {
  piece: FramedPiece;
  readonly size: number;
  /** Bits of the blocks that have come. */
  readonly got: Uint8Array;
  left: number;
  giver: Giver;
  /** All who gave blocks of it. */
  readonly from: Set<Giver>;
  askedMs: number;
  /** When its giver gave anything last, as far as `tick` saw. */
  heardMs: number;
};

/** A piece that is whole, not verified. */
export type Whole = { readonly piece: FramedPiece; readonly from: ReadonlySet<Giver> };

/**
 * Which piece is asked of which neighbour. A piece is asked of one neighbour at a time, all of it at once. Of those that the neighbour has, one that few have
 * comes first. At the end, and when a neighbour is slow, what is still missing of a piece moves to another that has it: one piece at a time, so that
 * no more than that can come twice.
 */
export class Filling {
  readonly #shape: FillingShape;
  readonly #random: () => number;
  /** Lacked, and asked of nobody. */
  readonly #wanted: BitWords;
  readonly #begun = new Map<PieceIndex, Begun>();
  readonly #holders: Uint16Array;
  /** A bad piece came of several: to be had of one alone. */
  readonly #soleOnly = new Set<PieceIndex>();
  /** Who gave a block since the last tick. */
  readonly #heard = new Set<Giver>();
  #lateBytes = 0;
  /** The one piece that was moved although its giver still owes it. */
  #moved: PieceIndex | undefined;

  constructor(shape: FillingShape, have: (piece: PieceIndex) => boolean, random: () => number = Math.random) {
    this.#shape = shape;
    this.#random = random;
    this.#wanted = new BitWords(shape.pieceCount);
    this.#holders = new Uint16Array(shape.pieceCount);
    for (let piece = 0; piece < shape.pieceCount; piece++) if (!have(piece)) this.#wanted.set(piece);
  }

  /** Pieces that are lacked and asked of nobody. */
  get wanted(): number {
    return this.#wanted.count;
  }

  get begun(): number {
    return this.#begun.size;
  }

  /** Bytes that were asked of another because they were late, and so may come twice. */
  get lateBytes(): number {
    return this.#lateBytes;
  }

  /** A neighbour has a piece. */
  seen(piece: PieceIndex): void {
    this.#holders[piece] = (this.#holders[piece] as number) + 1;
  }

  /** A neighbour goes: what it owes is asked of others. */
  gone(giver: Giver): void {
    for (let piece = 0; piece < this.#shape.pieceCount; piece++)
      if (giver.has.has(piece)) this.#holders[piece] = Math.max(0, (this.#holders[piece] as number) - 1);
    for (const [index, begun] of this.#begun) if (begun.giver === giver) this.#giveUp(index);
  }

  /** Asks of a neighbour as much as it has room for. */
  fill(giver: Giver, nowMs: number): void {
    while (giver.room > 0) {
      const index = this.#choose(giver);
      if (index === undefined) {
        if (this.#moveOne(giver, nowMs)) continue;
        return;
      }
      const size = this.#shape.sizeOf(index);
      this.#wanted.clear(index);
      const got = new Uint8Array(Math.ceil(size / BLOCK_BYTES));
      const piece = FramedPiece.allocate(index, size);
      this.#begun.set(index, {
        piece,
        size,
        got,
        left: got.length,
        giver,
        from: new Set(),
        askedMs: nowMs,
        heardMs: nowMs,
      });
      giver.ask(index, 0, size);
    }
  }

  /** Where the bytes of a block go; undefined: it is not wanted of this neighbour, or not a whole block. */
  target(index: PieceIndex, begin: number, length: number, giver: Giver): Uint8Array | undefined {
    const begun = this.#begun.get(index);
    if (begun?.giver !== giver || begin % BLOCK_BYTES !== 0 || begun.got[begin / BLOCK_BYTES] !== 0) return undefined;
    return length === Math.min(BLOCK_BYTES, begun.size - begin) ? begun.piece.block(begin) : undefined;
  }

  /** A block has come where `target` said. Returns the piece once it is whole; it belongs to the caller then. */
  came(index: PieceIndex, begin: number, giver: Giver): Whole | undefined {
    const begun = this.#begun.get(index);
    if (begun?.giver !== giver || begun.got[begin / BLOCK_BYTES] !== 0) return undefined;
    begun.got[begin / BLOCK_BYTES] = 1;
    this.#heard.add(giver);
    begun.from.add(giver);
    if (--begun.left > 0) return undefined;
    this.#begun.delete(index);
    if (this.#moved === index) this.#moved = undefined;
    return begun;
  }

  /** A piece was not what it should be: it is wanted again. Returns who lied, when it is certain. */
  bad({ piece: { index }, from }: Whole): Giver | undefined {
    this.#wanted.set(index);
    const [liar] = from;
    if (from.size === 1) return liar;
    this.#soleOnly.add(index);
    return undefined;
  }

  /** It could not be kept: it is wanted again. */
  lost(index: PieceIndex): void {
    this.#wanted.set(index);
  }

  /** Every so often: what does not come is asked of others. Who gives little at a time is not late: a large piece takes its time over a slow line. */
  tick(nowMs: number): void {
    for (const begun of this.#begun.values()) if (this.#heard.has(begun.giver)) begun.heardMs = nowMs;
    this.#heard.clear();
    for (const [index, begun] of this.#begun) {
      if (nowMs - begun.heardMs < SWARM_LIMITS.pieceMs) continue;
      begun.giver.late();
      this.#takeBack(begun);
      this.#lateBytes += begun.size;
      this.#giveUp(index);
    }
  }

  #choose({ has }: Giver): PieceIndex | undefined {
    let best: PieceIndex | undefined;
    let [fewest, seen] = [Number.POSITIVE_INFINITY, 0];
    const from = Math.floor(this.#random() * this.#wanted.words.length);
    this.#wanted.common(has, from, (piece) => {
      const holders = this.#holders[piece] as number;
      if (holders < fewest) {
        best = piece;
        fewest = holders;
      }
      return ++seen >= SWARM_LIMITS.sampled;
    });
    return best;
  }

  /**
   * Nothing else is left for this neighbour: of what others owe for long, the piece that was asked first moves to it. What a neighbour owes first may be on its
   * way already: one such piece moves at a time. What it owes after that waits there, and is taken back.
   */
  #moveOne(giver: Giver, nowMs: number): boolean {
    if (this.#wanted.count > 0) return false;
    const owing = new Set<Giver>();
    for (const [index, begun] of this.#begun) {
      const isOnItsWay = !owing.has(begun.giver);
      owing.add(begun.giver);
      if (begun.giver === giver || !giver.has.has(index) || this.#soleOnly.has(index)) continue;
      if (nowMs - begun.askedMs < MOVE_AFTER_MS || (isOnItsWay && this.#moved !== undefined)) continue;
      this.#takeBack(begun);
      if (isOnItsWay) this.#moved = index;
      begun.piece = copyOf(begun.piece); // the one before may still be writing to it
      begun.giver = giver;
      begun.askedMs = begun.heardMs = nowMs;
      this.#begun.delete(index);
      this.#begun.set(index, begun);
      this.#missing(begun, (begin, length) => {
        this.#lateBytes += length;
        giver.ask(index, begin, length);
      });
      return true;
    }
    return false;
  }

  #takeBack(begun: Begun): void {
    this.#missing(begun, (begin, length) => begun.giver.ask(begun.piece.index, begin, length, true));
  }

  #missing({ got, size }: Begun, each: (begin: number, length: number) => void): void {
    for (const [block, is] of got.entries())
      if (is === 0) each(block * BLOCK_BYTES, Math.min(BLOCK_BYTES, size - block * BLOCK_BYTES));
  }

  #giveUp(index: PieceIndex): void {
    const begun = this.#begun.get(index);
    if (!begun) return;
    this.#begun.delete(index);
    this.#wanted.set(index);
    if (this.#moved === index) this.#moved = undefined;
  }
}

function copyOf({ index, lengthBytes, buffer }: FramedPiece): FramedPiece {
  const copy = FramedPiece.allocate(index, lengthBytes);
  copy.buffer.set(buffer);
  return copy;
}

/** What is asked for so long may be asked of another at the end. */
const MOVE_AFTER_MS = 500;
