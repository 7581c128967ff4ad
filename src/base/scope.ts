import { isAbort } from './errors.ts';

/**
 * The owner of everything asynchronous that a part starts: closing it aborts the signal, waits for every child and
 * releases what was deferred, last first. A child that fails is told to `onError` once; it does not take the owner down.
 */
export class Scope implements AsyncDisposable {
  readonly #abort = new AbortController();
  readonly #children = new Set<Promise<void>>();
  readonly #deferred: (() => void | Promise<void>)[] = [];
  readonly #onError: (error: unknown) => void;
  #closing: Promise<void> | undefined;
  #isReleased = false;

  constructor(onError: (error: unknown) => void, parent?: Scope) {
    this.#onError = onError;
    if (parent) {
      const close = () => this.close();
      parent.defer(close);
      this.#deferred.push(() => {
        const at = parent.#deferred.indexOf(close);
        if (at >= 0 && !parent.closed) parent.#deferred.splice(at, 1);
      });
    }
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  get closed(): boolean {
    return this.#closing !== undefined;
  }

  /** Runs `work` as a child. Its abort error is expected; any other goes to `onError`. */
  run(work: (signal: AbortSignal) => Promise<void>): void {
    if (this.closed) return;
    const child = work(this.signal).catch((error: unknown) => {
      if (!(this.closed && isAbort(error))) this.#onError(error);
    });
    this.#children.add(child);
    void child.then(() => this.#children.delete(child));
  }

  /** Calls `tick` every `ms` until the scope closes. The timer does not keep the process alive. */
  every(ms: number, tick: () => void): void {
    const timer = setInterval(() => {
      try {
        tick();
      } catch (error) {
        this.#onError(error);
      }
    }, ms);
    timer.unref();
    this.defer(() => clearInterval(timer));
  }

  /** Released when the scope closes, last deferred first; at once when it has. */
  defer(release: () => void | Promise<void>): void {
    this.#deferred.push(release);
    if (this.#isReleased) void this.#release();
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#abort.abort();
    await this.#release();
    await Promise.all(this.#children);
  }

  async #release(): Promise<void> {
    for (let release = this.#deferred.pop(); release; release = this.#deferred.pop()) {
      try {
        await release();
      } catch (error) {
        this.#onError(error);
      }
    }
    this.#isReleased = true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
