import { open, readFile, rename, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errorCode } from '#base/errors.ts';

/** Only the daemon's own user. */
const MODE = 0o600;

/**
 * Replaces a file by another text, whole or not at all, and on the disk when this resolves. A secret is never readable for others, not
 * even while it is written. Rejects with the system's error; the file before is then untouched. One writer at a time for a path.
 */
export async function writeSecretFile(path: string, text: string): Promise<void> {
  const draft = `${path}.new`;
  const file = await open(draft, 'w', MODE);
  try {
    // A draft that a crash left may have had another mode.
    await file.chmod(MODE);
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(draft, path);
  await syncFolder(dirname(path));
}

/** A rename or a removal is on the disk only when its folder is (fsync(2)). */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Undefined: there is none. Rejects when it cannot be read or is larger than `maxBytes`. */
export async function readSecretFile(path: string, maxBytes: number): Promise<string | undefined> {
  try {
    const { size } = await stat(path);
    if (size > maxBytes) throw new Error(`${path} has ${size} bytes, more than ever were written`);
    return await readFile(path, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
