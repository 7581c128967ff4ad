import { errorText } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import { ACCESS_LIMITS } from './limits.ts';
import { writeSecretFile } from './secret-file.ts';

/**
 * A file for what is handy to have after a restart and no harm to lose: written some time after it changed, many changes at once. A disk
 * that is full costs a log line, not the sign-in.
 */
export class LazyFile {
  readonly #path: string;
  readonly #text: () => string;
  readonly #log: Log;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();
  #isDirty = false;
  #isClosed = false;

  /** `text` is what is to be written, asked when it is written. */
  constructor(path: string, text: () => string, log: Log) {
    this.#path = path;
    this.#text = text;
    this.#log = log;
  }

  /** Something changed. */
  touch(): void {
    this.#isDirty = true;
    if (this.#isClosed) return;
    this.#timer ??= setTimeout(() => void this.flush(), ACCESS_LIMITS.lazyMs);
    this.#timer.unref();
  }

  /** Resolves when all that was told so far is written, or cannot be. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#writing = this.#writing.then(() => this.#write());
    return this.#writing;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.flush();
  }

  async #write(): Promise<void> {
    if (!this.#isDirty) return;
    this.#isDirty = false;
    await writeSecretFile(this.#path, this.#text()).catch((error: unknown) => {
      this.#isDirty = true;
      this.#log.warn('access-notes-not-written', { path: this.#path, why: errorText(error) });
    });
  }
}
