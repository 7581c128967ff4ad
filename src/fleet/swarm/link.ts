import type { Socket } from 'node:net';
import { Bitfield } from '#base/bitfield.ts';
import type { PieceIndex } from '#base/units.ts';
import type { FramedPiece } from '#wire/framed-piece.ts';
import { encodeMessage } from '#wire/frames.ts';
import { AskWindow } from './ask-window.ts';
import { BitWords } from './bit-words.ts';
import type { Giver } from './filling.ts';
import { Giving } from './giving.ts';
import { Inbound } from './inbound.ts';
import { SWARM_LIMITS } from './limits.ts';
import { Outbound } from './outbound.ts';
import type { PlacedNode } from './placement.ts';

export type LinkWorld = {
  readonly pieceCount: number;
  nowMs(): number;
  sizeOf(piece: PieceIndex): number;
  piece(index: PieceIndex): FramedPiece | undefined | Promise<FramedPiece | undefined>;
  release(piece: FramedPiece): void;
  /** The neighbour has one piece more. */
  seen(link: Link, piece: PieceIndex): void;
  /** There may be room to ask it for more. */
  ready(link: Link): void;
  target(link: Link, piece: PieceIndex, begin: number, length: number): Uint8Array | undefined;
  came(link: Link, piece: PieceIndex, begin: number): void;
  /** There may be something to give it. */
  asked(link: Link): void;
  leaves(link: Link, piece: PieceIndex, bytes: number): void;
  gave(link: Link, piece: PieceIndex, bytes: number): void;
  received(bytes: number): void;
  closed(link: Link, why: string): void;
};

/** Why a connection ended that the neighbour ended. */
export const LINK_CLOSED = 'it closed';

/** One connection with a neighbour after both handshakes: each asks the other for what it lacks. Nobody is choked (BEP 3). */
export class Link implements Giver, PlacedNode {
  readonly ip: string;
  readonly has: BitWords;
  readonly #socket: Socket;
  readonly #world: LinkWorld;
  readonly #inbound: Inbound;
  readonly #outbound: Outbound;
  readonly #giving: Giving;
  readonly #told: BitWords;
  readonly #asks = new AskWindow();
  #choked = true;
  #askedMs: number;
  #heardMs: number;
  #restsUntilMs = 0;
  #saidMs: number;
  #over = false;

