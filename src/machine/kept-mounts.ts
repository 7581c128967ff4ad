import { mkdir, readFile, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { errorText } from '#base/errors.ts';
import type { Log, LogFields } from '#base/log.ts';
import { allOf, type BlockNode } from './block-tree.ts';
import { lookAtDisks } from './disk-look.ts';
import { type Look, SUITABLE } from './disk-verdict.ts';
import { jsonIn, writeKept } from './kept-file.ts';
import { MACHINE_LIMITS } from './limits.ts';
import { type Mount, parseMounts } from './mounts.ts';
import type { Run } from './programs.ts';

/** A file system that the box mounts by itself. `disks`: id of the disk of the box that was adopted at each folder on it. */
type Kept = { readonly uuid: string; readonly type: string; readonly disks: Readonly<Record<string, string>> };

export type KeptMountsWorld = {
  readonly run: Run;
  /** Of the daemon: `mounts.json` and `disks/<uuid>` lie there. */
  readonly dataDir: string;
  /** A folder of root's in which whoever mounts makes the mount points; undefined: `disks` in the data folder, and the daemon makes them. */
  readonly mountsDir?: string | undefined;
  /** Mounting is the service manager's where there is one: the daemon itself need not be allowed to. */
  readonly hasSystemd: boolean;
  readonly log: Log;
};

/**
 * Mounts what was adopted unmounted, by its UUID, at every start.
 * Invariant: what lies below a mount point is never written while nothing is mounted there. The id of each disk is kept here too, so that
 * a box that lost its index waits for the disk instead of adopting the empty folder.
 */
export class KeptMounts {
  readonly #world: KeptMountsWorld;
  #kept: readonly Kept[] = [];
  #isMissing = false;

  constructor(world: KeptMountsWorld) {
    this.#world = world;
  }

  /** Reads what is kept and mounts what is not mounted. A disk that is not there is told of and looked for again. Rejects when it cannot be read. */
  async start(): Promise<void> {
    this.#kept = parseKept(await jsonIn(this.#file));
    await this.mountMissing();
  }

  at(uuid: string): string {
    return join(this.#world.mountsDir ?? join(this.#world.dataDir, 'disks'), uuid);
  }

  /** The disk that is expected in that folder. */
  idAt(path: string): string | undefined {
    for (const { disks } of this.#kept) if (Object.hasOwn(disks, path)) return disks[path];
    return undefined;
  }

  /** The file system that the box mounts for that folder. */
  uuidAt(path: string): string | undefined {
    return this.#kept.find(({ uuid }) => path === this.at(uuid) || path.startsWith(`${this.at(uuid)}/`))?.uuid;
  }

  /** Mounts what should be and is not. Never rejects: what is in the way is told once, and tried again the next time. */
  async mountMissing(): Promise<void> {
    if (this.#kept.length === 0) return;
    const before = this.#isMissing;
    const tell = (fields: LogFields) => before || this.#world.log.error('mount-failed', fields);
    try {
      this.#isMissing = false;
      const mounts = await mountsNow();
      const missing = this.#kept.filter(({ uuid }) => !mounts.some(({ at }) => at === this.at(uuid)));
      if (missing.length === 0) return;
      const look = await lookAtDisks(this.#world.run, []);
      for (const { uuid } of missing) {
        const trouble = await this.#mount(uuid, look).catch(errorText);
        if (trouble === undefined) continue;
        this.#isMissing = true;
        tell({ uuid, why: trouble, next: 'plug the disk in' });
      }
    } catch (error) {
      this.#isMissing = true;
      tell({ why: errorText(error) });
    }
  }

  /** Mounts it now and at every start. Returns where; rejects with what is in the way. */
  async add(uuid: string, look: Look): Promise<string> {
    const known = this.#kept.some((kept) => kept.uuid === uuid);
    if (!known && this.#kept.length >= MACHINE_LIMITS.mounts) throw new Error('too many disks are mounted by the box');
    const trouble = await this.#mount(uuid, look);
    if (trouble !== undefined) throw new Error(trouble);
    const type = typeOf(look, uuid) ?? 'ext4';
    if (!known) await this.#write([...this.#kept, { uuid, type, disks: {} }]);
    return this.at(uuid);
  }

  /** The disk with that id lies in that folder: nothing else is taken for it from now on. */
  async note(path: string, id: string): Promise<void> {
    const uuid = this.uuidAt(path);
    if (uuid === undefined || this.idAt(path) === id) return;
    await this.#write(this.#kept.map((k) => (k.uuid === uuid ? { ...k, disks: { ...k.disks, [path]: id } } : k)));
  }

  /** Not mounted by the box any more. A file system in use stays mounted until the next start. */
  async remove(uuid: string): Promise<void> {
    await this.#write(this.#kept.filter((kept) => kept.uuid !== uuid));
    const at = this.at(uuid);
    if (!(await mountsNow()).some((mount) => mount.at === at)) return;
    const ran = this.#world.hasSystemd
      ? await this.#world.run('systemd-mount', ['--umount', at])
      : await this.#world.run('umount', [at]);
    if (!ran.ok) this.#world.log.warn('unmount-failed', { disk: at, why: ran.why });
    // An empty folder; one that something still lies in, or on, stays.
    else await rmdir(at).catch(() => {});
  }

  /** Undefined: it is mounted; else what was in the way. */
  async #mount(uuid: string, look: Look): Promise<string | undefined> {
    const at = this.at(uuid);
    const nodes = [...allOf(look.roots)].filter(({ path }) => look.found.get(path)?.uuid === uuid);
    const [node] = nodes;
    const there = (await mountsNow()).find((mount) => mount.at === at);
    if (there) return node && isOf(there, node) ? undefined : `something else is mounted at ${at}`;
    if (!node) return `no disk with the file system ${uuid} is there`;
    if (nodes.length > 1) return `several disks have the file system ${uuid}: which one is meant cannot be told`;
    const type = typeOf(look, uuid);
    if (type === undefined || !SUITABLE.has(type)) return `${node.path} has no file system that can be used`;
    if (!this.#world.mountsDir) await mkdir(at, { recursive: true, mode: 0o700 });
    const options = mountOptions(type);
    const ran = this.#world.hasSystemd
      ? await this.#world.run('systemd-mount', ['--collect', '-t', type, '-o', options, node.path, at])
      : await this.#world.run('mount', ['-t', type, '-o', options, node.path, at]);
    if (!ran.ok) return ran.why;
    const now = (await mountsNow()).find((mount) => mount.at === at);
    return now && isOf(now, node) ? undefined : `${node.path} was mounted, and is not seen at ${at}`;
  }

  get #file(): string {
    return join(this.#world.dataDir, 'mounts.json');
  }

  async #write(kept: readonly Kept[]): Promise<void> {
    await writeKept(this.#file, `${JSON.stringify({ version: 1, mounts: kept }, undefined, 2)}\n`);
    this.#kept = kept;
  }
}

export const mountOptions = (type: string): string =>
  `noatime,nodev,nosuid,noexec${type === 'ext4' ? ',errors=remount-ro' : ''}`;

/** The number of a btrfs is no device's. */
const isOf = ({ device, source }: Mount, { number, path }: BlockNode): boolean => device === number || source === path;

const typeOf = (look: Look, uuid: string): string | undefined =>
  [...look.found.values()].find((found) => found.uuid === uuid)?.type;

const mountsNow = async (): Promise<Mount[]> => parseMounts(await readFile('/proc/self/mountinfo', 'utf8'));

/** What is not as we wrote it is left out: its disk can be adopted again. */
export function parseKept(said: unknown): Kept[] {
  const { mounts } = (said ?? {}) as { mounts?: unknown };
  if (!Array.isArray(mounts)) return [];
  return mounts.slice(0, MACHINE_LIMITS.mounts).flatMap((row: unknown) => {
    const { uuid, type, disks } = (row ?? {}) as Record<string, unknown>;
    if (typeof uuid !== 'string' || !/^[0-9A-Za-z-]{4,64}$/.test(uuid)) return [];
    if (typeof type !== 'string' || !SUITABLE.has(type)) return [];
    const pairs = Object.entries(typeof disks === 'object' && disks !== null ? disks : {});
    const ids = pairs.filter(([path, id]) => path.startsWith('/') && typeof id === 'string');
    return [{ uuid, type, disks: Object.fromEntries(ids) as Record<string, string> }];
  });
}
