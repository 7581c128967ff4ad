import { readdir, readFile, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode, errorText } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import { makeBackup, openBackup } from './backup-file.ts';
import { replaceFile, syncFolder } from './durable-file.ts';
import { DISK_MARKER, DISK_ROOT, keptOf, orderReset } from './factory-reset.ts';
import type { Given } from './history.ts';
import { problemText } from './problem-text.ts';
import { settingProblems } from './setting-rules.ts';
import { readSettings, textOf } from './settings-file.ts';
import { SettingsKeeper } from './settings-keeper.ts';

/** The settings from outside of the daemon, for whoever stands at a box whose daemon does not run. */

/** In the data folder; see task-pages.ts. */
const DECISIONS = 'decisions.json';
/** Looked at in one folder, and bytes of a file: a backup has fewer. */
const BACKUPS_MAX = 200;
const BACKUP_BYTES_MAX = 64 << 20;

const dataDirOf = (given: Given): string | undefined => (typeof given.dataDir === 'string' ? given.dataDir : undefined);

/** Of what the files say. What is yet to be fetched is in the index, which is the daemon's. Rejects for settings that cannot be read. */
export async function backupOf(path: string, madeAtMs: number, box: string): Promise<string> {
  const { given: settings } = readSettings(await readFile(path, 'utf8'));
  const dataDir = dataDirOf(settings);
  const decisions = dataDir && (await readFile(join(dataDir, DECISIONS), 'utf8').catch(() => undefined));
  return makeBackup({ settings, orders: [], ...(decisions && { decisions }) }, { madeAtMs, box });
}

export type FoundBackup = { readonly path: string; readonly madeAtMs: number; readonly box: string };

/** The newest backup in the folder, by what the files say themselves; `damaged`: those that are none any more. */
export async function newestBackup(
  folder: string,
): Promise<{ readonly newest?: FoundBackup; readonly damaged: readonly string[] }> {
  const damaged: string[] = [];
  let newest: FoundBackup | undefined;
  const names = (await readdir(folder)).filter((name) => name.endsWith('.backup') && !name.startsWith('.'));
  for (const name of names.slice(0, BACKUPS_MAX)) {
    const path = join(folder, name);
    if ((await stat(path)).size > BACKUP_BYTES_MAX) continue;
    const text = await readFile(path, 'utf8');
    if ((await openBackup(text, undefined)).kind === 'refused') {
      damaged.push(name);
      continue;
    }
    const { madeAtMs, box } = JSON.parse(text) as { madeAtMs: unknown; box: unknown };
    const found = { path, madeAtMs: Number(madeAtMs), box: String(box).slice(0, 40) };
    if (!newest || found.madeAtMs > newest.madeAtMs) newest = found;
  }
  return { ...(newest && { newest }), damaged };
}

export type TakenIn =
  /** `left`: how many entries of the list of what is to be fetched were not taken. */
  | { readonly kind: 'done'; readonly isLocked: boolean; readonly left: number }
  | { readonly kind: 'refused'; readonly text: string };

/** The settings of a backup hold at the next start, without being confirmed: whoever asks stands at the box. Rejects for settings that cannot be used. */
export async function takeIn(path: string, text: string, clock: { nowMs(): number }, log: Log): Promise<TakenIn> {
  const backup = await openBackup(text, undefined);
  if (backup.kind === 'refused') return backup;
  const keeper = await SettingsKeeper.open(path, { clock, log });
  if (keeper.unconfirmed) await keeper.confirm(keeper.unconfirmed.token);
  const problems = keeper.checkReplacing(backup.settings);
  if (problems.length > 0)
    return {
      kind: 'refused',
      text: `This box cannot use the settings of the backup: ${problems.map(problemText).join('; ')}`,
    };
  const outcome = await keeper.replace(backup.settings, 'backup', 'console', '');
  if (outcome.kind === 'refused') return outcome;
  if (outcome.unconfirmed) await keeper.confirm(outcome.unconfirmed.token);
  const dataDir = dataDirOf(keeper.given);
  if (backup.decisions !== undefined && dataDir) await replaceFile(join(dataDir, DECISIONS), backup.decisions);
  return { kind: 'done', isLocked: backup.isLocked, left: backup.orders.length };
}

/**
 * The ports are called otherwise than the settings say: a card was put in, and the kernel counts anew. What they are called now holds at the next start, without being confirmed: the wire is made of them
 * already. Rejects for settings that cannot be used.
 */
