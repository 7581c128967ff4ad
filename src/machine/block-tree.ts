import { MACHINE_LIMITS } from './limits.ts';

/** A block device as lsblk(8) tells of it, and what lies in or on it. */
export type BlockNode = {
  /** `/dev/sdb1` */
  readonly path: string;
  /** `8:17` */
  readonly number: string;
  readonly sizeBytes: number;
  /** `disk`, `part`, `loop`, `lvm`, `crypt`, `raid1`, `rom`, ... */
  readonly type: string;
  readonly model?: string;
  readonly serial?: string;
  readonly transport?: string;
  readonly rotates?: boolean;
  readonly readOnly: boolean;
  readonly children: readonly BlockNode[];
};

/** What libblkid finds in a device itself (blkid(8), low-level probing): nothing of a cache, nothing of udev. */
export type Found = {
  /** File system, or `swap`, `LVM2_member`, `linux_raid_member`, ... */
  readonly type?: string;
  readonly uuid?: string;
  readonly label?: string;
  /** It has a partition table of this kind. */
  readonly table?: string;
};

/** Without `--tree` and without a column NAME it tells of partitions beside their disk, and says nothing of whose they are. */
export const LSBLK = [
  '--json',
  '--tree',
  '--bytes',
  '--paths',
  '--output',
  'PATH,MAJ:MIN,SIZE,TYPE,MODEL,SERIAL,TRAN,ROTA,RO',
] as const;

/** The roots of the tree. What cannot be read is left out. A disk of several parents (an array) is below each of them. Nothing of a list that is no tree: nobody would know which disk carries the system. */
export function parseLsblk(output: string): BlockNode[] {
  let said: unknown;
  try {
    said = JSON.parse(utf8(output));
  } catch {
    return [];
  }
  const { blockdevices } = (said ?? {}) as { blockdevices?: unknown };
  const budget = { left: MACHINE_LIMITS.devices };
  const roots = nodesOf(blockdevices, MACHINE_LIMITS.depth, budget);
  return roots.some(({ type }) => type === 'part') ? [] : roots;
}

function nodesOf(list: unknown, depth: number, budget: { left: number }): BlockNode[] {
  if (!Array.isArray(list) || depth === 0) return [];
  return list.flatMap((said: unknown) => {
    if (typeof said !== 'object' || said === null || budget.left-- <= 0) return [];
    const row = said as Readonly<Record<string, unknown>>;
    const { path, type, children } = row;
    const number = row['maj:min'];
    const sizeBytes = Number(row.size);
    if (!isDevicePath(path) || typeof type !== 'string' || typeof number !== 'string') return [];
    if (!/^\d{1,6}:\d{1,8}$/.test(number.trim()) || !Number.isSafeInteger(sizeBytes) || sizeBytes < 0) return [];
    const [model, serial, transport] = [row.model, row.serial, row.tran].map(shown);
    return [
      {
        path,
        number: number.trim(),
        sizeBytes,
        type: shown(type) ?? '?',
        ...(model !== undefined && { model }),
        ...(serial !== undefined && { serial }),
        ...(transport !== undefined && { transport }),
        ...(row.rota !== null && row.rota !== undefined && { rotates: isTrue(row.rota) }),
        readOnly: isTrue(row.ro),
        children: nodesOf(children, depth - 1, budget),
      },
    ];
  });
}

/** Lines of `NAME=value` as `blkid --probe --output udev` writes them of one device; undefined: nothing was found in it. */
export function parseBlkid(output: string): Found | undefined {
  const words = new Map<string, string>();
  for (const line of output.slice(0, MACHINE_LIMITS.procBytes).split('\n')) {
    const at = line.indexOf('=');
    if (at > 0) words.set(line.slice(0, at), line.slice(at + 1));
  }
  const [type, uuid, label, table] = ['ID_FS_TYPE', 'ID_FS_UUID', 'ID_FS_LABEL_ENC', 'ID_PART_TABLE_TYPE'].map((name) =>
    shown(utf8(unescaped(words.get(name) ?? ''))),
  );
  if (type === undefined && table === undefined) return undefined;
  return {
    ...(type !== undefined && { type }),
    // It becomes a folder's name.
    ...(uuid !== undefined && /^[0-9A-Za-z-]{4,64}$/.test(uuid) && { uuid }),
    ...(label !== undefined && { label }),
    ...(table !== undefined && { table }),
  };
}

/** Bytes that are unsafe in a name are written `\x20` there. */
const unescaped = (text: string): string =>
  text.replace(/\\x([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));

/** Every device of the tree once, parents first. */
export function* allOf(nodes: readonly BlockNode[], seen: Set<string> = new Set()): Generator<BlockNode> {
  for (const node of nodes) {
    if (seen.has(node.path)) continue;
    seen.add(node.path);
    yield node;
    yield* allOf(node.children, seen);
  }
}

/** Of a device below /dev, as lsblk names it. */
export const isDevicePath = (path: unknown): path is string =>
  typeof path === 'string' &&
  path.length <= 136 &&
  /^\/dev\/[A-Za-z0-9][A-Za-z0-9/_.:+-]*$/.test(path) &&
  !path.includes('..');
const isTrue = (said: unknown): boolean => said === true || said === 1 || said === '1';
const utf8 = (latin1: string): string => Buffer.from(latin1, 'latin1').toString('utf8');

/** Whatever a disk or a stranger's file system says of itself, fit to be shown. */
export function shown(said: unknown): string | undefined {
  if (typeof said !== 'string') return undefined;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
  const clean = said.replace(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufffd]/g, '').trim();
  return clean === '' ? undefined : [...clean].slice(0, MACHINE_LIMITS.nameChars).join('');
}
