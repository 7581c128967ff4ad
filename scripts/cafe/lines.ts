import { open, stat } from 'node:fs/promises';

/** Whole lines that a file gains from now on: each call gives those since the last. The file need not exist yet. */
export async function watchLines(path: string): Promise<() => Promise<string[]>> {
  let at = (await stat(path).catch(() => undefined))?.size ?? 0;
  let rest = '';
  return async () => {
    const size = (await stat(path).catch(() => undefined))?.size ?? 0;
    if (size <= at) return [];
    await using file = await open(path);
    const { bytesRead, buffer } = await file.read(Buffer.alloc(size - at), 0, size - at, at);
    at += bytesRead;
    const lines = (rest + buffer.subarray(0, bytesRead).toString()).split('\n');
    rest = lines.pop() ?? '';
    return lines;
  };
}