  constructor(socket: Socket, ip: string, world: LinkWorld) {
    this.ip = ip;
    this.#socket = socket;
    this.#world = world;
    this.has = new BitWords(world.pieceCount);
    this.#told = new BitWords(world.pieceCount);
    this.#heardMs = this.#askedMs = this.#saidMs = world.nowMs();
    this.#outbound = new Outbound(
      (bytes) => this.#send([bytes]),
      () => world.nowMs(),
    );
    this.#giving = new Giving({
      piece: (index) => world.piece(index),
      release: (piece) => world.release(piece),
      write: (parts, written) => {
        const before = this.#outbound.take();
        return this.#send(before ? [before, ...parts] : parts, written);
      },
      leaves: (index, bytes) => world.leaves(this, index, bytes),
      gave: (index, bytes) => world.gave(this, index, bytes),
      wake: () => world.asked(this),
    });
    this.#inbound = new Inbound(
      {
        choke: (is) => {
          this.#choked = is;
          if (!is) world.ready(this);
        },
        have: (piece) => this.#heardHave(piece),
        bitfield: (bits) => this.#heardBitfield(bits),
        request: (piece, begin, length) => this.#heardRequest(piece, begin, length),
        cancel: (piece, begin, length) => this.#giving.cancel({ piece, begin, length }),
        block: (piece, begin, length) => world.target(this, piece, begin, length),
        blockEnd: (piece, begin, length) => this.#heardBlock(piece, begin, length),
      },
      Math.ceil(world.pieceCount / 8),
    );
    socket.on('data', (bytes: Buffer) => this.heard(bytes));
    socket.on('drain', () => this.#giving.drained());
    socket.on('close', () => this.close(LINK_CLOSED));
    this.#outbound.say(encodeMessage({ kind: 'unchoke' }));
    this.#outbound.say(encodeMessage({ kind: 'interested' }));
  }

  get hasCount(): number {
    return this.has.count;
  }

  get room(): number {
    const nowMs = this.#world.nowMs();
    if (this.#choked || this.#over || nowMs < this.#restsUntilMs) return 0;
    return this.#asks.room(nowMs);
  }

  /** Bytes that came with the handshake, or later. */
  heard(bytes: Uint8Array): void {
    if (this.#over) return;
    this.#heardMs = this.#world.nowMs();
    const why = this.#inbound.push(bytes);
    if (why !== undefined) this.close(why);
    // Only now: what was asked for in a row leaves in one write.
    else if (this.#giving.waiting > 0) this.#world.asked(this);
  }

  ask(piece: PieceIndex, begin: number, length: number, cancel = false): void {
    if (this.#asks.owed === 0) this.#askedMs = this.#world.nowMs();
    this.#asks.asked(cancel ? -length : length);
    this.#outbound.ask(piece, begin, length, cancel);
  }

  late(): void {
    this.#restsUntilMs = this.#world.nowMs() + SWARM_LIMITS.lateRestMs;
  }

  hasPiece(piece: PieceIndex): boolean {
    return this.has.has(piece);
  }

  /** It may ask for the piece from now on. `anyway`: it is told even if it has the piece. */
  tell(piece: PieceIndex, anyway = false): void {
    if ((anyway || !this.has.has(piece)) && this.#told.set(piece)) this.#outbound.have(piece);
  }

  /** Gives it one run of about `most` bytes. False: there is nothing to give it now. */
  give(most: number): boolean {
    return this.#giving.give(most);
  }

  tick(nowMs: number): void {
    if (this.#asks.owed > 0 && nowMs - Math.max(this.#heardMs, this.#askedMs) >= SWARM_LIMITS.silentMs)
      this.close('it owes blocks and is silent');
    else if (nowMs - this.#saidMs >= SWARM_LIMITS.keepAliveMs)
      this.#outbound.say(encodeMessage({ kind: 'keep-alive' }));
    else if (nowMs >= this.#restsUntilMs) this.#world.ready(this);
  }

  close(why: string): void {
    if (this.#over) return;
    this.#over = true;
    this.#giving.close();
    this.#outbound.close();
    this.#socket.destroy();
    this.#world.closed(this, why);
  }

  /** `written`: nothing reads the parts any more, whether they left or the connection ended. */
  #send(parts: readonly Uint8Array[], written?: () => void): boolean {
    if (this.#over) {
      written?.();
      return false;
    }
    this.#saidMs = this.#world.nowMs();
    const last = parts.length - 1;
    this.#socket.cork();
    for (const [at, part] of parts.entries()) this.#socket.write(part, at === last ? written : undefined);
    this.#socket.uncork();
    return !this.#socket.writableNeedDrain;
  }

  #heardHave(piece: PieceIndex): string | undefined {
    if (piece >= this.#world.pieceCount) return `it has piece ${piece} of ${this.#world.pieceCount}`;
    if (this.has.set(piece)) this.#world.seen(this, piece);
    return undefined;
  }

  #heardBitfield(bits: Uint8Array): string | undefined {
    const field = Bitfield.from(bits, this.#world.pieceCount);
    if (!field) return 'a bitfield with spare bits';
    for (let piece = 0; piece < field.size; piece++) if (field.has(piece)) this.#heardHave(piece);
    return undefined;
  }

  #heardRequest(piece: PieceIndex, begin: number, length: number): string | undefined {
    const isPart = piece < this.#world.pieceCount && begin + length <= this.#world.sizeOf(piece);
    if (!isPart || length === 0 || length > SWARM_LIMITS.requestBytes)
      return `it asks for ${begin}+${length} of piece ${piece}`;
    // What it was not told of it may have guessed: it is given nothing, and not punished.
    if (!this.#told.has(piece)) return undefined;
    return this.#giving.push({ piece, begin, length });
  }

  #heardBlock(piece: PieceIndex, begin: number, length: number): void {
    this.#asks.came(length, this.#world.nowMs());
    this.#world.received(length);
    this.#world.came(this, piece, begin);
    this.#world.ready(this);
  }
}
