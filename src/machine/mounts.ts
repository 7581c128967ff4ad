import { MACHINE_LIMITS } from './limits.ts';

/** One line of mountinfo (proc_pid_mountinfo(5)). */
export type Mount = {
  /** `8:17` */
  readonly device: string;
  /** What of the file system is mounted: `/`, unless it is a bind mount or a subvolume. */
  readonly root: string;
  readonly at: string;
  readonly type: string;
  readonly source: string;
  readonly readOnly: boolean;
};

export function parseMounts(mountinfo: string): Mount[] {
  return mountinfo
    .slice(0, MACHINE_LIMITS.procBytes)
    .split('\n')
    .flatMap((line) => {
      const [left = '', right = ''] = line.split(' - ');
      const [, , device, root, at, options] = left.split(' ');
      const [type, source, superOptions] = right.split(' ');
      if (!device || !root || !at || !options || !type || source === undefined) return [];
      const readOnly = [options, superOptions ?? ''].some((all) => all.split(',').includes('ro'));
      return [{ device, root: plain(root), at: plain(at), type, source: plain(source), readOnly }];
    });
}

/** The kernel writes space, tab, line feed and backslash as `\040` and so on. */
const plain = (text: string): string =>
  text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8) & 0xff));

/** The mount that a path lies in: of those above it the longest, of these the last. */
export function mountAbove(mounts: readonly Mount[], path: string): Mount | undefined {
  let best: Mount | undefined;
  for (const mount of mounts) {
    const above = mount.at === '/' || path === mount.at || path.startsWith(`${mount.at}/`);
    if (above && mount.at.length >= (best?.at.length ?? 0)) best = mount;
  }
  return best;
}

/** Devices, by path, that the kernel swaps to (proc_swaps(5)). */
export const parseSwaps = (text: string): string[] =>
  text
    .slice(0, MACHINE_LIMITS.procBytes)
    .split('\n')
    .slice(1)
    .flatMap((line) => {
      const [path, type] = line.split(/\s+/);
      return path?.startsWith('/') && type === 'partition' ? [plain(path)] : [];
    });
