import { rename } from 'node:fs/promises';
import { errorCode, errorText } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import { type AccessData, NOBODY_YET, parseAccess } from './access-data.ts';
import { ACCESS_LIMITS } from './limits.ts';
import { isRefusal, type Refusal, refusal } from './refusal.ts';
import { readSecretFile, writeSecretFile } from './secret-file.ts';

/**
 * The accounts and tokens, and the file that keeps them.
 *
 * Invariants: what is in memory is what is on the disk: a change counts only once it is written. A file that is there and cannot be
 * understood is `damaged`, never `new`: a stranger who finds the box like that must not become its administrator.
 */
export class Register {
  readonly #path: string;
  readonly #log: Log;
  #state: 'new' | 'ready' | 'damaged' = 'new';
  #data: AccessData = NOBODY_YET;
  #changes: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  private constructor(path: string, log: Log) {
    this.#path = path;
    this.#log = log;
  }

  static async open(path: string, log: Log): Promise<Register> {
    const register = new Register(path, log);
    try {
      const text = await readSecretFile(path, ACCESS_LIMITS.fileBytes);
      if (text === undefined) return register;
      const data = parseAccess(text);
      if ('damaged' in data) register.#damaged(data.damaged);
      else register.#keep(data);
    } catch (error) {
      register.#damaged(errorText(error));
    }
    return register;
  }

  /** `new`: nobody has an account yet. `damaged`: somebody has, but it cannot be told who. */
  get state(): 'new' | 'ready' | 'damaged' {
    return this.#state;
  }

  get data(): AccessData {
    return this.#data;
  }

  /** Resolves when what `step` makes of the data is on the disk; one change after the other. There must be accounts already. */
  change(step: (data: AccessData) => AccessData | Refusal): Promise<Refusal | undefined> {
    return this.#inTurn(() => (this.#state === 'ready' ? step(this.#data) : NOT_SET_UP));
  }

  /** Whatever there was is replaced. */
  async replace(data: AccessData, nowMs: number): Promise<Refusal | undefined> {
    return (await this.#moveAside(nowMs)) ?? this.#inTurn(() => data);
  }

  #inTurn(step: () => AccessData | Refusal): Promise<Refusal | undefined> {
    if (this.#waiting >= ACCESS_LIMITS.changesWaiting)
      return Promise.resolve(refusal('busy', 'Too many changes at once.', { waitMs: 1000 }));
    this.#waiting++;
    const done = this.#changes.then(async () => {
      this.#waiting--;
      const next = step();
      if (isRefusal(next)) return next;
      // Whoever is refused by what is written could lock everybody out at the next start.
      const again = parseAccess(JSON.stringify(next));
      if ('damaged' in again) throw new Error(`bug: accounts that could not be read again: ${again.damaged}`);
      return this.#write(next);
    });
    this.#changes = done.catch(() => {});
    return done;
  }

  /** As `change`, where there are no accounts: a damaged file is moved aside, and kept. */
  async begin(data: AccessData, nowMs: number): Promise<Refusal | undefined> {
    return (await this.#moveAside(nowMs)) ?? this.#inTurn(() => (this.#state === 'new' ? data : SET_UP));
  }

  async #moveAside(nowMs: number): Promise<Refusal | undefined> {
    if (this.#state !== 'damaged') return undefined;
    try {
      const aside = `${this.#path}.damaged-${nowMs}`;
      await rename(this.#path, aside);
      this.#log.warn('access-file-moved-aside', { to: aside });
    } catch (error) {
      if (errorCode(error) !== 'ENOENT') return notWritten(error);
    }
    this.#state = 'new';
    return undefined;
  }

  async #write(next: AccessData): Promise<Refusal | undefined> {
    try {
      await writeSecretFile(this.#path, `${JSON.stringify(next, null, 1)}\n`);
    } catch (error) {
      this.#log.error('access-not-written', { path: this.#path, why: errorText(error) });
      return notWritten(error);
    }
    this.#keep(next);
    return undefined;
  }

  #keep(data: AccessData): void {
    this.#data = data;
    this.#state = 'ready';
  }

  #damaged(why: string): void {
    this.#state = 'damaged';
    this.#log.error('access-file-damaged', {
      path: this.#path,
      why,
      do: 'nobody can sign in: put the file back from a backup and restart, or set up anew through the control socket',
    });
  }
}

const NOT_SET_UP = refusal('not-set-up', 'Nobody has an account yet: set the box up first.');
const SET_UP = refusal('already-set-up', 'There is an account already: sign in.');

function notWritten(error: unknown): Refusal {
  const isFull = ['ENOSPC', 'EDQUOT'].includes(errorCode(error) ?? '');
  return isFull
    ? refusal('disk-full', 'The disk with the data folder is full: nothing was changed.')
    : refusal('failed', 'The data folder cannot be written: nothing was changed. See the log.');
}
