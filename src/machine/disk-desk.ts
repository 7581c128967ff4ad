import { access, constants, mkdir, realpath, stat } from 'node:fs/promises';
import { join, normalize } from 'node:path';
import { errorText } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import { allOf, type BlockNode, shown } from './block-tree.ts';
import { contentsOf, mountedContents } from './disk-contents.ts';
import { lookAtDisks } from './disk-look.ts';
import {
  isDisk,
  isSystemPath,
  type Look,
  mayFormat,
  mountsOf,
  SUITABLE,
  systemDisks,
  verdictOf,
} from './disk-verdict.ts';
import { format, type Identity, identityOf } from './format.ts';
import type { KeptMounts } from './kept-mounts.ts';
import { MACHINE_LIMITS } from './limits.ts';
import { mountAbove } from './mounts.ts';
import type { Run } from './programs.ts';

/** See DiskCandidate of the admin contract. */
export type Candidate = {
  readonly device: string;
  readonly sizeBytes: number;
  readonly model?: string;
  readonly serial?: string;
  readonly transport?: string;
  readonly rotates?: boolean;
  readonly fileSystem?: string;
  readonly label?: string;
  readonly mountedAt?: string;
  readonly freeBytes?: number;
  readonly holds: readonly string[];
  readonly can: 'adopt' | 'format' | 'no';
  readonly why?: string;
  readonly hasPieces: boolean;
};

export type Adoption = {
  readonly device?: string;
  readonly path?: string;
  readonly format?: boolean;
  readonly typed?: string;
};
/** `why`: of the contract's ProblemWhy; `text`: for a person. */
export type Adopted = { readonly kind: 'adopted'; readonly path: string; readonly piecesFound: boolean } | Declined;
export type Declined = {
  readonly kind: 'declined';
  readonly why: 'invalid' | 'not-found' | 'conflict' | 'stale' | 'busy' | 'typed-wrong' | 'failed' | 'too-many';
  readonly text: string;
};

export type DiskDeskWorld = {
  readonly run: Run;
  readonly dataDir: string;
  readonly mounts: KeptMounts;
  /** The setting `disks` as it is: empty means that pieces lie in the data folder. */
  disks(): readonly string[];
  /** Changes the setting, and the disks that are used with it. Undefined: done; else what was in the way. */
  changeDisks(paths: readonly string[]): Promise<string | undefined>;
  /** Of the disk that is used at that path now. */
  diskIdAt(path: string): string | undefined;
  readonly log: Log;
  readonly leastBytes?: number;
};

/** Which disks the machine has, and taking one into use. */
export class DiskDesk {
  readonly #world: DiskDeskWorld;
  /** Devices as an operator saw them last: only these are formatted. */
  readonly #seen = new Map<string, Identity>();
  #isBusy = false;

  constructor(world: DiskDeskWorld) {
    this.#world = world;
  }

  /** Folders where pieces lie. */
  get #folders(): readonly string[] {
    const disks = this.#world.disks();
    return disks.length > 0 ? disks : [this.#world.dataDir];
  }

