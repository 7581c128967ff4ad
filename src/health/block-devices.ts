import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { deviceNumber } from '#base/device-number.ts';
import { HEALTH_LIMITS } from './limits.ts';
import { printable } from './printable.ts';

/** A whole disk as the kernel has it. */
export type BlockDevice = {
  /** Below /dev. */
  readonly name: string;
  /** Another one in its place is another device: the kernel counts them (sysfs `diskseq`, Linux 5.15). */
  readonly key: string;
  /** It has no answers of its own: a loop device, a virtual machine's disk, memory. */
  readonly virtual: boolean;
  readonly model?: string;
  readonly serial?: string;
  readonly rotating?: boolean;
};

/** Where the answers come from: this machine, or a test's folders. `dev`: st_dev of the folder (stat(2)). */
export type DeviceSources = {
  readonly sys: string;
  readonly mounts: () => Promise<string>;
  readonly dev: (path: string) => Promise<number>;
};

export const machineDevices: DeviceSources = {
  sys: '/sys',
  mounts: () => readFile('/proc/self/mountinfo', 'utf8'),
  dev: async (path) => (await stat(path)).dev,
};

/** Disks that have SMART at all: SCSI's and ATA's, NVMe's. */
const REAL = /^(sd[a-z]{1,8}|nvme\d{1,8}n\d{1,8})$/;

/**
 * The disks beneath a folder: through partitions, LVM, encryption, arrays (sysfs `slaves`) and the devices of a btrfs. None: nothing
 * of the kind lies there (tmpfs, overlay, a network file system). Rejects when the folder does not answer.
 */
export async function devicesBeneath(path: string, from: DeviceSources = machineDevices): Promise<BlockDevice[]> {
  const number = deviceNumber(await from.dev(path));
  const found = new Map<string, BlockDevice>();
  for (const node of await nodesOf(path, number, from)) await descend(node, found, HEALTH_LIMITS.deviceDepth);
  return [...found.values()];
}

/** Folders of sysfs. A file system of several devices has a number of its own, with no device behind it. */
async function nodesOf(path: string, number: string, { sys, mounts }: DeviceSources): Promise<string[]> {
  const node = await realpath(join(sys, 'dev/block', number)).catch(() => undefined);
  if (node !== undefined) return [node];
  const mount = mountOf(await mounts(), await realpath(path).catch(() => path));
  return mount?.type === 'btrfs' ? btrfsNodes(join(sys, 'fs/btrfs'), basename(mount.source)) : [];
}

async function btrfsNodes(folder: string, member: string): Promise<string[]> {
  for (const id of await names(folder)) {
    const devices = join(folder, id, 'devices');
    const members = await names(devices);
    if (!members.includes(member)) continue;
    const nodes = members.slice(0, HEALTH_LIMITS.devicesPerDisk).map((name) => realpath(join(devices, name)));
    return (await Promise.allSettled(nodes)).flatMap((n) => (n.status === 'fulfilled' ? [n.value] : []));
  }
  return [];
}

async function descend(at: string, found: Map<string, BlockDevice>, depth: number): Promise<void> {
  if (depth === 0 || found.size >= HEALTH_LIMITS.devicesPerDisk) return;
  const node = (await text(join(at, 'partition'))) === undefined ? at : dirname(at);
  const slaves = await names(join(node, 'slaves'));
  for (const slave of slaves.slice(0, HEALTH_LIMITS.devicesPerDisk)) {
    const below = await realpath(join(node, 'slaves', slave)).catch(() => undefined);
    if (below !== undefined) await descend(below, found, depth - 1);
  }
  if (slaves.length > 0) return;
  const device = await deviceAt(node);
  found.set(device.name, device);
}

async function deviceAt(node: string): Promise<BlockDevice> {
  // The kernel writes the slash of `cciss/c0d0` that way.
  const name = basename(node).replaceAll('!', '/');
  const [model, serial, rotational, sequence] = await Promise.all(
    ['device/model', 'device/serial', 'queue/rotational', 'diskseq'].map((file) => text(join(node, file))),
  );
  const said = { model: printable(model), serial: printable(serial) };
  return {
    name: printable(name) ?? '?',
    key: `${name} ${sequence ?? ''}`,
    virtual: !REAL.test(name),
    ...(said.model !== undefined && { model: said.model }),
    ...(said.serial !== undefined && { serial: said.serial }),
    ...(rotational !== undefined && { rotating: rotational === '1' }),
  };
}

/** The mount that a path lies in (proc_pid_mountinfo(5)): of those above it the longest, of these the last. */
export function mountOf(mountinfo: string, path: string): { type: string; source: string } | undefined {
  let best: { point: string; type: string; source: string } | undefined;
  for (const line of mountinfo.slice(0, HEALTH_LIMITS.mountBytes).split('\n')) {
    const [left = '', right = ''] = line.split(' - ');
    const point = left
      .split(' ')[4]
      ?.replace(/\\([0-7]{3})/g, (_, octal) => String.fromCharCode(Number.parseInt(octal, 8)));
    const [type, source] = right.split(' ');
    if (point === undefined || type === undefined || source === undefined) continue;
    const above = point === '/' || path === point || path.startsWith(`${point}/`);
    if (above && point.length >= (best?.point.length ?? 0)) best = { point, type, source };
  }
  return best && { type: best.type, source: best.source };
}

const names = (folder: string): Promise<string[]> => readdir(folder).catch(() => []);
const text = (file: string): Promise<string | undefined> =>
  readFile(file, 'latin1').then(
    (content) => content.slice(0, 4096).trim(),
    () => undefined,
  );
