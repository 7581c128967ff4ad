import { allOf, type BlockNode, type Found } from './block-tree.ts';
import type { Mount } from './mounts.ts';

/** What may be done with a device, and what speaks against more. See DiskWhy of the admin contract. */
export type Verdict = {
  readonly can: 'adopt' | 'format' | 'no';
  readonly why?:
    | 'in-use'
    | 'system'
    | 'read-only'
    | 'too-small'
    | 'no-file-system'
    | 'unsuitable-file-system'
    | 'already-used'
    | 'not-mounted';
};

/** One look at the machine's devices. */
export type Look = {
  readonly roots: readonly BlockNode[];
  readonly found: ReadonlyMap<string, Found>;
  readonly mounts: readonly Mount[];
  /** Devices that the kernel swaps to. */
  readonly swaps: readonly string[];
  /** `major:minor` and paths of devices that hold a folder with pieces of this box already. */
  readonly used: ReadonlySet<string>;
};

/** They keep names and sizes as the store needs them, sparse files and fdatasync. */
export const SUITABLE: ReadonlySet<string> = new Set(['ext4', 'xfs', 'btrfs']);

/** Signatures of what belongs to something larger: formatting one breaks the rest. */
const MEMBER = /_member$|^swap$|^(swsuspend|bcache|drbd|zfs|VMFS.*|LVM.*|mpath_member|ceph_bluestore)$/;

/** Where a machine keeps itself. What else is mounted is the operator's. */
const SYSTEM = [
  /^\/(boot|efi|usr|etc|bin|sbin|lib|lib64|proc|sys|dev|snap|nix)(\/|$)/,
  /^\/(|var|var\/(lib|log|cache|tmp|spool)|opt|root|run|tmp)$/,
];

/** Disks are loop devices too where somebody made one; what a package manager mounts by the dozen is read-only and is no disk. */
export const isDisk = ({ type, path, sizeBytes, readOnly }: BlockNode): boolean =>
  sizeBytes > 0 &&
  /^(disk|part|lvm|crypt|mpath|loop|md|linear|raid\d+)$/.test(type) &&
  !/^\/dev\/(zram|ram|fd|sr|nbd)\d/.test(path) &&
  !(type === 'loop' && readOnly);

export const mountsOf = (look: Pick<Look, 'mounts'>, node: BlockNode): Mount[] =>
  look.mounts.filter(({ device, source }) => device === node.number || source === node.path);

export const isSystemPath = (path: string): boolean => SYSTEM.some((place) => place.test(path));
const isSystemMount = ({ at }: Mount): boolean => isSystemPath(at);

/** The disks that carry the system, whole: what else is on them may be its other half. */
export function systemDisks(look: Look): Set<string> {
  const carries = (root: BlockNode): boolean =>
    [...allOf([root])].some((node) => mountsOf(look, node).some(isSystemMount) || look.swaps.includes(node.path));
  return new Set(look.roots.filter(carries).flatMap((root) => [...allOf([root])].map(({ path }) => path)));
}

export function verdictOf(node: BlockNode, look: Look, system: ReadonlySet<string>, leastBytes: number): Verdict {
  const { type, uuid } = look.found.get(node.path) ?? {};
  const mounts = mountsOf(look, node);
  if (isUsed(node, look)) return { can: 'no', why: 'already-used' };
  if (mounts.some(isSystemMount)) return { can: 'no', why: 'system' };
  if (mounts.length === 0 && system.has(node.path)) return { can: 'no', why: 'system' };
  if (look.swaps.includes(node.path) || (type !== undefined && MEMBER.test(type))) return { can: 'no', why: 'in-use' };
  if (node.readOnly) return { can: 'no', why: 'read-only' };
  if (node.sizeBytes < leastBytes) return { can: 'no', why: 'too-small' };
  if (mounts.length > 0) return verdictMounted(mounts);
  if (isHeld(node, look)) return { can: 'no', why: 'in-use' };
  if (type === undefined) return { can: 'format', why: 'no-file-system' };
  if (!SUITABLE.has(type) || uuid === undefined) return { can: 'format', why: 'unsuitable-file-system' };
  // One of several devices of a btrfs, or of two copies: which one a mount would take is nobody's to say.
  if ([...look.found].some(([path, other]) => path !== node.path && other.uuid === uuid))
    return { can: 'no', why: 'in-use' };
  return { can: 'adopt', why: 'not-mounted' };
}

function verdictMounted(mounts: readonly Mount[]): Verdict {
  const suitable = mounts.filter(({ type }) => SUITABLE.has(type));
  if (suitable.length === 0) return { can: 'no', why: 'unsuitable-file-system' };
  return suitable.every(({ readOnly }) => readOnly) ? { can: 'no', why: 'read-only' } : { can: 'adopt' };
}

const isUsed = ({ number, path }: BlockNode, { used }: Look): boolean => used.has(number) || used.has(path);

/** Something lies on it that is not a partition (LVM, encryption, an array), or a partition of it is in use. */
function isHeld(node: BlockNode, look: Look): boolean {
  return [...allOf(node.children)].some((child) => {
    const { type } = look.found.get(child.path) ?? {};
    const member = type !== undefined && MEMBER.test(type);
    const used = isUsed(child, look) || look.swaps.includes(child.path) || mountsOf(look, child).length > 0;
    return child.type !== 'part' || used || member;
  });
}

/** May be formatted as it is now: nobody uses any of it, and it is not the system's. */
export function mayFormat(node: BlockNode, look: Look, system: ReadonlySet<string>, leastBytes: number): boolean {
  const { can } = verdictOf(node, look, system, leastBytes);
  return can !== 'no' && mountsOf(look, node).length === 0;
}
