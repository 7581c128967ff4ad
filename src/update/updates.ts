import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { errorText } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import type { Scope } from '#base/scope.ts';
import { openUrl } from './bundle-url.ts';
import { UPDATE_LIMITS } from './limits.ts';
import { receive } from './receiving.ts';
import type { BundleMeta, SystemView, UpdateBackend } from './update-backend.ts';

export type Step = 'receiving' | 'checking' | 'installing' | 'installed' | 'failed';
export type Progress = { readonly step: Step; readonly share: number; readonly why?: string };

/** See UpdateView of the admin contract. */
export type UpdateView = SystemView & {
  readonly bundle?: BundleMeta & { readonly sizeBytes: number };
  readonly progress?: Progress;
};

export type UpdateDeclined = {
  readonly kind: 'declined';
  readonly why: 'not-available' | 'busy' | 'not-found' | 'conflict' | 'too-large' | 'disk-full' | 'invalid' | 'failed';
  readonly text: string;
};
export type UpdateAnswer = { readonly kind: 'done' } | UpdateDeclined;

export type UpdatesWorld = {
  readonly backend: UpdateBackend;
  readonly dataDir: string;
  readonly scope: Scope;
  readonly log: Log;
};

/** Why nothing was received, of the contract's ProblemWhy. */
const WHY = { 'too-large': 'too-large', 'disk-full': 'disk-full', 'cut-short': 'invalid', empty: 'invalid' } as const;

/**
 * Receives a bundle, has it checked, and has it installed: one thing at a time.
 * Invariant: the file `bundle` is whole, and what the backend says of it was said after it was verified.
 */
export class Updates {
  readonly #world: UpdatesWorld;
  #bundle: (BundleMeta & { readonly sizeBytes: number }) | undefined;
  #progress: Progress | undefined;
  #isBusy = false;

  constructor(world: UpdatesWorld) {
    this.#world = world;
  }

  get #path(): string {
    return join(this.#world.dataDir, 'update', 'bundle');
  }

  /** What a crash left half-way goes; a bundle that was whole is checked again. */
  async start(): Promise<void> {
    await rm(`${this.#path}.part`, { force: true });
    if (await sizeOf(this.#path)) await this.#check(this.#world.scope.signal);
  }

  async view(): Promise<UpdateView> {
    return {
      ...(await this.#world.backend.view()),
      ...(this.#bundle && { bundle: this.#bundle }),
      ...(this.#progress && { progress: this.#progress }),
    };
  }

  /** Resolves when it was received and checked. `from` is not read when it is declined. */
  receive(from: AsyncIterable<Uint8Array>, totalBytes: number | undefined, signal: AbortSignal): Promise<UpdateAnswer> {
    const both = AbortSignal.any([signal, this.#world.scope.signal]);
    return this.#alone(() => this.#take(from, totalBytes, both));
  }

  /** Begins to fetch: `view` tells how far it is. */
  receiveFrom(url: string): Promise<UpdateAnswer> {
    return this.#begin(async (signal) => {
      this.#progress = { step: 'receiving', share: 0 };
      const opened = await openUrl(url, signal);
      if (opened.kind === 'failed') this.#failed(opened.why);
      else await this.#take(opened.body, opened.totalBytes, signal);
    });
  }

  /** Begins to install what was received. */
  async install(allowOlder: boolean): Promise<UpdateAnswer> {
    const bundle = this.#bundle;
    if (!bundle && (await this.#world.backend.view()).canUpdate)
      return declined('not-found', 'There is no bundle: upload one first.');
    if (bundle?.isOlder && !allowOlder)
      return declined('conflict', `The bundle (${bundle.version}) is older than what runs: say that it may be.`);
    return this.#begin(async (signal) => {
      this.#progress = { step: 'installing', share: 0 };
      const progress = (share: number): void => {
        this.#progress = { step: 'installing', share: Math.min(1, Math.max(0, share)) };
      };
      const done = await this.#world.backend.install(this.#path, progress, signal);
      if (done.kind === 'failed') return this.#failed(done.why);
      await this.#forget();
      this.#progress = { step: 'installed', share: 1 };
      this.#world.log.warn('update-installed', { version: bundle?.version });
    });
  }

  discard(): Promise<UpdateAnswer> {
    return this.#alone(async () => {
      await this.#forget();
      this.#progress = undefined;
      return { kind: 'done' };
    });
  }

  rollBack(): Promise<UpdateAnswer> {
    return this.#alone(async () => {
      const done = await this.#world.backend.rollBack(this.#world.scope.signal);
      return done.kind === 'done' ? done : declined('failed', done.why);
    });
  }

  async #take(
    from: AsyncIterable<Uint8Array>,
    totalBytes: number | undefined,
    signal: AbortSignal,
  ): Promise<UpdateAnswer> {
    // The one before makes room: half of a new one beside it would be no gain.
    await this.#forget();
    const share = (bytes: number) => (totalBytes ? Math.min(1, bytes / totalBytes) : 0);
    this.#progress = { step: 'receiving', share: 0 };
    const received = await receive(
      from,
      totalBytes,
      this.#path,
      (bytes) => {
        this.#progress = { step: 'receiving', share: share(bytes) };
      },
      signal,
    );
    if (received.kind === 'failed') {
      this.#failed(received.why);
      return declined(WHY[received.why], `The bundle was not received: ${received.why}.`);
    }
    const why = await this.#check(signal);
    return why === undefined ? { kind: 'done' } : declined('invalid', why);
  }

