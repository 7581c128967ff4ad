import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { Log } from '#base/log.ts';
import { busy } from './gate.ts';
import { STORE_LIMITS } from './limits.ts';
import type { Failed, PieceBuffer } from './task-store.ts';

/** To the worker: `ranges` holds offset and length of each payload part, alternating. */
export type HashJob = { buffer: ArrayBuffer; ranges: Uint32Array };
/** From the worker: the buffer comes home. */
export type HashAnswer = { buffer: ArrayBuffer; digest: Uint8Array };

export type Hashed = { kind: 'ok'; buffer: ArrayBuffer; digest: Uint8Array } | Failed;

type Waiting = { job: HashJob; bytes: number; answer: (hashed: Hashed) => void };
type Seat = { worker: Worker; doing: Waiting | undefined; proven: boolean };

export type HashPoolOptions = { workers: number; log: Log; script?: URL; queueBytes?: number };

/**
 * A few threads that hash. The caller's buffer is transferred there and back. A worker that dies is replaced; the piece
 * it held is lost with it and its job answers 'failed'.
 */
export class HashPool {
  readonly #options: Required<HashPoolOptions>;
  readonly #seats = new Set<Seat>();
  readonly #queue: Waiting[] = [];
  readonly #closing = new AbortController();
  #queuedBytes = 0;

  constructor(options: HashPoolOptions) {
    const script = new URL('./hash-worker.ts', import.meta.url);
    this.#options = { script, queueBytes: STORE_LIMITS.hashBytes, ...options };
    for (let i = 0; i < Math.max(1, options.workers); i++) this.#seat();
  }

  /** SHA-1 over the payload. The piece's buffer is detached by this call. */
  digest(piece: PieceBuffer): Promise<Hashed> {
    if (this.#closing.signal.aborted)
      return Promise.resolve({ kind: 'failed', error: new Error('the store is closed') });
    const bytes = piece.buffer.length;
    if (this.#queuedBytes > 0 && this.#queuedBytes + bytes > this.#options.queueBytes)
      return Promise.resolve({ kind: 'failed', error: busy('pieces to hash') });
    const job = { buffer: piece.buffer.buffer as ArrayBuffer, ranges: rangesOf(piece) };
    return new Promise((answer) => {
      this.#queuedBytes += bytes;
      this.#queue.push({ job, bytes, answer });
      this.#hand();
    });
  }

  /** Jobs still waiting or running answer 'failed'. */
  async close(): Promise<void> {
    this.#closing.abort();
    const error = new Error('the store is closed');
    for (const { answer } of this.#queue.splice(0)) answer({ kind: 'failed', error });
    await Promise.all([...this.#seats].map((seat) => seat.worker.terminate()));
  }

  #hand(): void {
    for (const seat of this.#seats) {
      if (seat.doing) continue;
      const next = this.#queue.shift();
      if (!next) return;
      this.#queuedBytes -= next.bytes;
      seat.doing = next;
      seat.worker.postMessage(next.job, [next.job.buffer]);
    }
  }

  #seat(): void {
    const seat: Seat = { worker: new Worker(this.#options.script), doing: undefined, proven: false };
    let cause: unknown;
    seat.worker.on('message', ({ buffer, digest }: HashAnswer) => {
      const done = seat.doing;
      seat.doing = undefined;
      seat.proven = true;
      done?.answer({ kind: 'ok', buffer, digest });
      this.#hand();
    });
    seat.worker.on('error', (error) => {
      cause = error;
    });
    // 'exit' follows 'error' and is the only event of a worker that ends by itself.
    seat.worker.on('exit', (code) => this.#left(seat, code, cause));
    this.#seats.add(seat);
    this.#hand();
  }

  #left(seat: Seat, code: number, cause: unknown): void {
    this.#seats.delete(seat);
    const error = new Error(`a hash worker ended with code ${code}`, { cause });
    seat.doing?.answer({ kind: 'failed', error });
    if (this.#closing.signal.aborted) return;
    this.#options.log.error('hash-worker-ended', { code, why: String(cause) });
    if (seat.proven) this.#seat();
    // One that never answered may be followed by others like it: do not spin.
    else void this.#seatLater();
  }

  async #seatLater(): Promise<void> {
    await sleep(STORE_LIMITS.respawnMs, undefined, { signal: this.#closing.signal }).catch(() => {});
    if (!this.#closing.signal.aborted) this.#seat();
  }
}

function rangesOf(piece: PieceBuffer): Uint32Array {
  const parts = piece.payloadParts();
  const ranges = new Uint32Array(parts.length * 2);
  parts.forEach((part, i) => {
    ranges[2 * i] = part.byteOffset;
    ranges[2 * i + 1] = part.length;
  });
  return ranges;
}
