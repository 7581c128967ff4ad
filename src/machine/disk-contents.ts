import { access, readdir, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { type BlockNode, shown } from './block-tree.ts';
import { type Look, mountsOf } from './disk-verdict.ts';
import { MACHINE_LIMITS } from './limits.ts';
import type { Run } from './programs.ts';

/** What is on a device, in short. `root`: the folder on it whose `swarmbox/` has pieces, from the top of the file system. */
export type Contents = {
  readonly holds: readonly string[];
  readonly root?: '' | 'swarmbox';
  readonly freeBytes?: number;
};

const MARKER = 'swarmbox/disk.json';

export async function contentsOf(node: BlockNode, look: Look, run: Run): Promise<Contents> {
  const parts = node.children.filter(({ type }) => type === 'part');
  if (parts.length > 0) return { holds: parts.slice(0, MACHINE_LIMITS.holds).map((part) => partText(part, look)) };
  const mount = mountsOf(look, node).find(({ root }) => root === '/') ?? mountsOf(look, node)[0];
  if (mount) return mountedContents(mount.at);
  return look.found.get(node.path)?.type === 'ext4' ? unmountedContents(node.path, run) : { holds: [] };
}

function partText({ path }: BlockNode, look: Look): string {
  const { type, label } = look.found.get(path) ?? {};
  return [path, type, label && `"${label}"`].filter(Boolean).join(' ');
}

export async function mountedContents(at: string): Promise<Contents> {
  const [names, free] = await Promise.all([
    readdir(at).catch(() => []),
    statfs(at).then(
      ({ bavail, bsize }) => bavail * bsize,
      () => undefined,
    ),
  ]);
  const root = (await isThere(join(at, MARKER)))
    ? ''
    : (await isThere(join(at, 'swarmbox', MARKER)))
      ? 'swarmbox'
      : undefined;
  return {
    holds: shortened(names),
    ...(root !== undefined && { root }),
    ...(free !== undefined && { freeBytes: free }),
  };
}

/** Read through e2fsprogs, so that nothing has to be mounted to know what would be lost. */
async function unmountedContents(device: string, run: Run): Promise<Contents> {
  const listed = async (folder: string): Promise<string[]> => {
    const ran = await run('debugfs', ['-R', `ls -p ${folder}`, device], { timeoutMs: MACHINE_LIMITS.lookMs });
    return ran.ok ? namesIn(ran.output) : [];
  };
  const top = await listed('/');
  const below = top.includes('swarmbox') ? await listed('/swarmbox') : [];
  const deeper = below.includes('swarmbox') ? await listed('/swarmbox/swarmbox') : [];
  const root = below.includes('disk.json') ? '' : deeper.includes('disk.json') ? 'swarmbox' : undefined;
  return { holds: shortened(top), ...(root !== undefined && { root }) };
}

/** Lines such as `/12/040755/0/0/lost+found/`: inode, mode, owner, group, name, size. */
export const namesIn = (output: string): string[] =>
  Buffer.from(output, 'latin1')
    .toString('utf8')
    .split('\n')
    .flatMap((line) => /^\/\d+\/\d+\/\d+\/\d+\/([^/]+)\/\d*\/?$/.exec(line)?.[1] ?? [])
    .filter((name) => name !== '.' && name !== '..');

const shortened = (names: readonly string[]): string[] =>
  names
    .flatMap((name) => (name === 'lost+found' ? [] : (shown(name) ?? [])))
    .sort()
    .slice(0, MACHINE_LIMITS.holds);

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
