import type { PieceIndex } from '#base/units.ts';
import { encodeMessage } from '#wire/frames.ts';
import type { ClientStream } from './client-world.ts';

type Sink = Pick<ClientStream, 'write'>;

const HAVE_BYTES = 9;

/**
 * What waits to be written to one client. Everything said in one turn of the event loop leaves in one write; while the socket is full nothing
 * more is written, and `have`s wait as bare numbers (bounded by the piece count).
 */
export class Outbox {
  readonly #sink: Sink;
  #parts: Uint8Array[] = [];
  #done: (() => void)[] = [];
  #taken: (() => void)[] = [];
  #bytes = 0;
  #haves: PieceIndex[] = [];
  #full = false;

  constructor(sink: Sink) {
    this.#sink = sink;
  }

  /** Bytes that wait here. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The socket has taken what it could: wait for `drained`. */
  get full(): boolean {
    return this.#full;
  }

  /**
   * `done`: called when the part has been sent, or never will be. Not when it still waits here as the client leaves. `taken`: when the kernel has
   * taken it, and all that left in the same write.
   */
  add(part: Uint8Array, done?: () => void, taken?: () => void): void {
    this.#parts.push(part);
    this.#bytes += part.length;
    if (done) this.#done.push(done);
    if (taken) this.#taken.push(taken);
  }

  have(piece: PieceIndex): void {
    this.#haves.push(piece);
  }

  drained(): void {
    this.#full = false;
  }

  /** Returns the bytes written. */
  flush(): number {
    if (this.#full) return 0;
    if (this.#haves.length > 0) this.#addHaves();
    if (this.#parts.length === 0) return 0;
    const parts = this.#parts;
    const bytes = this.#bytes;
    this.#parts = [];
    this.#bytes = 0;
    const [done, taken] = [this.#done, this.#taken];
    this.#done = [];
    this.#taken = [];
    this.#full = !this.#sink.write(parts, allOf(done), allOf(taken));
    return bytes;
  }

  #addHaves(): void {
    const first = encodeMessage({ kind: 'have', piece: 0 });
    const all = Buffer.allocUnsafe(HAVE_BYTES * this.#haves.length);
    for (const [i, piece] of this.#haves.entries()) {
      all.set(first, i * HAVE_BYTES);
      all.writeUInt32BE(piece, i * HAVE_BYTES + 5);
    }
    this.#haves = [];
    this.add(all);
  }
}

function allOf(calls: readonly (() => void)[]): (() => void) | undefined {
  if (calls.length === 0) return undefined;
  return () => {
    for (const call of calls) call();
  };
}
