import { Worker } from 'node:worker_threads';
import type { Clock } from '#base/clock.ts';
import { errorText } from '#base/errors.ts';
import type { Session } from '#trace/session.ts';
import type { Question } from './compare.ts';
import { WHAT_IF_LIMITS } from './limits.ts';
import type { ReplayJob, ReplayResult } from './replay-worker.ts';
import type { WhatIfAnswer } from './view.ts';

export type WhatIfWorld = {
  readonly clock: Clock;
  /** Where the trace lies. */
  readonly folder: string;
  /** Sessions under way, which are not written yet. */
  open(): readonly Session[];
  question(): Question;
};

/** Answers what other disks and other rules would have saved, in a thread of its own: one question at a time, each answer good for a minute. */
export class WhatIf {
  readonly #world: WhatIfWorld;
  readonly #script: URL;
  readonly #closing = new AbortController();
  #running: Promise<WhatIfAnswer> | undefined;
  #last: { readonly answer: WhatIfAnswer; readonly atMs: number } | undefined;

  constructor(world: WhatIfWorld, script = new URL('./replay-worker.ts', import.meta.url)) {
    this.#world = world;
    this.#script = script;
  }

  async ask(): Promise<WhatIfAnswer> {
    if (this.#running || this.#closing.signal.aborted) return { kind: 'busy' };
    const sinceMs = this.#world.clock.nowMs() - (this.#last?.atMs ?? Number.NEGATIVE_INFINITY);
    if (this.#last && sinceMs >= 0 && sinceMs < WHAT_IF_LIMITS.sameForMs) return this.#last.answer;
    this.#running = this.#replay();
    try {
      const answer = await this.#running;
      if (answer.kind === 'ok') this.#last = { answer, atMs: this.#world.clock.nowMs() };
      return answer;
    } finally {
      this.#running = undefined;
    }
  }

  /** A question under way is given up. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#running;
  }

  async #replay(): Promise<WhatIfAnswer> {
    const { clock, folder } = this.#world;
    const job: ReplayJob = { ...this.#world.question(), folder, open: this.#world.open(), nowMs: clock.nowMs() };
    const worker = new Worker(this.#script, {
      workerData: job,
      resourceLimits: { maxOldGenerationSizeMb: WHAT_IF_LIMITS.heapMib },
    });
    const signal = AbortSignal.any([this.#closing.signal, AbortSignal.timeout(WHAT_IF_LIMITS.withinMs)]);
    const { promise, resolve } = Promise.withResolvers<WhatIfAnswer>();
    const giveUp = (): void => resolve({ kind: 'failed', why: 'it took too long' });
    signal.addEventListener('abort', giveUp);
    worker.on('message', (view: ReplayResult) => resolve(view ? { kind: 'ok', view } : { kind: 'empty' }));
    worker.on('error', (error) => resolve({ kind: 'failed', why: errorText(error) }));
    worker.on('exit', (code) => resolve({ kind: 'failed', why: `it ended with code ${code}` }));
    const answer = await promise;
    signal.removeEventListener('abort', giveUp);
    await worker.terminate();
    return answer;
  }
}
