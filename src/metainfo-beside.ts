import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { InfoHash } from '#base/units.ts';
import { STORE_LIMITS } from '#store/limits.ts';
import { INFO_FILE, LAYERS_FILE } from '#store/task-folder.ts';

/**
 * What the store wrote beside a torrent's pieces, from the first of these disks that has it. Nothing is compared with any
 * hash. Undefined when none has it, or none can be read.
 */
export async function metainfoBeside(
  dataDirs: readonly string[],
  infoHash: InfoHash,
): Promise<{ info: Buffer; layers: Buffer | undefined } | undefined> {
  for (const dataDir of dataDirs) {
    const folder = join(dataDir, 'swarmbox', infoHash);
    const info = await fileAt(join(folder, INFO_FILE), STORE_LIMITS.infoBytes);
    if (info) return { info, layers: await fileAt(join(folder, LAYERS_FILE), STORE_LIMITS.layersBytes) };
  }
  return undefined;
}

async function fileAt(path: string, limitBytes: number): Promise<Buffer | undefined> {
  try {
    return (await stat(path)).size <= limitBytes ? await readFile(path) : undefined;
  } catch {
    return undefined;
  }
}
