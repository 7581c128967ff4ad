import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { errorText } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import { removeFile, replaceFile, syncFolder } from './durable-file.ts';
import type { Given, Revision } from './history.ts';
import { readSettings, textOf } from './settings-file.ts';

/** What a factory reset takes away, written down before the daemon ends; the next one does it before it opens anything. */
export type ResetOrder = {
  readonly cache: 'keep' | 'wipe';
  readonly who: string;
  readonly atMs: number;
  /** Of this box, with the ids that it gave them: a disk with another id is somebody else's. */
  readonly disks: readonly { readonly path: string; readonly id: string }[];
  /** Files and folders in the data folder, by name: accounts, history, audit. */
  readonly forget: readonly string[];
};

const ORDER_FILE = 'factory-reset.json';
const OWN_FILES = ['settings-history.ndjson', 'settings-change.json'];
/** Without these the two ports would be no wire any more, or nobody would find the page to set the box up anew. */
const KEPT = ['lan', 'wan', 'bridge', 'vlans', 'dataDir', 'admin'];
/** Where the box's part of a disk lies, and the file there that says whose it is: see store/disk-marker.ts, which a test compares. */
export const DISK_ROOT = 'swarmbox';
export const DISK_MARKER = 'disk.json';
/** A torrent's folder, or what is left of one that was given up. */
const TORRENT = /^[0-9a-f]{40}(\.\d+\.removed)?$/;

const isName = (name: string): boolean => name !== '' && name !== '.' && name !== '..' && !name.includes('/');

/** Durable when it resolves: from then on the reset is done at the next start, whatever happens. Rejects when it cannot be written. */
export async function orderReset(dataDir: string, order: ResetOrder): Promise<void> {
  if (!order.forget.every(isName)) throw new Error('bug: a factory reset takes nothing outside of the data folder');
  await replaceFile(join(dataDir, ORDER_FILE), JSON.stringify(order));
}

/**
 * Does what was ordered, if anything was; to be called before anything else of the box is open. Each step may be done twice: after a kill the whole
 * begins anew, and the order goes last. `mount`: has the disks there that the box mounts itself. A disk that is not there all the same is named in the
 * history. Rejects for a settings file that cannot be read.
 */
export async function finishReset(
  path: string,
  log: Log,
  mount: (dataDir: string) => Promise<void> = async () => {},
): Promise<ResetOrder | undefined> {
  const { given } = readSettings(await readFile(path, 'utf8'));
  const { dataDir } = given;
  if (typeof dataDir !== 'string') return undefined;
  const order = await readOrder(join(dataDir, ORDER_FILE));
  if (!order) return undefined;
  const left = order.cache === 'wipe' ? await wipeAll(dataDir, order.disks, mount, log) : [];
  await forget(dataDir, [...OWN_FILES, ...order.forget.filter(isName)]);
  await rm(`${path}.before`, { force: true });
  await syncFolder(dataDir);
  const kept = keptOf(given, order.cache);
  await replaceFile(path, textOf(kept), 0o640);
  const { who, atMs, cache } = order;
  const note = left.length > 0 ? `not wiped: ${left.join(', ')}` : '';
  const row: Revision = { revision: 1, atMs, who, note, kind: 'reset', given: kept };
  await replaceFile(join(dataDir, 'settings-history.ndjson'), `${JSON.stringify(row)}\n`);
  await removeFile(join(dataDir, ORDER_FILE));
  log.warn('the box is as it came from the factory', { cache, who });
  return order;
}

/** With what a crash, or damage, left beside them under their names: `access.json.new`, `access.json.damaged-5`. */
async function forget(folder: string, names: readonly string[]): Promise<void> {
  for (const found of await readdir(folder))
    if (names.some((name) => found === name || found.startsWith(`${name}.`)))
      await rm(join(folder, found), { recursive: true, force: true });
}

/** What of the settings a reset leaves. A cache that stays is found again by its disks. */
export function keptOf(given: Given, cache: 'keep' | 'wipe'): Given {
  const kept = new Set(cache === 'keep' ? [...KEPT, 'disks'] : KEPT);
  return Object.fromEntries(Object.entries(given).filter(([key]) => kept.has(key)));
}

/** Paths of the disks that it was not done to. */
async function wipeAll(
  dataDir: string,
  disks: ResetOrder['disks'],
  mount: (dataDir: string) => Promise<void>,
  log: Log,
): Promise<string[]> {
  await mount(dataDir).catch((error: unknown) => log.error('the disks cannot be mounted', { why: errorText(error) }));
  const left: string[] = [];
  for (const disk of disks) if (!(await wipe(disk, log))) left.push(disk.path);
  return left;
}

/**
 * False: it was not done. The marker goes last: without it nobody would know any more that the rest is the box's own. A folder that has none, and no
 * torrents, was wiped by an earlier run that was killed.
 */
async function wipe({ path, id }: ResetOrder['disks'][number], log: Log): Promise<boolean> {
  const root = join(path, DISK_ROOT);
  try {
    const marker = await readFile(join(root, DISK_MARKER), 'utf8').catch(() => undefined);
    const isOurs = marker !== undefined && (JSON.parse(marker) as { id?: unknown }).id === id;
    const names = isOurs || marker === undefined ? await readdir(root).catch(() => undefined) : undefined;
    if (!isOurs && names && !names.some((name) => TORRENT.test(name))) return true;
    if (!isOurs || !names) {
      const next = 'format it, or adopt it and reset the box again';
      log.error('a disk was not wiped: it is not here, or not of this box', { disk: path, next });
      return false;
    }
    for (const name of names) if (TORRENT.test(name)) await rm(join(root, name), { recursive: true, force: true });
    await syncFolder(root);
    await rm(join(root, DISK_MARKER), { force: true });
    await syncFolder(root);
    return true;
  } catch (error) {
    // A broken disk must not keep the box from starting.
    log.error('a disk could not be wiped', { disk: path, why: errorText(error) });
    return false;
  }
}

async function readOrder(path: string): Promise<ResetOrder | undefined> {
  try {
    const order = JSON.parse(await readFile(path, 'utf8')) as ResetOrder;
    const isOrder =
      (order.cache === 'keep' || order.cache === 'wipe') && Array.isArray(order.disks) && Array.isArray(order.forget);
    return isOrder ? order : undefined;
  } catch {
    return undefined;
  }
}
