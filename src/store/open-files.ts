import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { writeAll } from '#base/whole-io.ts';
import { Gate } from './gate.ts';
import { GroupSync } from './group-sync.ts';
import { STORE_LIMITS } from './limits.ts';

/** 'write' creates the file when it is missing, 'read' never does. */
export type OpenMode = 'read' | 'write';

/** Makes names in a folder durable: fdatasync of a new file does not promise that its name survives (fsync(2)). */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** How many threads a disk that hangs can take with it. */
type Gates = { readonly syncs: Gate; readonly writes: Gate };

type Write = {
  readonly parts: readonly Buffer[];
  readonly offset: number;
  readonly lengthBytes: number;
  resolve(): void;
  reject(error: unknown): void;
};

/** Takes the write that has waited longest, and those that follow or precede it without a gap, in the order of the file. */
export function takeRun<W extends Pick<Write, 'offset' | 'lengthBytes'>>(waiting: W[]): W[] {
  const run = waiting.splice(0, 1);
  let bytes = run[0]?.lengthBytes ?? 0;
  for (let i = 0; i < waiting.length; ) {
    const write = waiting[i] as W;
    const [first, last] = [run[0] as W, run[run.length - 1] as W];
    const follows = write.offset === last.offset + last.lengthBytes;
    const precedes = write.offset + write.lengthBytes === first.offset;
    if (!(follows || precedes) || bytes + write.lengthBytes > STORE_LIMITS.runBytes) {
      i++;
      continue;
    }
    waiting.splice(i, 1);
    if (follows) run.push(write);
    else run.unshift(write);
    bytes += write.lengthBytes;
    i = 0;
  }
  return run;
}

export class OpenFile {
  readonly handle: FileHandle;
  readonly #gates: Gates;
  readonly #group: GroupSync;
  #broken: { error: unknown } | undefined;
  readonly #waiting: Write[] = [];
  #isWriting = false;
  #nameIsDurable = false;

  constructor(path: string, handle: FileHandle, gates: Gates, onBroken: () => void) {
    this.handle = handle;
    this.#gates = gates;
    this.#group = new GroupSync(async () => {
      try {
        using _turn = await gates.syncs.enter();
        await handle.datasync();
        if (!this.#nameIsDurable) await syncFolder(dirname(path));
        this.#nameIsDurable = true;
      } catch (error) {
        this.#broken ??= { error };
        onBroken();
      }
    });
  }

  /** Writes all of it or throws. What waits meanwhile and lies beside it goes in one call. */
  write(parts: readonly Buffer[], offset: number): Promise<void> {
    const lengthBytes = parts.reduce((sum, part) => sum + part.length, 0);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waiting.push({ parts, offset, lengthBytes, resolve, reject });
    if (!this.#isWriting) void this.#writeWaiting();
    return promise;
  }

  async #writeWaiting(): Promise<void> {
    this.#isWriting = true;
    try {
      while (this.#waiting.length > 0) {
        using _turn = await this.#gates.writes.enter();
        await this.#writeRun(takeRun(this.#waiting));
      }
    } finally {
      this.#isWriting = false;
    }
  }

  async #writeRun(run: readonly Write[]): Promise<void> {
    const parts = run.flatMap((write) => write.parts);
    try {
      await writeAll(this.handle, parts, run[0]?.offset ?? 0);
      for (const { resolve } of run) resolve();
    } catch (error) {
      // The disk may still have room, or sound sectors, for some.
      if (run.length > 1) for (const write of run) await this.#writeRun([write]);
      else run[0]?.reject(error);
    }
  }

  /**
   * Resolves when everything written through this file before the call is durable. After a failed sync Linux forgets
   * which pages were lost and the next sync succeeds, so one failure condemns all who wrote through this opening.
   */
  async durable(): Promise<void> {
    await this.#group.wait();
    if (this.#broken) throw this.#broken.error;
  }
}

type Entry = { readonly path: string; readonly file: Promise<OpenFile>; users: number; doomed: boolean };

/**
 * Open segment files, the most recently used ones. A file in use is never closed; since the gates of the store admit
 * fewer users than `limit`, there is always one to close.
 */
export class OpenFiles {
  readonly #limit: number;
  readonly #entries = new Map<string, Entry>();
  readonly #closing = new Set<Promise<void>>();
  readonly #gates: Gates = {
    syncs: new Gate(STORE_LIMITS.syncsAtOnce, STORE_LIMITS.openFiles),
    writes: new Gate(STORE_LIMITS.writeCallsAtOnce, STORE_LIMITS.writesAtOnce),
  };

  constructor(limit: number = STORE_LIMITS.openFiles) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#entries.size;
  }

  async use<T>(path: string, mode: OpenMode, work: (file: OpenFile) => Promise<T>): Promise<T> {
    // One opening for each mode: a reader's ENOENT must not be the answer to a writer who would have created the file.
    const key = `${mode} ${path}`;
    const entry = this.#entries.get(key) ?? this.#open(path, mode, key);
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    entry.users++;
    this.#trim();
    try {
      return await work(await entry.file);
    } finally {
      entry.users--;
      if (entry.doomed && entry.users === 0) this.#close(entry);
    }
  }

  /** Closes what lies under `folder`; what is in use closes when its user has done. */
  async forget(folder: string): Promise<void> {
    for (const [key, entry] of this.#entries) if (entry.path.startsWith(folder)) this.#doom(key, entry);
    await Promise.all(this.#closing);
  }

  close(): Promise<void> {
    return this.forget('');
  }

  #open(path: string, mode: OpenMode, key: string): Entry {
    const flags = mode === 'write' ? constants.O_RDWR | constants.O_CREAT : constants.O_RDONLY;
    const drop = () => {
      if (this.#entries.get(key) === entry) this.#doom(key, entry);
    };
    const file = open(path, flags, 0o640).then((handle) => new OpenFile(path, handle, this.#gates, drop));
    const entry: Entry = { path, file, users: 0, doomed: false };
    file.catch(drop);
    return entry;
  }

  #trim(): void {
    for (const [key, entry] of this.#entries) {
      if (this.#entries.size <= this.#limit) return;
      if (entry.users === 0) this.#doom(key, entry);
    }
  }

  #doom(key: string, entry: Entry): void {
    this.#entries.delete(key);
    entry.doomed = true;
    if (entry.users === 0) this.#close(entry);
  }

  #close(entry: Entry): void {
    // An opening that failed has nothing to close, and a close that fails loses nothing: durable() came before.
    const closed = entry.file.then((file) => file.handle.close()).catch(() => {});
    this.#closing.add(closed);
    void closed.then(() => this.#closing.delete(closed));
  }
}
