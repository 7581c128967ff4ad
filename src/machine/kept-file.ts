import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errorCode } from '#base/errors.ts';
import { MACHINE_LIMITS } from './limits.ts';

/** The text of a small file; undefined when there is none, or when it is larger than it may be. */
export async function textIn(path: string): Promise<string | undefined> {
  try {
    return (await stat(path)).size <= MACHINE_LIMITS.keptBytes ? await readFile(path, 'utf8') : undefined;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** What a JSON file of ours says; undefined when it says nothing that can be read. */
export async function jsonIn(path: string): Promise<unknown> {
  try {
    return JSON.parse((await textIn(path)) ?? 'null') ?? undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Whole and durable under its name, or as it was before: also when the power goes meanwhile. */
export async function writeKept(path: string, text: string, mode = 0o640): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o755 });
  const temporary = `${path}.tmp`;
  const file = await open(temporary, 'w', mode);
  try {
    // Whatever the umask says.
    await file.chmod(mode);
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
  await syncFolder(dirname(path));
}

export async function removeKept(path: string): Promise<void> {
  await rm(path, { force: true });
  await syncFolder(dirname(path)).catch((error: unknown) => {
    if (errorCode(error) !== 'ENOENT') throw error;
  });
}

export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
