import { Duplex } from 'node:stream';
import type { Random } from '#base/seeded-random.ts';
import { KIB } from '#base/units.ts';
import type { SimPath } from './sim-line.ts';
import type { Trace } from './trace.ts';
import type { Owner, Pending, VirtualTime } from './virtual-time.ts';

/** As much as a kernel takes of a socket before it lets it wait, and as much as one that does not read leaves on its way. */
const SEND_BUFFER_BYTES = 128 * KIB;
const WINDOW_BYTES = 256 * KIB;

export type SocketWorld = { readonly time: VirtualTime; readonly random: Random; readonly trace: Trace };

/** One for all: a stack for each would cost more than the rest of a reset. */
const RESET = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });

/** One end of a connection in memory: what TCP does to bytes - late, cut anywhere, never lost, until it is reset or falls silent. */
export class SimSocket extends Duplex {
  readonly owner: Owner;
  readonly name: string;
  readonly #world: SocketWorld;
  readonly #path: SimPath;
  #other: SimSocket | undefined;
  readonly #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #sending: Pending | undefined;
  /** Called when the kernel has room again. */
  #taken: (() => void) | undefined;
  #ends = false;
  #saidEnd = false;
  #silent = false;
  /** Sent, and not read by the other end. */
  #unread = 0;
  #arrivesAtMs = 0;
  /** Bytes that came while nobody read. */
  #heldBytes = 0;
  #cut = false;
  /** Payload that has arrived here. */
  receivedBytes = 0;

  constructor(world: SocketWorld, owner: Owner, name: string, path: SimPath) {
    super({ highWaterMark: 64 * KIB, allowHalfOpen: true });
    this.#world = world;
    this.owner = owner;
    this.name = name;
    this.#path = path;
  }

  /** Joins two ends; each end's path leads to the other. */
  static join(a: SimSocket, b: SimSocket): void {
    a.#other = b;
    b.#other = a;
  }

  get other(): SimSocket | undefined {
    return this.#other;
  }

  /** Neither end ever hears of the other again, and neither is told. */
  fallSilent(): void {
    for (const end of [this, this.#other]) if (end) end.#silent = true;
  }

  /** Both ends are told, each when the news reaches it. */
  reset(): void {
    for (const end of [this, this.#other]) if (end) end.#drop();
  }

  resetAndDestroy(): void {
    if (this.destroyed) return;
    this.#cut = true;
    this.destroy();
  }

  /** Its process is gone: nothing here runs any more, and the kernel closes it. */
  abandon(): void {
    this.#resetOther();
    this.#forget();
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.#put([chunk], done);
  }

  override _writev(chunks: { chunk: Buffer }[], done: () => void): void {
    this.#put(
      chunks.map(({ chunk }) => chunk),
      done,
    );
  }

  override _final(done: () => void): void {
    this.#ends = true;
    this.#send();
    done();
  }

  override _read(): void {
    const bytes = this.#heldBytes;
    this.#heldBytes = 0;
    this.#consumed(bytes);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    if (this.#cut || error) this.#resetOther();
    else if (!this.#ends) {
      this.#ends = true;
      this.#send();
    }
    done(error);
  }

  #drop(): void {
    const { time } = this.#world;
    time.after(this.#path.latencyMs, () => this.destroy(RESET), this.owner);
    this.#forget();
  }

  #forget(): void {
    this.#silent = true;
    this.#waiting.length = 0;
    if (this.#sending) this.#world.time.cancel(this.#sending);
  }

  /** At this end, after the way from the other. */
  #hear(what: () => void): void {
    const other = this.#other;
    if (this.#silent || !other) return;
    const { time } = this.#world;
    const atMs = Math.max(time.exactMs + other.#path.latencyMs, other.#arrivesAtMs);
    time.after(atMs - time.exactMs, what, this.owner);
  }

  #put(chunks: readonly Buffer[], done: () => void): void {
    for (const chunk of chunks) {
      this.#waiting.push(Buffer.from(chunk)); // the writer may use its memory again
      this.#waitingBytes += chunk.length;
    }
    if (this.#waitingBytes > SEND_BUFFER_BYTES) this.#taken = done;
    else done();
    this.#send();
  }

  #send(): void {
    const { time, random, trace } = this.#world;
    const to = this.#other;
    if (this.#sending || this.#silent || !to || this.#unread >= WINDOW_BYTES) return;
    if (this.#waitingBytes === 0) {
      if (this.#ends && !this.#saidEnd) to.#hear(() => to.push(null));
      this.#saidEnd = this.#ends;
      return;
    }
    const chunk = this.#take(1 + random.below(this.#path.chunkBytes));
    this.#unread += chunk.length;
    const nowMs = time.exactMs;
    const leftMs = Math.max(nowMs, ...this.#path.lines.map((line) => line.take(chunk.length, nowMs)));
    const { latencyMs, jitterMs } = this.#path;
    this.#arrivesAtMs = Math.max(this.#arrivesAtMs, leftMs + latencyMs + random.unit() * jitterMs);
    this.#sending = time.after(leftMs - nowMs, () => this.#left(), this.owner);
    time.after(
      this.#arrivesAtMs - nowMs,
      () => {
        trace.bytes(to.name, chunk);
        to.#arrived(chunk);
      },
      to.owner,
      true,
    );
  }

  /** The kernel's business: it goes on when this end is closed, until its process is killed. */
  #left(): void {
    this.#sending = undefined;
    if (this.#waitingBytes <= SEND_BUFFER_BYTES && this.#taken) {
      const done = this.#taken;
      this.#taken = undefined;
      done();
    }
    this.#send();
  }

  #take(most: number): Buffer {
    const first = this.#waiting[0] as Buffer;
    const chunk = first.subarray(0, most);
    if (chunk.length === first.length) this.#waiting.shift();
    else this.#waiting[0] = first.subarray(chunk.length);
    this.#waitingBytes -= chunk.length;
    return chunk;
  }

  #arrived(chunk: Buffer): void {
    if (this.#silent) return;
    if (this.destroyed) {
      // TCP answers what comes for a closed socket with a reset.
      this.#resetOther();
      return;
    }
    this.receivedBytes += chunk.length;
    if (this.push(chunk)) this.#consumed(chunk.length);
    else this.#heldBytes += chunk.length;
  }

  /** So many bytes were read here: the other end may send as many more. */
  #consumed(bytes: number): void {
    const other = this.#other;
    if (!other || bytes === 0) return;
    other.#unread -= bytes;
    if (other.#waitingBytes > 0 && !other.#sending) this.#world.time.after(0, () => other.#send(), other.owner);
  }

  #resetOther(): void {
    const other = this.#other;
    if (other) other.#hear(() => other.destroy(RESET));
  }
}
