import { createHash } from 'node:crypto';
import { lstat, opendir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '#base/clock.ts';
import { errorText } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import type { Scope } from '#base/scope.ts';
import type { FleetBook } from '#index/fleet-book.ts';
import { PublishError } from './publishing.ts';

export type WatchingWorld = {
  readonly folder: string;
  readonly settleMs: number;
  readonly book: FleetBook;
  readonly clock: Clock;
  readonly log: Log;
  readonly scope: Scope;
  /** As somebody who asks for it at the desk: what is distributed already is not again. */
  publish(path: string): Promise<unknown>;
  /** It cannot be distributed. */
  failed(name: string, why: string): void;
};

/** What is at the top of the folder: more than that is for a person to sort. */
const ENTRIES_MAX = 1_000;
/** Files of one entry that are looked at: one with more cannot be published either. */
const FILES_MAX = 100_000;
const LOOK_MS = [100, 5_000] as const;
/** Looking takes no more than a tenth of the time, however much lies there. */
const SHARE = 10;
const FACT = 'watched';

const isTemporary = (name: string): boolean => /^[~]|~$|\.(part|crdownload)$/i.test(name);
/** Not to be published, or not yet. */
const isLeft = (name: string): boolean => name.startsWith('.') || isTemporary(name);

/**
 * Publishes what appears at the top of a folder, a file or a folder, once it is still. How each entry looked when it was published - names, sizes, times - is in the book, so after a restart nothing is even
 * read again; and whether its bytes were distributed already is decided by their hash, when it is published. Invariant: what is published did not change from before it was read until after.
 */
export class Watching {
  readonly #world: WatchingWorld;
  /** How each entry looks, and since when. */
  readonly #seen = new Map<string, { readonly mark: string; readonly sinceMs: number }>();
  /** As it looked when it could not be published: to be tried again when it has changed. */
  readonly #refused = new Map<string, string>();
  #isOver = false;

  constructor(world: WatchingWorld) {
    this.#world = world;
  }

  /** Looks until the scope ends. */
  start(): void {
    const { scope, clock, settleMs, log, folder } = this.#world;
    const [least, most] = LOOK_MS;
    const everyMs = Math.max(least, Math.min(most, settleMs / 2));
    scope.run(async (signal) => {
      let why: string | undefined;
      while (!signal.aborted) {
        const beganMs = clock.nowMs();
        try {
          await this.look(signal);
          why = undefined;
        } catch (error) {
          // Said once: it may be a disk that is not plugged in.
          if (why !== errorText(error)) log.error('watched folder not read', { folder, why: errorText(error) });
          why = errorText(error);
        }
        await clock.sleep(Math.max(everyMs, SHARE * (clock.nowMs() - beganMs)), signal);
      }
    });
  }

  /** Once. Rejects when the folder cannot be read. */
  async look(signal: AbortSignal): Promise<void> {
    const { folder, settleMs, clock, log } = this.#world;
    const all = (await readdir(folder)).filter((name) => !isLeft(name)).sort();
    if (all.length > ENTRIES_MAX !== this.#isOver)
      log.warn('watched folder', { folder, entries: all.length, most: ENTRIES_MAX });
    this.#isOver = all.length > ENTRIES_MAX;
    const names = all.slice(0, ENTRIES_MAX);
    for (const known of [this.#seen, this.#refused])
      for (const name of known.keys()) if (!names.includes(name)) known.delete(name);
    for (const name of names) {
      if (signal.aborted) return;
      const mark = await markOf(join(folder, name));
      const nowMs = clock.nowMs();
      const before = this.#seen.get(name);
      if (mark === undefined) this.#seen.delete(name);
      else if (before?.mark !== mark) this.#seen.set(name, { mark, sinceMs: nowMs });
      else if (nowMs - before.sinceMs >= settleMs) await this.#settled(name, mark, names);
    }
  }

  async #settled(name: string, mark: string, names: readonly string[]): Promise<void> {
    const { folder, log, publish, failed } = this.#world;
    if (this.#published()[name] === mark || this.#refused.get(name) === mark) return;
    const path = join(folder, name);
    try {
      const id = await publish(path);
      log.info('watched entry', { name, id: String(id) });
    } catch (error) {
      // It changed meanwhile: when it is still again it is another try.
      if ((await markOf(path)) !== mark) return;
      this.#refused.set(name, mark);
      log.warn('watched entry not published', { name, why: errorText(error) });
      if (error instanceof PublishError) failed(name, error.message);
      return;
    }
    if ((await markOf(path)) === mark) this.#keep(name, mark, names);
  }

  #published(): Record<string, string> {
    return JSON.parse(this.#world.book.fact(FACT) ?? '{}') as Record<string, string>;
  }

  /** What has gone from the folder is forgotten. */
  #keep(name: string, mark: string, names: readonly string[]): void {
    const kept = Object.entries(this.#published()).filter(([known]) => names.includes(known));
    this.#world.book.setFact(FACT, JSON.stringify({ ...Object.fromEntries(kept), [name]: mark }));
  }
}

/** How a file, or all of a folder, looks without being read; undefined: it is not there, or something in it is still being written. */
async function markOf(path: string): Promise<string | undefined> {
  const sum = createHash('sha256');
  const looks: string[] = [];
  const look = async (at: string, shown: string): Promise<boolean> => {
    const { size, mtimeMs, ctimeMs, ino } = await lstat(at);
    looks.push(JSON.stringify([shown, size, mtimeMs, ctimeMs, ino]));
    return looks.length <= FILES_MAX;
  };
  const walk = async (at: string, shown: string): Promise<boolean> => {
    for await (const entry of await opendir(at)) {
      const [inner, innerShown] = [join(at, entry.name), `${shown}/${entry.name}`];
      if (isTemporary(entry.name)) return false;
      if (entry.isDirectory() ? !(await walk(inner, innerShown)) : !(await look(inner, innerShown))) return false;
    }
    return true;
  };
  try {
    const isFolder = (await lstat(path)).isDirectory();
    if (!(isFolder ? await walk(path, '') : await look(path, ''))) return undefined;
  } catch {
    return undefined;
  }
  for (const line of looks.sort()) sum.update(line);
  return sum.digest('hex');
}
