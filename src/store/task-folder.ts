import { access, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errorCode } from '#base/errors.ts';
import { syncFolder } from './open-files.ts';

/** A folder of this name ending was given up; whatever is left of it is deleted at the next start. */
export const REMOVED = '.removed';
export const INFO_FILE = 'info';
export const LAYERS_FILE = 'layers';
export const LAYOUT_FILE = 'layout.json';

/** Whole and durable under its name, or not there at all: a temporary file, its sync, a rename, the folder's sync. */
export async function writeDurably(path: string, bytes: Uint8Array): Promise<void> {
  const temporary = `${path}.tmp`;
  const file = await open(temporary, 'w', 0o640);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
  await syncFolder(dirname(path));
}

/** The folder has its name from now on, durably. What had that name is in the way. */
export async function settleFolder(from: string, to: string): Promise<void> {
  await rename(from, to);
  await syncFolder(dirname(to));
}

/** Of a small file; undefined when there is none. */
export async function textOrNothing(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Renamed first, so that a torrent that comes back meanwhile starts from an empty folder. */
export async function removeFolder(path: string): Promise<void> {
  const gone = `${path}.${process.hrtime.bigint()}${REMOVED}`;
  try {
    await rename(path, gone);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return;
    throw error;
  }
  await rm(gone, { recursive: true, force: true });
}

/** One torrent's folder: made when the first byte arrives, refused when another layout made it. */
export class TaskFolder {
  readonly path: string;
  readonly #layoutText: string;
  #ready: Promise<void> | undefined;

  constructor(path: string, layoutText: string) {
    this.path = path;
    this.#layoutText = layoutText;
  }

  /** Makes what is missing. Rejects with a system error, or when the pieces in there lie at other places than ours. */
  ready(): Promise<void> {
    this.#ready ??= this.#make().catch((error: unknown) => {
      this.#ready = undefined;
      throw error;
    });
    return this.#ready;
  }

  exists(): Promise<boolean> {
    return there(this.path);
  }

  async write(name: string, bytes: Uint8Array): Promise<void> {
    await this.ready();
    await writeDurably(join(this.path, name), bytes);
  }

  remove(): Promise<void> {
    return removeFolder(this.path);
  }

  async #make(): Promise<void> {
    // Not recursive: when the disk was unmounted, its pieces must not grow on the disk below.
    await mkdir(this.path, { mode: 0o750 }).catch((error: unknown) => {
      if (errorCode(error) !== 'EEXIST') throw error;
    });
    const path = join(this.path, LAYOUT_FILE);
    const found = await readFile(path, 'utf8').catch((error: unknown) => {
      if (errorCode(error) === 'ENOENT') return undefined;
      throw error;
    });
    if (found === undefined) await writeDurably(path, Buffer.from(this.#layoutText));
    else if (!saysTheSame(found, this.#layoutText))
      throw new Error(`${path} is of another layout: remove its folder, or run the version that wrote it`);
    await syncFolder(dirname(this.path));
  }
}

/** All that `ours` says stands in `found`, too: pieces lie at the same places. A later version may say more there. */
function saysTheSame(found: string, ours: string): boolean {
  if (found === ours) return true;
  try {
    const said = (JSON.parse(found) ?? {}) as Record<string, unknown>;
    return Object.entries(JSON.parse(ours) as object).every(([key, value]) => said[key] === value);
  } catch {
    return false;
  }
}

async function there(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false;
    throw error;
  }
}
