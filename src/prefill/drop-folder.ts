import { lstat, mkdir, opendir, rename, rm, writeFile } from 'node:fs/promises';
import type { Clock } from '#base/clock.ts';
import { errorCode, errorText } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import { nameText } from '#wire/name-text.ts';
import { type DropKind, type Dropped, kindOf, mostBytes, readDropped, tooLarge } from './dropped-file.ts';
import { LIMITS } from './limits.ts';
import { readPlain } from './plain-file.ts';

/** What becomes of a dropped file. `later`: it stays where it is, and is looked at again. */
export type Verdict =
  | { readonly kind: 'taken' }
  | { readonly kind: 'refused'; readonly whys: readonly string[] }
  | { readonly kind: 'later'; readonly why: string };

export type DropWorld = {
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly log: Log;
  /** What the file asks for is wanted from now on, durably, when it is `taken`. The same file may come again. */
  take(dropped: Dropped): Verdict;
};

/** A file as it lay there when it was last looked at. */
type Seen = { readonly size: number; readonly mtimeMs: number; readonly sinceMs: number; notBeforeMs: number };
/** `name`: a character for each byte of it, whatever its encoding. */
type Found = { readonly name: string; readonly size: number; readonly mtimeMs: number; readonly ctimeMs: number };

/** Of a name's 255 bytes, the last ones: they leave room for a time and an ending. */
const NAME_BYTES = 230;

/**
 * A folder that others drop files into: each is read once it has been written, and moved to `taken/`, or to `refused/` with a text beside it that says why.
 * Invariant: a file leaves the folder only after what it asks for is on the list, or the reason is on the disk; no file of theirs is ever overwritten or deleted.
 */
export class DropFolder {
  readonly #path: string;
  readonly #world: DropWorld;
  #seen = new Map<string, Seen>();
  #told: string | undefined;

  constructor(path: string, world: DropWorld) {
    this.#path = path;
    this.#world = world;
  }

  /** To be called every other second, and not again before it resolves. Never rejects. */
  async look(): Promise<void> {
    try {
      for (const folder of ['', 'taken', 'refused']) await this.#ensure(folder);
      for (const file of this.#ready(await this.#list())) await this.#handle(file);
      this.#tell(undefined);
    } catch (error) {
      this.#tell(errorText(error));
    }
  }

  async #ensure(name: string): Promise<void> {
    const path = this.#at(name);
    await mkdir(path, { recursive: true, mode: 0o770 });
    if (!(await lstat(path)).isDirectory()) throw new Error(`${name} is no folder`);
  }

  async #list(): Promise<Found[]> {
    const found: Found[] = [];
    let entries = 0;
    for await (const { name } of await opendir(this.#path, { encoding: 'latin1' })) {
      if (++entries > LIMITS.entries || found.length >= LIMITS.files) break;
      if (name.startsWith('.')) continue;
      const at = await lstat(this.#at(name)).catch(() => undefined);
      if (at?.isDirectory() === false) found.push({ name, size: at.size, mtimeMs: at.mtimeMs, ctimeMs: at.ctimeMs });
    }
    return found;
  }

  /** Those that have been written, in the order in which they were dropped. */
  #ready(found: readonly Found[]): Found[] {
    const nowMs = this.#world.clock.nowMs();
    const seen = new Map<string, Seen>();
    for (const { name, size, mtimeMs } of found) {
      const before = this.#seen.get(name);
      const isSame = before?.size === size && before.mtimeMs === mtimeMs;
      seen.set(name, before && isSame ? before : { size, mtimeMs, sinceMs: nowMs, notBeforeMs: 0 });
    }
    this.#seen = seen;
    const isReady = ({ sinceMs, notBeforeMs }: Seen) => nowMs - sinceMs >= LIMITS.stillMs && nowMs >= notBeforeMs;
    return found
      .filter(({ name }) => isReady(seen.get(name) as Seen))
      .sort((a, b) => a.ctimeMs - b.ctimeMs || (a.name < b.name ? -1 : 1));
  }

  async #handle(file: Found): Promise<void> {
    const shown = nameText(Buffer.from(file.name, 'latin1'));
    const seen = this.#seen.get(file.name) as Seen;
    const nowMs = this.#world.clock.nowMs();
    try {
      const kind = kindOf(file.name);
      const verdict = await this.#judge(file, kind);
      if (verdict.kind === 'refused') {
        if (nowMs - seen.sinceMs < (kind ? LIMITS.uselessMs : LIMITS.strangeMs)) return;
        await this.#refuse(file.name, verdict.whys);
        this.#world.log.warn('prefill-refused', { file: shown, why: verdict.whys[0] });
      } else if (verdict.kind === 'taken') {
        await rename(this.#at(file.name), this.#at(`taken/${await this.#free(file.name, 'taken')}`));
        this.#world.log.info('prefill-taken', { file: shown });
      } else {
        throw new Error(verdict.why);
      }
    } catch (error) {
      // It stays, and nothing is lost.
      if (seen.notBeforeMs === 0) this.#world.log.warn('prefill-later', { file: shown, why: errorText(error) });
      seen.notBeforeMs = nowMs + LIMITS.againMs;
    }
  }

  async #judge(file: Found, kind: DropKind | undefined): Promise<Verdict> {
    if (!kind) return { kind: 'refused', whys: ['only files that end in .torrent or .magnet are taken'] };
    if (file.size > mostBytes(kind)) return { kind: 'refused', whys: [tooLarge(kind)] };
    const read = await readPlain(this.#at(file.name), mostBytes(kind));
    return 'why' in read ? { kind: 'refused', whys: [read.why] } : this.#world.take(readDropped(kind, read));
  }

  async #refuse(name: string, whys: readonly string[]): Promise<void> {
    const free = await this.#free(name, 'refused');
    const more = whys.length > LIMITS.whys ? [`and ${whys.length - LIMITS.whys} more`] : [];
    const text = [...whys.slice(0, LIMITS.whys), ...more].join('\n');
    const beside = this.#at(`refused/${free}.why`);
    try {
      await writeFile(beside, `${text}\n`, { flag: 'wx' });
      await rename(this.#at(name), this.#at(`refused/${free}`));
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') await rm(beside, { force: true });
      throw error;
    }
  }

  /** The name, or one with the time in front when there is such a file already, or words about one. */
  async #free(name: string, folder: 'taken' | 'refused'): Promise<string> {
    const short = name.slice(-NAME_BYTES);
    const isThere = (end: string) =>
      lstat(this.#at(`${folder}/${short}${end}`)).then(
        () => true,
        (error: unknown) => {
          if (errorCode(error) === 'ENOENT') return false;
          throw error;
        },
      );
    const isTaken = (await isThere('')) || (await isThere('.why'));
    return isTaken ? `${Math.round(this.#world.clock.nowMs())} ${short}` : short;
  }

  #at(name: string): Buffer {
    return Buffer.concat([Buffer.from(`${this.#path}/`), Buffer.from(name, 'latin1')]);
  }

  /** Trouble with the folder itself, once. */
  #tell(why: string | undefined): void {
    if (why === this.#told) return;
    this.#told = why;
    if (why) this.#world.log.error('prefill-folder', { path: this.#path, why });
  }
}
