import { mkdir, open, rename, rm, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { UPDATE_LIMITS } from './limits.ts';

export type Received =
  | { readonly kind: 'received'; readonly bytes: number }
  | { readonly kind: 'failed'; readonly why: 'too-large' | 'disk-full' | 'cut-short' | 'empty' };

export type ReceiveLimits = {
  readonly bundleBytes: number;
  readonly floorBytes: number;
  readonly lookAgainBytes: number;
};

/**
 * Writes what comes to `path`, whole and durable, or leaves nothing. `totalBytes`: what the sender said; less than that is no bundle.
 * Rejects with the signal's reason, and with the sender's and the disk's own trouble.
 */
export async function receive(
  from: AsyncIterable<Uint8Array>,
  totalBytes: number | undefined,
  path: string,
  progress: (bytes: number) => void,
  signal: AbortSignal,
  limits: ReceiveLimits = UPDATE_LIMITS,
): Promise<Received> {
  const folder = dirname(path);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  if ((totalBytes ?? 0) > limits.bundleBytes) return { kind: 'failed', why: 'too-large' };
  if ((await roomIn(folder)) < (totalBytes ?? 0) + limits.floorBytes) return { kind: 'failed', why: 'disk-full' };
  const part = `${path}.part`;
  try {
    const written = await write(from, part, folder, progress, signal, limits);
    if (typeof written === 'string') return { kind: 'failed', why: written };
    if (written === 0) return { kind: 'failed', why: 'empty' };
    if (totalBytes !== undefined && written !== totalBytes) return { kind: 'failed', why: 'cut-short' };
    await rename(part, path);
    await syncFolder(folder);
    return { kind: 'received', bytes: written };
  } finally {
    await rm(part, { force: true });
  }
}

async function write(
  from: AsyncIterable<Uint8Array>,
  part: string,
  folder: string,
  progress: (bytes: number) => void,
  signal: AbortSignal,
  limits: ReceiveLimits,
): Promise<number | 'too-large' | 'disk-full'> {
  const file = await open(part, 'w', 0o600);
  try {
    let bytes = 0;
    let lookAt = limits.lookAgainBytes;
    for await (const chunk of from) {
      signal.throwIfAborted();
      bytes += chunk.length;
      if (bytes > limits.bundleBytes) return 'too-large';
      if (bytes >= lookAt) {
        if ((await roomIn(folder)) < limits.floorBytes) return 'disk-full';
        lookAt = bytes + limits.lookAgainBytes;
      }
      await file.appendFile(chunk);
      progress(bytes);
    }
    signal.throwIfAborted();
    await file.sync();
    return bytes;
  } finally {
    await file.close();
  }
}

const roomIn = async (folder: string): Promise<number> => {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
};

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
