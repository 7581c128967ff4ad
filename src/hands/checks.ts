import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { errorText } from '#base/errors.ts';
import { allOf, type BlockNode, LSBLK, parseLsblk } from '#machine/block-tree.ts';
import { lookAtDisks } from '#machine/disk-look.ts';
import { isDisk, type Look, mayFormat, mountsOf, systemDisks } from '#machine/disk-verdict.ts';
import { MACHINE_LIMITS } from '#machine/limits.ts';
import type { Run } from '#machine/programs.ts';
import type { Work } from './verbs.ts';

export type ChecksWorld = {
  readonly run: Run;
  /** `/usr/share/zoneinfo` */
  readonly zoneinfo: string;
  readonly leastBytes?: number | undefined;
};

/**
 * Why it is not done, by the machine as it is now; undefined: it is. Whoever asks may be anybody who has taken the daemon over: nothing that he says of a device is believed, and
 * the disk that carries the system is nobody's to change.
 */
export async function refusalOf(work: Work, world: ChecksWorld): Promise<string | undefined> {
  try {
    switch (work.kind) {
      case 'plain':
      case 'unmount':
        return undefined;
      case 'zone':
        return (await stat(join(world.zoneinfo, work.zone))).isFile() ? undefined : 'it is no time zone';
      case 'look':
        return (await disksNow(world.run)).some(({ path }) => path === work.device) ? undefined : 'it is no disk';
      case 'format':
        return formatRefusal(work.device, world);
      case 'mount':
        return mountRefusal(work, world);
    }
  } catch (error) {
    return errorText(error);
  }
}

async function disksNow(run: Run): Promise<BlockNode[]> {
  const listed = await run('lsblk', LSBLK, { timeoutMs: MACHINE_LIMITS.lookMs });
  if (!listed.ok) throw new Error(listed.why);
  return [...allOf(parseLsblk(listed.output))].filter(isDisk);
}

const nodeIn = (look: Look, device: string): BlockNode | undefined =>
  [...allOf(look.roots)].filter(isDisk).find(({ path }) => path === device);

async function formatRefusal(device: string, { run, leastBytes }: ChecksWorld): Promise<string | undefined> {
  const look = await lookAtDisks(run, []);
  const node = nodeIn(look, device);
  if (!node) return 'it is no disk';
  const mayBe = mayFormat(node, look, systemDisks(look), leastBytes ?? MACHINE_LIMITS.leastDiskBytes);
  return mayBe ? undefined : 'it is in use, the system’s, or too small';
}

async function mountRefusal(
  { device, type, uuid }: Extract<Work, { kind: 'mount' }>,
  { run }: ChecksWorld,
): Promise<string | undefined> {
  const look = await lookAtDisks(run, []);
  const node = nodeIn(look, device);
  const found = look.found.get(device);
  if (!node || found?.type !== type || found.uuid !== uuid) return 'it is no disk with that file system';
  if (systemDisks(look).has(device)) return 'it is the system’s';
  if (mountsOf(look, node).length > 0) return 'it is mounted already';
  return undefined;
}
