import { randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { deviceNumber } from '#base/device-number.ts';
import { errorCode } from '#base/errors.ts';
import { syncFolder } from './open-files.ts';
import { writeDurably } from './task-folder.ts';

/** How a disk moves to what it reads: an arm, or none. Unknown where the kernel does not say (a memory or network file system). */
export type DiskKind = 'hdd' | 'ssd' | 'unknown';

/** What the box keeps on a disk about the disk. `writeMBps`: measured once, when it was adopted; 0: not measured. */
export type Marker = { readonly id: string; readonly writeMBps: number };

/** Everything of ours on a disk lies in here. */
export const ROOT = 'swarmbox';
export const MARKER_FILE = 'disk.json';
const MARKER_VERSION = 1;

/** Undefined when the folder was never adopted, or when nothing is mounted there. Rejects when the disk does not answer. */
export async function readMarker(path: string): Promise<Marker | undefined> {
  let text: string;
  try {
    text = await readFile(join(path, ROOT, MARKER_FILE), 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
  const said = JSON.parse(text) as { version?: unknown; id?: unknown; writeMBps?: unknown };
  if (said.version !== MARKER_VERSION || typeof said.id !== 'string')
    throw new Error(`${path} was adopted by another version of the box`);
  return { id: said.id, writeMBps: typeof said.writeMBps === 'number' ? said.writeMBps : 0 };
}

/** Makes the folder a disk of the box; its speed is measured with a file of `probeBytes`, which is removed again. */
export async function adopt(path: string, probeBytes: number): Promise<Marker> {
  const root = join(path, ROOT);
  await mkdir(root, { mode: 0o750 }).catch((error: unknown) => {
    if (errorCode(error) !== 'EEXIST') throw error;
  });
  await syncFolder(path);
  const marker = { id: randomUUID(), writeMBps: probeBytes > 0 ? await writeSpeed(root, probeBytes) : 0 };
  await writeDurably(
    join(root, MARKER_FILE),
    Buffer.from(`${JSON.stringify({ version: MARKER_VERSION, ...marker })}\n`),
  );
  return marker;
}

async function writeSpeed(root: string, bytes: number): Promise<number> {
  const path = join(root, 'probe.tmp');
  const file = await open(path, 'w', 0o600);
  try {
    // Not zeros, which some file systems do not write.
    const data = Buffer.alloc(bytes, 0xa5);
    const begin = performance.now();
    await file.write(data);
    await file.datasync();
    return Math.round(bytes / 1e3 / Math.max(1, performance.now() - begin));
  } catch (error) {
    if (errorCode(error) === 'ENOSPC') return 0;
    throw error;
  } finally {
    await file.close();
    await rm(path, { force: true });
  }
}

/** Of the device that a folder lies on (sysfs `queue/rotational`). */
export async function kindOf(path: string): Promise<DiskKind> {
  const { dev } = await stat(path);
  const device = `/sys/dev/block/${deviceNumber(dev)}`;
  // A partition has no queue of its own: its disk is the folder above.
  for (const queue of [`${device}/queue`, `${device}/../queue`]) {
    const rotational = await readFile(`${queue}/rotational`, 'latin1').catch(() => undefined);
    if (rotational !== undefined) return rotational.trim() === '1' ? 'hdd' : 'ssd';
  }
  return 'unknown';
}

/** Where the marker of an adopted folder lies, on which device: another one there means that the disk is not the one that it was. */
export async function whereabouts(path: string): Promise<string | undefined> {
  try {
    const { dev, ino } = await stat(join(path, ROOT, MARKER_FILE));
    return `${dev}:${ino}`;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
