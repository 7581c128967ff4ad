import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { errorText } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import type { Digests, HashWork } from './digests.ts';
import { busy } from './gate.ts';
import { STORE_LIMITS } from './limits.ts';
import type { Failed, PieceBuffer } from './task-store.ts';

/** To the worker: `ranges` holds offset and length of each payload part, alternating. */
export type HashJob = { buffer: ArrayBuffer; ranges: Uint32Array; work: HashWork };
/** From the worker: the buffer comes home. */
export type HashAnswer = { buffer: ArrayBuffer; digests: Digests };

export type Hashed = { kind: 'ok'; buffer: ArrayBuffer; digests: Digests } | Failed;

type Waiting = { job: HashJob; bytes: number; answer: (hashed: Hashed) => void };
type Seat = { worker: Worker; doing: Waiting | undefined; proven: boolean; late: NodeJS.Timeout | undefined };

export type HashPoolOptions = { workers: number; log: Log; script?: URL; queueBytes?: number; jobMs?: number };

/**
 * A few threads that hash. The caller's buffer is transferred there and back. A worker that dies, or does not answer in
 * time, is replaced; the piece it held is lost with it and its job answers 'failed'.
 */
export class HashPool {
  readonly #options: Required<HashPoolOptions>;
  readonly #seats = new Set<Seat>();
  readonly #queue: Waiting[] = [];
  readonly #closing = new AbortController();
  #queuedBytes = 0;

  constructor(options: HashPoolOptions) {
    const script = new URL('./hash-worker.ts', import.meta.url);
    this.#options = { script, queueBytes: STORE_LIMITS.hashBytes, jobMs: STORE_LIMITS.hashJobMs, ...options };
    for (let i = 0; i < Math.max(1, options.workers); i++) this.#seat();
  }

  /** Bytes of pieces that no worker has begun. */
  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  /** Digests of the payload. The piece's buffer is detached by this call. */
  digest(piece: PieceBuffer, work: HashWork): Promise<Hashed> {
    if (this.#closing.signal.aborted)
      return Promise.resolve({ kind: 'failed', error: new Error('the store is closed') });
    const bytes = piece.buffer.length;
    if (this.#queuedBytes > 0 && this.#queuedBytes + bytes > this.#options.queueBytes)
      return Promise.resolve({ kind: 'failed', error: busy('pieces to hash') });
    const job = { buffer: piece.buffer.buffer as ArrayBuffer, ranges: rangesOf(piece), work };
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
    for (const seat of this.#seats) clearTimeout(seat.late);
    await Promise.all([...this.#seats].map((seat) => seat.worker.terminate()));
  }

  #hand(): void {
    for (const seat of this.#seats) {
      if (seat.doing) continue;
      const next = this.#queue.shift();
      if (!next) return;
      this.#queuedBytes -= next.bytes;
      seat.doing = next;
      seat.late = setTimeout(() => this.#tooLate(seat), this.#options.jobMs);
      seat.worker.postMessage(next.job, [next.job.buffer]);
    }
  }

  #seat(): void {
    const seat: Seat = {
      worker: new Worker(this.#options.script),
      doing: undefined,
      proven: false,
      late: undefined,
    };
    let cause: unknown;
    seat.worker.on('message', ({ buffer, digests }: HashAnswer) => {
      clearTimeout(seat.late);
      const done = seat.doing;
      seat.doing = undefined;
      seat.proven = true;
      done?.answer({ kind: 'ok', buffer, digests });
      this.#hand();
    });
    seat.worker.on('error', (error) => {
      cause = error;
    });
    // 'exit' follows 'error' and is the only event of a worker that ends by itself.
    seat.worker.on('exit', (code) => this.#left(seat, `it ended with code ${code}`, cause));
    this.#seats.add(seat);
    this.#hand();
  }

  /** A thread stuck in a loop ends at once, one stuck in the kernel when it comes back: nobody waits for either. */
  #tooLate(seat: Seat): void {
    this.#left(seat, `it did not answer within ${this.#options.jobMs} ms`, undefined);
    void seat.worker.terminate();
  }

  /** Told once of each seat, whatever comes first. */
  #left(seat: Seat, why: string, cause: unknown): void {
    if (!this.#seats.delete(seat)) return;
    clearTimeout(seat.late);
    const error = new Error(`a hash worker was lost: ${why}`, { cause });
    const doing = seat.doing;
    seat.doing = undefined;
    doing?.answer({ kind: 'failed', error });
    if (this.#closing.signal.aborted) return;
    this.#options.log.error('hash-worker-ended', { why: errorText(error) });
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
