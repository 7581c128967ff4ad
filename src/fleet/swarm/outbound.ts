import type { PieceIndex } from '#base/units.ts';
import { BLOCK_BYTES } from '#base/units.ts';

const BUFFER_BYTES = 32 * 1024;
const HAVE_BYTES = 9;
const REQUEST_BYTES = 17;

/**
 * Small messages (BEP 3) of one turn of the event loop, end to end: nodes say `have` and ask for blocks thousands of times a second, and each as a write of
 * its own would cost more than the blocks do.
 */
export class Outbound {
  readonly #write: (bytes: Uint8Array) => void;
  #buffer: Buffer | undefined;
  #used = 0;
  #due = false;

  constructor(write: (bytes: Uint8Array) => void) {
    this.#write = write;
  }

  have(piece: PieceIndex): void {
    const [b, at] = this.#room(HAVE_BYTES);
    b.writeUInt32BE(5, at);
    b[at + 4] = 4;
    b.writeUInt32BE(piece, at + 5);
  }

  /** Asks for bytes of a piece, block by block; `cancel`: takes that back. */
  ask(piece: PieceIndex, begin: number, length: number, cancel = false): void {
    for (let at = begin; at < begin + length; at += BLOCK_BYTES) {
      const [b, to] = this.#room(REQUEST_BYTES);
      b.writeUInt32BE(13, to);
      b[to + 4] = cancel ? 8 : 6;
      b.writeUInt32BE(piece, to + 5);
      b.writeUInt32BE(at, to + 9);
      b.writeUInt32BE(Math.min(BLOCK_BYTES, begin + length - at), to + 13);
    }
  }

  /** A whole message. */
  say(message: Uint8Array): void {
    const [b, at] = this.#room(message.length);
    b.set(message, at);
  }

  /** Now: what follows is written past it. */
  flush(): void {
    const [buffer, used] = [this.#buffer, this.#used];
    this.#buffer = undefined;
    this.#used = 0;
    if (buffer && used > 0) this.#write(buffer.subarray(0, used));
  }

  #room(bytes: number): [Buffer, number] {
    if (this.#buffer && this.#used + bytes > this.#buffer.length) this.flush();
    this.#buffer ??= Buffer.allocUnsafe(Math.max(BUFFER_BYTES, bytes));
    const at = this.#used;
    this.#used += bytes;
    if (!this.#due) {
      this.#due = true;
      setImmediate(() => {
        this.#due = false;
        this.flush();
      });
    }
    return [this.#buffer, at];
  }
}
