import { link, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errorText } from '#base/errors.ts';

/** Why something could not be written. Nothing that was there before is lost by it. */
export type WriteTrouble = { readonly why: 'disk-full' | 'failed'; readonly text: string };

const FULL = new Set(['ENOSPC', 'EDQUOT']);

export const troubleOf = (error: unknown): WriteTrouble => ({
  why: FULL.has((error as NodeJS.ErrnoException).code ?? '') ? 'disk-full' : 'failed',
  text: errorText(error),
});

/** What became of a name in the folder outlives a power cut only when the folder is synced, too. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/**
 * The file holds all of the new text, durably, or what it held before: written beside it, synced, renamed. Its permissions stay; a new
 * one has `mode`. Rejects when that failed; then nothing is left beside it.
 */
export async function replaceFile(path: string, text: string, mode = 0o600): Promise<void> {
  const beside = `${path}.new`;
  const before = await stat(path).catch(() => undefined);
  try {
    await rm(beside, { force: true }); // of a run that was killed; it may have other permissions
    const file = await open(beside, 'wx', mode);
    try {
      if (before) await file.chmod(before.mode & 0o777);
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(beside, path);
  } catch (error) {
    await rm(beside, { force: true }).catch(() => {});
    throw error;
  }
  await syncFolder(dirname(path));
}

/** Gone, durably; no harm when there was none. */
export async function removeFile(path: string): Promise<void> {
  await rm(path, { force: true });
  await syncFolder(dirname(path)).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
}

/**
 * Another name for the file as it is now: to be put back by a rename, which a full disk does not prevent. Where a file system knows no second names
 * (FAT), a copy. Rejects when neither can be had.
 */
export async function keepBeside(path: string, kept: string): Promise<void> {
  await rm(kept, { force: true });
  await link(path, kept).catch(async () => replaceFile(kept, await readFile(path, 'utf8')));
}

/** What `keepBeside` kept is the file again. */
export async function putBack(path: string, kept: string): Promise<void> {
  await rename(kept, path);
  await syncFolder(dirname(path));
}
