import { readFile } from 'node:fs/promises';
import { allOf, type BlockNode } from './block-tree.ts';
import { lookAtDisks } from './disk-look.ts';
import { type Look, mayFormat, systemDisks } from './disk-verdict.ts';
import { MACHINE_LIMITS } from './limits.ts';
import type { Run } from './programs.ts';

/** What tells one device from another that took its name since. */
export type Identity = string;

/** The kernel counts devices (sysfs `diskseq`, Linux 5.15): one that was pulled and put back is another. */
export async function identityOf({ path, number, sizeBytes, model, serial }: BlockNode, look: Look): Promise<Identity> {
  const folder = `/sys/dev/block/${number}`;
  const sequence = await Promise.any(
    [`${folder}/diskseq`, `${folder}/../diskseq`].map((file) => readFile(file, 'latin1')),
  ).catch(() => '');
  const { type, uuid } = look.found.get(path) ?? {};
  return JSON.stringify([path, number, sizeBytes, model, serial, sequence.trim(), type, uuid]);
}

/** Nothing kept for root; an inode for each MiB, as files are of 32; -F once: a whole disk is no question, a mounted one still is. */
export const MKFS = ['-q', '-F', '-m', '0', '-T', 'largefile', '-L', 'swarmbox', '-E', 'lazy_itable_init=1'] as const;

export type FormatWorld = { readonly run: Run; readonly folders: () => readonly string[]; readonly leastBytes: number };

/**
 * Makes an empty ext4 of the whole device. Looks again right before: whoever asked for it did so of a device as it was then.
 * Returns what was in the way, or nothing.
 */
export async function format(device: string, identity: Identity, world: FormatWorld): Promise<string | undefined> {
  const look = await lookAtDisks(world.run, world.folders());
  const node = [...allOf(look.roots)].find(({ path }) => path === device);
  if (!node || (await identityOf(node, look)) !== identity) return `${device} is not the device that it was`;
  if (!mayFormat(node, look, systemDisks(look), world.leastBytes)) return `${device} is in use`;
  // Without --force: a device that somebody has open for himself is refused here. A left-over signature would make it two things at once.
  const wiped = await world.run('wipefs', ['--all', device], { timeoutMs: MACHINE_LIMITS.changeMs });
  if (!wiped.ok) return wiped.why;
  const made = await world.run('mkfs.ext4', [...MKFS, device], { timeoutMs: MACHINE_LIMITS.formatMs });
  return made.ok ? undefined : made.why;
}