  /** Undefined: it is a bundle that may be installed. What is none goes. */
  async #check(signal: AbortSignal): Promise<string | undefined> {
    this.#progress = { step: 'checking', share: 0 };
    const found = await this.#world.backend.inspect(this.#path, signal);
    if (found.kind === 'failed') {
      await this.#forget();
      this.#failed(found.why);
      return found.why;
    }
    const { version, notes, isOlder } = found.meta;
    const { versionChars, notesChars } = UPDATE_LIMITS;
    const sizeBytes = (await sizeOf(this.#path)) ?? 0;
    this.#bundle = { version: version.slice(0, versionChars), notes: notes.slice(0, notesChars), isOlder, sizeBytes };
    this.#progress = undefined;
    return undefined;
  }

  async #forget(): Promise<void> {
    this.#bundle = undefined;
    await rm(this.#path, { force: true });
  }

  #failed(why: string): void {
    this.#progress = { step: 'failed', share: 0, why };
    this.#world.log.error('update-failed', { why });
  }

  /** Answers at once, and works on as long as the box runs. */
  async #begin(work: (signal: AbortSignal) => Promise<void>): Promise<UpdateAnswer> {
    const turn = await this.#turn();
    if ('kind' in turn) return turn;
    this.#world.scope.run(async (signal) => {
      using _turn = turn;
      try {
        await work(signal);
      } catch (error) {
        this.#failed(errorText(error));
        signal.throwIfAborted();
      }
    });
    return { kind: 'done' };
  }

  async #alone(work: () => Promise<UpdateAnswer>): Promise<UpdateAnswer> {
    const turn = await this.#turn();
    if ('kind' in turn) return turn;
    using _turn = turn;
    try {
      return await work();
    } catch (error) {
      this.#failed(errorText(error));
      return declined('failed', errorText(error));
    }
  }

  async #turn(): Promise<Disposable | UpdateDeclined> {
    if (this.#isBusy) return declined('busy', 'An update is being received or installed.');
    this.#isBusy = true;
    const over = () => {
      this.#isBusy = false;
    };
    const { canUpdate } = await this.#world.backend.view().catch(() => ({ canUpdate: false }));
    if (canUpdate) return { [Symbol.dispose]: over };
    over();
    return declined('not-available', 'This box was not flashed from an image: its packages are updated by hand.');
  }
}

const sizeOf = (path: string): Promise<number | undefined> =>
  stat(path).then(
    ({ size }) => size,
    () => undefined,
  );
const declined = (why: UpdateDeclined['why'], text: string): UpdateDeclined => ({ kind: 'declined', why, text });