export async function followPorts(
  path: string,
  ports: { readonly lan: string; readonly wan: string },
  clock: { nowMs(): number },
  log: Log,
): Promise<{ readonly kind: 'done' } | { readonly kind: 'refused'; readonly text: string }> {
  const keeper = await SettingsKeeper.open(path, { clock, log });
  if (keeper.unconfirmed) await keeper.takeBack('console');
  const { lan, wan } = keeper.given;
  const note = `ports ${String(lan)} and ${String(wan)} are called ${ports.lan} and ${ports.wan}`;
  const outcome = await keeper.change({ revision: keeper.revision, values: ports, note }, 'console');
  if (outcome.kind === 'refused') return outcome;
  if (outcome.unconfirmed) await keeper.confirm(outcome.unconfirmed.token);
  return { kind: 'done' };
}

/** Settings that cannot be used get another name, and nothing of them is lost. The name. */
export async function putAside(path: string, nowMs: number): Promise<string> {
  const aside = `${path}.unusable-${nowMs}`;
  await rename(path, aside);
  await syncFolder(join(path, '..'));
  return aside;
}

export type ResetAsked = {
  readonly cache: 'keep' | 'wipe';
  readonly atMs: number;
  /** Names in the data folder: see ResetOrder. */
  readonly forget: readonly string[];
  /** Where the daemon's data lies unless the settings say otherwise. */
  readonly dataDir: string;
};

export type ResetPlan = {
  /** Of the box's own disks, those that are here, with their ids; and those that are not. */
  readonly disks: readonly { readonly path: string; readonly id: string }[];
  readonly away: readonly string[];
  readonly dataDir: string;
  /** Why the settings are of no use to a reset: they are put aside, and the box makes its first ones. */
  readonly unusable?: string;
};

/** Why the settings cannot be used, those of them that are asked about; undefined: they can, or there are none yet. */
export async function whyUnusable(path: string, part = (given: Given): Given => given): Promise<string | undefined> {
  try {
    const [problem] = settingProblems(part(readSettings(await readFile(path, 'utf8')).given));
    return problem && problemText(problem);
  } catch (error) {
    return errorCode(error) === 'ENOENT' ? undefined : errorText(error);
  }
}

/** What a reset would meet. Changes nothing. */
export async function planReset(
  path: string,
  { cache, dataDir }: Pick<ResetAsked, 'cache' | 'dataDir'>,
): Promise<ResetPlan> {
  const unusable = await whyUnusable(path, (given) => keptOf(given, cache));
  const isRead = unusable === undefined;
  const given: Given = isRead
    ? await readFile(path, 'utf8').then(
        (text) => readSettings(text).given,
        () => ({}),
      )
    : {};
  const at = dataDirOf(given) ?? dataDir;
  const named = Array.isArray(given.disks) ? given.disks.map(String) : [];
  // Settings that say nothing of disks: the data folder itself, and what the box has mounted below it.
  const mounted = isRead ? [] : await readdir(join(at, 'disks')).catch(() => []);
  const disks: { path: string; id: string }[] = [];
  const away: string[] = [];
  for (const disk of named.length > 0 ? named : [at, ...mounted.map((name) => join(at, 'disks', name))]) {
    const id = await idOf(disk);
    if (id !== undefined) disks.push({ path: disk, id });
    else if (named.includes(disk)) away.push(disk);
  }
  return { disks, away, dataDir: at, ...(unusable !== undefined && { unusable }) };
}

async function idOf(disk: string): Promise<string | undefined> {
  try {
    const { id } = JSON.parse(await readFile(join(disk, DISK_ROOT, DISK_MARKER), 'utf8')) as { id?: unknown };
    return typeof id === 'string' ? id : undefined;
  } catch {
    return undefined;
  }
}

/** Orders what the daemon does at its next start. The name that unusable settings have got, if they were. */
export async function orderFromOutside(path: string, asked: ResetAsked): Promise<string | undefined> {
  const { cache, atMs, forget } = asked;
  const { disks, dataDir, unusable } = await planReset(path, asked);
  await orderReset(dataDir, { cache, who: 'console', atMs, disks, forget });
  return unusable === undefined ? undefined : putAside(path, atMs);
}

/** For another disk of the same machine: its cache is not taken along, so no disk is waited for. Rejects for settings that cannot be read. */
export async function settingsToGo(path: string): Promise<string> {
  const { given, others } = readSettings(await readFile(path, 'utf8'));
  const { disks: _, ...more } = given;
  return textOf(more, others);
}
