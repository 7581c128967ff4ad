import { readFile, realpath, stat } from 'node:fs/promises';
import { deviceNumber } from '#base/device-number.ts';
import { allOf, type Found, LSBLK, parseBlkid, parseLsblk } from './block-tree.ts';
import { isDisk, type Look } from './disk-verdict.ts';
import { MACHINE_LIMITS } from './limits.ts';
import { mountAbove, parseMounts, parseSwaps } from './mounts.ts';
import type { Run } from './programs.ts';

/** Looks at all block devices as they are now. Rejects when the machine does not tell of them. `folders`: where pieces of this box lie. */
export async function lookAtDisks(run: Run, folders: readonly string[]): Promise<Look> {
  const listed = await run('lsblk', LSBLK, { timeoutMs: MACHINE_LIMITS.lookMs });
  if (!listed.ok) throw new Error(listed.why);
  const roots = parseLsblk(listed.output);
  const devices = [...allOf(roots)].filter(isDisk).map(({ path }) => path);
  const [found, mountinfo, swaps, numbers, paths] = await Promise.all([
    probe(run, devices),
    readFile('/proc/self/mountinfo', 'utf8'),
    readFile('/proc/swaps', 'utf8').catch(() => ''),
    Promise.all(folders.map(numberOf)),
    Promise.all(folders.map((folder) => realpath(folder).catch(() => folder))),
  ]);
  const mounts = parseMounts(mountinfo);
  // The number of a btrfs is no device's: the mount tells one of its devices.
  const sources = paths.map((path) => mountAbove(mounts, path)?.source);
  const used = new Set([...numbers, ...sources].flatMap((name) => name ?? []));
  return { roots, found, mounts, swaps: parseSwaps(swaps), used };
}

/** Each for itself: of several devices blkid passes over those behind one without anything on it. */
async function probe(run: Run, devices: readonly string[]): Promise<Map<string, Found>> {
  const all = new Map<string, Found>();
  for (const device of devices) {
    // 2: nothing was found. 8: more than one thing, which must not look like nothing.
    const args = ['--probe', '--output', 'udev', device];
    const ran = await run('blkid', args, { timeoutMs: MACHINE_LIMITS.lookMs, alsoStatus: [2, 8] });
    if (!ran.ok) throw new Error(ran.why);
    const found = parseBlkid(ran.output);
    if (found) all.set(device, found);
    else if (/ambivalent/i.test(ran.output)) all.set(device, { type: 'ambivalent' });
  }
  return all;
}

const numberOf = (folder: string): Promise<string | undefined> =>
  stat(folder).then(
    ({ dev }) => deviceNumber(dev),
    () => undefined,
  );
