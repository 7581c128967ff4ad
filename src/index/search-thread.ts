import { Worker } from 'node:worker_threads';
import { errorText } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import { INDEX_LIMITS } from './limits.ts';
import type { SearchJob, SearchResult } from './search-worker.ts';
import type { ListAnswer, ListQuestion } from './task-search.ts';

/** `busy`: too many questions wait. `failed`: the thread has ended, and the next question begins another. */
export type Searched =
  | { readonly kind: 'ok'; readonly answer: ListAnswer }
  | { readonly kind: 'busy' }
  | { readonly kind: 'failed'; readonly why: string };

type Waiting = { readonly id: number; readonly resolve: (searched: Searched) => void };

/**
 * Asks for torrents in a thread of its own, so that a question about a hundred thousand holds up no byte. The thread begins with the first question.
 * Invariant: each question is answered once, whatever becomes of the thread, and no more than `searchesWaiting` wait.
 */
export class SearchThread {
  readonly #path: string;
  readonly #log: Log;
  readonly #script: URL;
  readonly #withinMs: number;
  #worker: Worker | undefined;
  readonly #waiting = new Map<number, Waiting>();
  #timer: NodeJS.Timeout | undefined;
  #asked = 0;
  #closed = false;

  /** `path`: of the index, which is open already. */
  constructor(
    path: string,
    log: Log,
    script = new URL('./search-worker.ts', import.meta.url),
    withinMs: number = INDEX_LIMITS.searchWithinMs,
  ) {
    this.#path = path;
    this.#log = log;
    this.#script = script;
    this.#withinMs = withinMs;
  }

  /** Never rejects. */
  ask(question: ListQuestion): Promise<Searched> {
    if (this.#closed) return Promise.resolve({ kind: 'failed', why: 'the box is being stopped' });
    if (this.#waiting.size >= INDEX_LIMITS.searchesWaiting) return Promise.resolve({ kind: 'busy' });
    const { promise, resolve } = Promise.withResolvers<Searched>();
    const job: SearchJob = { id: ++this.#asked, question };
    this.#waiting.set(job.id, { id: job.id, resolve });
    this.#worker ??= this.#begin();
    this.#worker.postMessage(job);
    this.#timer ??= this.#clock(this.#worker);
    return promise;
  }

  /** Who still waits is told so. */
  async close(): Promise<void> {
    this.#closed = true;
    const worker = this.#worker;
    this.#end('the box is being stopped');
    await worker?.terminate();
  }

  #begin(): Worker {
    const worker = new Worker(this.#script, {
      workerData: { path: this.#path },
      resourceLimits: { maxOldGenerationSizeMb: INDEX_LIMITS.searchHeapMib },
    });
    worker.unref();
    worker.on('message', (result: SearchResult) => this.#answered(worker, result));
    worker.on('error', (error) => this.#failed(worker, errorText(error)));
    worker.on('exit', (code) => this.#failed(worker, `it ended with code ${code}`));
    return worker;
  }

  #answered(worker: Worker, result: SearchResult): void {
    if (worker !== this.#worker) return;
    const waiting = this.#waiting.get(result.id);
    this.#waiting.delete(result.id);
    clearTimeout(this.#timer);
    this.#timer = this.#waiting.size > 0 ? this.#clock(worker) : undefined;
    if ('why' in result) this.#log.warn('task-search', { why: result.why });
    waiting?.resolve('why' in result ? { kind: 'failed', why: result.why } : { kind: 'ok', answer: result.answer });
  }

  #failed(worker: Worker, why: string): void {
    if (worker !== this.#worker) return;
    this.#log.error('task-search-ended', { why });
    this.#end(why);
    void worker.terminate();
  }

  #end(why: string): void {
    this.#worker = undefined;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { resolve } of waiting) resolve({ kind: 'failed', why });
  }

  #clock(worker: Worker): NodeJS.Timeout {
    return setTimeout(() => this.#failed(worker, 'it took too long'), this.#withinMs);
  }
}
