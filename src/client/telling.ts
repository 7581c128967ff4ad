import type { Bitfield } from '#base/bitfield.ts';
import type { PieceIndex } from '#base/units.ts';
import { encodeMessage } from '#wire/frames.ts';
import { Announcer } from './announcer.ts';

/** What a telling asks of its connection. */
export type TellingWorld = {
  /** What the task has. */
  have(): Bitfield | undefined;
  /** What the client has; undefined until the shape is known. */
  theirs(): Bitfield | undefined;
  /** `have` of these, in this order. */
  say(pieces: readonly PieceIndex[]): void;
  send(frame: Buffer): void;
  /** False while the client does not read: then suggestions are left out. */
  roomy(): boolean;
  nowMs(): number;
};

/**
 * Which pieces one client is told of: all that the task has, or, while it is steered, those that it is offered (docs/decisions/carousel.md).
 * Nothing that it has itself, and each piece once.
 */
export class Telling {
  /** The client speaks BEP 6: it may be told which of the pieces that it knows of come cheap. */
  readonly takesSuggestions: boolean;
  readonly #world: TellingWorld;
  #announcer: Announcer | undefined;
  #steered: boolean;

  /** `said`: what the greeting has said; no announcer while the shape is not known. */
  constructor(world: TellingWorld, said: { announcer: Announcer | undefined; steered: boolean }, fast: boolean) {
    this.takesSuggestions = fast;
    this.#world = world;
    this.#announcer = said.announcer;
    this.#steered = said.steered;
  }

  /** It is told only of the pieces that it is offered. */
  get steered(): boolean {
    return this.#steered;
  }

  /** What the client has; undefined until the shape is known. */
  pieces(): Bitfield | undefined {
    return this.#world.theirs();
  }

  knows(piece: PieceIndex): boolean {
    return this.#announcer?.knows(piece) ?? false;
  }

  /** What the client counts on: it was told of it, and lacks it. The bits are set in `bits`, as long as the torrent's bitfield. */
  owed(bits: Uint8Array): void {
    this.#announcer?.owed(this.#world.theirs(), bits);
  }

  /** The shape became known after the greeting: too late for a bitfield (BEP 3), so what the task has is said piece by piece. */
  shapeKnown(pieceCount: number, steered: boolean): void {
    this.#announcer = Announcer.open(pieceCount, undefined, this.#world.nowMs()).announcer;
    this.#steered = steered;
    if (!steered) this.tellAll();
  }

  /** The task has the piece from now on. */
  gained(piece: PieceIndex): void {
    if (!this.#steered) this.offer(piece);
  }

  /** Tells of a piece that the task has, unless the client has it too. */
  offer(piece: PieceIndex): void {
    if (this.#world.theirs()?.has(piece)) return;
    this.#world.say(this.#announcer?.gained(piece, this.#world.nowMs()) ?? []);
  }

  /** BEP 6: of what the client lacks this is the cheapest. */
  suggest(piece: PieceIndex): void {
    if (this.takesSuggestions && this.#world.roomy()) this.#world.send(encodeMessage({ kind: 'suggest', piece }));
  }

  /** From now on it is told of everything. */
  tellAll(): void {
    this.#steered = false;
    const have = this.#world.have();
    for (let piece = 0; have && have.count > 0 && piece < have.size; piece++) if (have.has(piece)) this.offer(piece);
  }

  /** The task has lost the piece. True: the client was told of it. */
  lost(piece: PieceIndex): boolean {
    return this.#announcer?.lost(piece) ?? false;
  }

  /** Says what was held back for longer than `ms`. */
  tick(ms: number): void {
    this.#world.say(this.#announcer?.overdue(ms, this.#world.nowMs()) ?? []);
  }
}