  get #leastBytes(): number {
    return this.#world.leastBytes ?? MACHINE_LIMITS.leastDiskBytes;
  }

  /** Rejects when the machine does not tell. */
  async candidates(): Promise<Candidate[]> {
    const look = await lookAtDisks(this.#world.run, this.#folders);
    const system = systemDisks(look);
    const nodes = [...allOf(look.roots)].filter(isDisk);
    this.#seen.clear();
    const rows: Candidate[] = [];
    for (const node of nodes) {
      this.#seen.set(node.path, await identityOf(node, look));
      rows.push(await this.#candidate(node, look, system));
    }
    return rows;
  }

  async #candidate(node: BlockNode, look: Look, system: ReadonlySet<string>): Promise<Candidate> {
    const { path, sizeBytes, model, serial, transport, rotates } = node;
    const { type, label } = look.found.get(path) ?? {};
    const { holds, root, freeBytes } = await contentsOf(node, look, this.#world.run);
    const at = shown(mountsOf(look, node)[0]?.at);
    return {
      device: path,
      sizeBytes,
      ...(model !== undefined && { model }),
      ...(serial !== undefined && { serial }),
      ...(transport !== undefined && { transport }),
      ...(rotates !== undefined && { rotates }),
      ...(type !== undefined && { fileSystem: type }),
      ...(label !== undefined && { label }),
      ...(at !== undefined && { mountedAt: at }),
      ...(freeBytes !== undefined && { freeBytes }),
      holds,
      hasPieces: root !== undefined,
      ...verdictOf(node, look, system, this.#leastBytes),
    };
  }

  /** One at a time. Never formats without the device's name typed, nor a device that was not shown before. */
  async adopt(wish: Adoption): Promise<Adopted> {
    if (this.#isBusy) return declined('busy', 'Another disk is being adopted.');
    this.#isBusy = true;
    try {
      if ((wish.device === undefined) === (wish.path === undefined))
        return declined('invalid', 'Give a device or a path, one of them.');
      return await (wish.device === undefined
        ? this.#adoptPath(String(wish.path))
        : this.#adoptDevice(wish.device, wish));
    } catch (error) {
      return declined('failed', errorText(error));
    } finally {
      this.#isBusy = false;
    }
  }

  async #adoptDevice(device: string, wish: Adoption): Promise<Adopted> {
    const { run, mounts } = this.#world;
    if (wish.format) {
      const trouble = await this.#format(device, wish.typed);
      if (trouble) return trouble;
    }
    const look = await lookAtDisks(run, this.#folders);
    const node = [...allOf(look.roots)].find(({ path }) => path === device);
    if (!node || !isDisk(node)) return declined('not-found', `There is no disk ${device}.`);
    const { can, why } = verdictOf(node, look, systemDisks(look), this.#leastBytes);
    if (can !== 'adopt')
      return declined('conflict', `${device} cannot be adopted as it is: ${why ?? 'it must be formatted'}.`);
    const mounted = mountsOf(look, node).find(({ type, readOnly }) => SUITABLE.has(type) && !readOnly);
    if (mounted) return this.#use(mounted.at);
    const uuid = look.found.get(device)?.uuid as string;
    // One that was adopted before, and was not mounted just now, stays the box's.
    const isNew = mounts.uuidAt(mounts.at(uuid)) === undefined;
    const at = await mounts.add(uuid, look);
    const adopted = await this.#use(at);
    if (adopted.kind === 'declined' && isNew) await mounts.remove(uuid);
    return adopted;
  }

  async #format(device: string, typed: string | undefined): Promise<Declined | undefined> {
    const { run } = this.#world;
    if (typed !== device && typed !== device.slice('/dev/'.length))
      return declined('typed-wrong', `Type the name of the device to format it: ${device}.`);
    const identity = this.#seen.get(device);
    if (identity === undefined) return declined('stale', 'Look at the disks first, then format one of those shown.');
    const folders = () => this.#folders;
    const look = await lookAtDisks(run, this.#folders);
    const node = [...allOf(look.roots)].find(({ path }) => path === device);
    if (!node) return declined('not-found', `There is no disk ${device}.`);
    if ((await identityOf(node, look)) !== identity)
      return declined('stale', `${device} is not the device that was shown. Look at the disks again.`);
    if (!isDisk(node) || !mayFormat(node, look, systemDisks(look), this.#leastBytes))
      return declined('conflict', `${device} is in use, or it is too small: it is not formatted.`);
    this.#world.log.warn('formatting', { device, ...(node.serial !== undefined && { serial: node.serial }) });
    this.#seen.delete(device);
    const trouble = await format(device, identity, { run, folders, leastBytes: this.#leastBytes });
    return trouble === undefined ? undefined : declined('failed', `${device} was not formatted: ${trouble}`);
  }

  /** A folder of our own on what is mounted there. Without the mount it is not there, so nothing is ever written below a mount point. */
  async #use(at: string): Promise<Adopted> {
    const { root } = await mountedContents(at);
    if (root === '') return this.#take(at);
    const path = join(at, 'swarmbox');
    await mkdir(path, { mode: 0o750 }).catch(() => {});
    return this.#take(path);
  }

  async #adoptPath(wished: string): Promise<Adopted> {
    const path = normalize(wished).replace(/(.)\/+$/, '$1');
    const real = await realpath(path).catch(() => undefined);
    if (real === undefined || !(await stat(real)).isDirectory()) return declined('not-found', `${path} is no folder.`);
    if (real !== path) return declined('invalid', `${path} leads to ${real}: give that.`);
    if (isSystemPath(path)) return declined('conflict', `${path} belongs to the system.`);
    const { mounts } = await lookAtDisks(this.#world.run, []);
    const type = mountAbove(mounts, path)?.type ?? '?';
    if (MEMORY.has(type)) return declined('conflict', `${path} lies in memory or belongs to the kernel (${type}).`);
    return this.#take(path);
  }

  async #take(path: string): Promise<Adopted> {
    const { log, mounts } = this.#world;
    const before = this.#folders;
    const other = before.find(
      (folder) =>
        folder === path || isInside(path, join(folder, 'swarmbox')) || isInside(folder, join(path, 'swarmbox')),
    );
    if (other !== undefined) return declined('conflict', `${path} is used already, or lies in ${other}.`);
    try {
      await access(path, constants.W_OK);
    } catch (error) {
      return declined('failed', `Nothing can be written to ${path}: ${errorText(error)}`);
    }
    const piecesFound = (await mountedContents(path)).root === '';
    const trouble = await this.#world.changeDisks([...before, path]);
    if (trouble !== undefined) return declined('failed', trouble);
    const id = this.#world.diskIdAt(path);
    if (id !== undefined) await mounts.note(path, id);
    log.info('disk-adopted', { disk: path, piecesFound });
    return { kind: 'adopted', path, piecesFound };
  }

  /** It is used no more. What lies there stays there, and is given up. */
  async remove(path: string): Promise<{ readonly kind: 'removed' } | Declined> {
    if (this.#isBusy) return declined('busy', 'A disk is being adopted.');
    this.#isBusy = true;
    try {
      const before = this.#folders;
      if (!before.includes(path)) return declined('not-found', `${path} is no disk of the box.`);
      if (before.length === 1) return declined('conflict', 'It is the only disk: adopt another one first.');
      const trouble = await this.#world.changeDisks(before.filter((folder) => folder !== path));
      if (trouble !== undefined) return declined('failed', trouble);
      const uuid = this.#world.mounts.uuidAt(path);
      const isShared = before.some((folder) => folder !== path && this.#world.mounts.uuidAt(folder) === uuid);
      if (uuid !== undefined && !isShared) await this.#world.mounts.remove(uuid);
      return { kind: 'removed' };
    } catch (error) {
      return declined('failed', errorText(error));
    } finally {
      this.#isBusy = false;
    }
  }
}

/** What is lost with the power, or is no file system for files. */
const MEMORY: ReadonlySet<string> = new Set([
  'tmpfs',
  'ramfs',
  'devtmpfs',
  'proc',
  'sysfs',
  'cgroup2',
  'devpts',
  'squashfs',
]);

const isInside = (path: string, folder: string): boolean => path === folder || path.startsWith(`${folder}/`);
const declined = (why: Declined['why'], text: string): Declined => ({ kind: 'declined', why, text });
