import { encodeMessage, type Message } from '#wire/frames.ts';
import type { Taker } from './client-world.ts';
import type { Request } from './request-queue.ts';

export type AskingWorld = {
  /** Who takes what the client gives; undefined: it was asked for nothing yet. */
  taker(): Taker | undefined;
  send(frame: Buffer): void;
};

/** The other direction: the box asks a client for blocks, over the connection that it serves it by. */
export class Asking {
  readonly #world: AskingWorld;
  /** The box has said that it is interested (BEP 3). */
  #interested = false;

  constructor(world: AskingWorld) {
    this.#world = world;
  }

  /** Whether the box is interested in what the client has. */
  want(is: boolean): void {
    if (is === this.#interested) return;
    this.#interested = is;
    this.#world.send(encodeMessage({ kind: is ? 'interested' : 'not-interested' }));
  }

  ask({ piece, begin, length }: Request): void {
    this.#world.send(encodeMessage({ kind: 'request', piece, begin, length }));
  }

  cancel({ piece, begin, length }: Request): void {
    this.#world.send(encodeMessage({ kind: 'cancel', piece, begin, length }));
  }

  /** Returns why the client must be dropped. */
  hear(m: Message & { readonly kind: 'choke' | 'unchoke' | 'piece' | 'reject' }): string | undefined {
    const taker = this.#world.taker();
    if (m.kind === 'piece')
      return taker?.block(m.piece, m.begin, m.data) ? undefined : 'a block that was never asked for';
    if (m.kind === 'choke') taker?.choked();
    else if (m.kind === 'unchoke') taker?.unchoked();
    else taker?.rejected(m.piece, m.begin);
    return undefined;
  }
}
