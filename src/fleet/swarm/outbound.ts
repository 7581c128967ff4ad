import type { PieceIndex } from '#base/units.ts';
import { BLOCK_BYTES } from '#base/units.ts';
import { SWARM_LIMITS } from './limits.ts';

const HAVE_BYTES = 9;
const REQUEST_BYTES = 17;
const FIRST_BYTES = 512;

/**
 * Small messages (BEP 3), end to end in as few writes as can be: nodes say `have` and ask for blocks thousands of times a second, and each as a write of
 * its own would cost more than the blocks do. What asks for something leaves at the end of this turn of the event loop. A `have` that follows
 * closely upon another write waits a moment for the next one.
 */
export class Outbound {
  readonly #write: (bytes: Uint8Array) => void;
  readonly #nowMs: () => number;
  #buffer = Buffer.allocUnsafe(FIRST_BYTES);
  #used = 0;
  #due: 'now' | 'soon' | undefined;
  #timer: NodeJS.Timeout | undefined;
  #wroteMs = Number.NEGATIVE_INFINITY;

  constructor(write: (bytes: Uint8Array) => void, nowMs: () => number) {
    this.#write = write;
    this.#nowMs = nowMs;
  }

  have(piece: PieceIndex): void {
    const [b, at] = this.#room(HAVE_BYTES);
    b.writeUInt32BE(5, at);
    b[at + 4] = 4;
    b.writeUInt32BE(piece, at + 5);
    if (this.#due) return;
    const waitMs = this.#wroteMs + SWARM_LIMITS.haveMs - this.#nowMs();
    if (waitMs <= 0) this.#soon();
    else {
      this.#due = 'soon';
      this.#timer = setTimeout(() => this.#flush(), Math.min(waitMs, SWARM_LIMITS.haveMs));
    }
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
    this.#soon();
  }

  /** A whole message. */
  say(message: Uint8Array): void {
    const [b, at] = this.#room(message.length);
    b.set(message, at);
    this.#soon();
  }

  /** What is to be written before anything else. */
  take(): Buffer | undefined {
    clearTimeout(this.#timer);
    this.#due = undefined;
    this.#wroteMs = this.#nowMs();
    const used = this.#used;
    this.#used = 0;
    return used > 0 ? Buffer.from(this.#buffer.subarray(0, used)) : undefined;
  }

  /** Nothing leaves any more. */
  close(): void {
    clearTimeout(this.#timer);
    this.#used = 0;
  }

  #flush(): void {
    const bytes = this.take();
    if (bytes) this.#write(bytes);
  }

  #soon(): void {
    if (this.#due === 'now') return;
    this.#due = 'now';
    setImmediate(() => {
      if (this.#due === 'now') this.#flush();
    });
  }

  #room(bytes: number): [Buffer, number] {
    const at = this.#used;
    this.#used += bytes;
    if (this.#used > this.#buffer.length) {
      const larger = Buffer.allocUnsafe(2 * this.#used);
      larger.set(this.#buffer.subarray(0, at));
      this.#buffer = larger;
    }
    return [this.#buffer, at];
  }
}
