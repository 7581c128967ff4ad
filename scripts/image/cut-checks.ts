/** What must hold of a disk after a power cut, found out without starting it. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, readSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Check, CutDisk } from './cut-walk.ts';
import { blockTroubles, type GrubChoice, grubChoice, isBlock, type Slot } from './grub-choice.ts';

const FILE_LIMIT = 64 << 20;
const ENV = { ...process.env, MTOOLS_SKIP_CHECK: '1', LC_ALL: 'C.UTF-8' };
const FOLDER = '/EFI/BOOT';

/** A file of a FAT partition. */
export function fatFile(partition: string, path: string): Buffer | undefined {
  const said = spawnSync('mtype', ['-i', partition, `::${path}`], { env: ENV, maxBuffer: FILE_LIMIT });
  if (said.error) throw said.error;
  return said.status === 0 ? said.stdout : undefined;
}

/** What GRUB would start. */
export function grubStarts(disk: CutDisk): GrubChoice {
  const file = (name: string): Buffer | undefined => fatFile(disk.path('esp'), `${FOLDER}/${name}`);
  return grubChoice(file('grubenv'), file('grubenv.bak'));
}

/** GRUB has a block of its own or the one beside it, and its words make sense; `further` says what else is wrong. */
export function grubEnvCheck(further: (choice: GrubChoice, at: number) => readonly string[] = () => []): Check {
  const look = (disk: CutDisk): string[] => {
    const both = ['grubenv', 'grubenv.bak'].map(
      (name) => [name, fatFile(disk.path('esp'), `${FOLDER}/${name}`)] as const,
    );
    const choice = grubChoice(both[0]?.[1], both[1]?.[1]);
    const troubles = both.flatMap(([name, bytes]) =>
      isBlock(bytes) ? blockTroubles(bytes).map((trouble) => `${name}: ${trouble}`) : [],
    );
    if (choice.by === 'nowhere') troubles.push('GRUB has no block: neither grubenv nor grubenv.bak');
    return [...troubles, ...further(choice, disk.at)];
  };
  return { name: 'grubenv', reads: ['esp'], look };
}

/** Of a file system that was not unmounted: nothing is wrong. */
const FAT_USUAL = [
  /^fsck\.fat /,
  /Dirty bit is set/,
  /some data may be corrupt/,
  /Automatically removing dirty bit/,
  /^Leaving filesystem unchanged/,
  /: \d+ files, \d+\/\d+ clusters$/,
  /^\s*$/,
];

/** The ESP's file allocation table, its folders and the files' lengths agree. */
export const fatCheck: Check = {
  name: 'FAT',
  reads: ['esp'],
  look: (disk) => {
    const said = spawnSync('fsck.fat', ['-n', disk.path('esp')], { encoding: 'utf8', env: ENV });
    if (said.error) throw said.error;
    const lines = said.stdout.split('\n').concat(said.stderr.split('\n'));
    return said.status === 0 ? [] : lines.filter((line) => !FAT_USUAL.some((usual) => usual.test(line)));
  },
};

export type SlotImage = { readonly bytes: number; readonly sha256: string };

/** The slot that GRUB would start holds one of the images that it may hold, wholly. */
export function slotCheck(images: Readonly<Record<Slot, readonly SlotImage[]>>): Check {
  const known = new Map<string, boolean>();
  return {
    name: 'slot',
    reads: ['esp', 'a', 'b'],
    look: (disk) => {
      const { slot } = grubStarts(disk);
      const version = `${slot} ${disk.version(slot.toLowerCase())}`;
      const isWhole = known.get(version) ?? images[slot].some((image) => isImage(disk.path(slot.toLowerCase()), image));
      known.set(version, isWhole);
      return isWhole ? [] : [`GRUB would start ${slot}, which is no whole system`];
    },
  };
}

export function isImage(path: string, { bytes, sha256 }: SlotImage): boolean {
  const hash = createHash('sha256');
  const part = Buffer.alloc(1 << 20);
  const file = openSync(path, 'r');
  try {
    for (let at = 0; at < bytes; at += part.length)
      hash.update(part.subarray(0, readSync(file, part, 0, Math.min(part.length, bytes - at), at)));
  } finally {
    closeSync(file);
  }
  return hash.digest('hex') === sha256;
}

/** What a file may hold; undefined: it is not there. Says what is wrong. */
export type Expect = (bytes: Buffer | undefined, at: number) => string | undefined;

/**
 * Mends an ext4 partition as the box does when it was not unmounted (fsck.repair=yes): its journal is replayed, and where its superblock is torn, a copy of that is taken. Says what is wrong
 * beyond that.
 */
function mend(copy: string): string | undefined {
  const fsck = (how: string): { status: number; text: string } => {
    const said = spawnSync('e2fsck', [how, copy], { encoding: 'utf8', env: ENV });
    if (said.error) throw said.error;
    return { status: said.status ?? 8, text: `${said.stdout}${said.stderr}` };
  };
  // 1: something was mended without a question, as after every cut. 4: a person would have to say yes.
  const careful = fsck('-fp');
  if (careful.status < 4) return undefined;
  if (!/Superblock checksum does not match/.test(careful.text)) return `e2fsck -p gave up: ${careful.text.slice(-600)}`;
  const bold = fsck('-fy');
  return bold.status < 4 ? undefined : `e2fsck -y gave up: ${bold.text.slice(-600)}`;
}

/** Files of an ext4 partition; undefined for one that is not there. */
export function ext4Files(partition: string, paths: readonly string[]): (Buffer | undefined)[] {
  const dir = mkdtempSync(join(tmpdir(), 'swarmbox-files-'));
  try {
    const commands = paths.map((path, i) => `dump "${path}" ${join(dir, String(i))}\n`).join('');
    const said = spawnSync('debugfs', ['-f', '-', partition], { input: commands, encoding: 'utf8', env: ENV });
    if (said.error) throw said.error;
    return paths.map((path, i) => {
      const file = join(dir, String(i));
      if (existsSync(file)) return readFileSync(file);
      if (!said.stderr.includes(`${path}: File not found`)) throw new Error(said.stderr.slice(0, 600));
      return undefined;
    });
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** The file system is whole, these files of it are as they should be, and what is in these databases of SQLite can be read, with their journals. */
export function ext4Check(
  partition: string,
  files: Readonly<Record<string, Expect>>,
  databases: readonly string[] = [],
): Check {
  return {
    name: `${partition} (ext4)`,
    reads: [partition],
    look: (disk) => {
      const copy = disk.copy(partition);
      const trouble = mend(copy);
      if (trouble !== undefined) return [trouble];
      const found = ext4Files(copy, Object.keys(files));
      const told = Object.entries(files).map(([path, expect], i) => [path, expect(found[i], disk.at)] as const);
      const opened = databases.map((path) => [path, databaseTrouble(ext4Files(copy, [path, `${path}-wal`]))] as const);
      return [...told, ...opened].flatMap(([path, trouble]) => (trouble === undefined ? [] : [`${path}: ${trouble}`]));
    },
  };
}

/** What SQLite says of a database and its journal when it opens them after the cut; one that is not there yet is whole. */
function databaseTrouble([main, journal]: readonly (Buffer | undefined)[]): string | undefined {
  if (!main) return undefined;
  const dir = mkdtempSync(join(tmpdir(), 'swarmbox-database-'));
  try {
    writeFileSync(join(dir, 'db'), main);
    if (journal) writeFileSync(join(dir, 'db-wal'), journal);
    using database = new DatabaseSync(join(dir, 'db'));
    const said = database
      .prepare('PRAGMA integrity_check')
      .all()
      .map((row) => String(row.integrity_check));
    return said.join() === 'ok' ? undefined : said.join('; ').slice(0, 400);
  } catch (error) {
    return (error as Error).message;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** What a file held, one after the other, as who wrote it says: `by` entries were in the log when it was begun, and when it was answered that it is there for good. */
export type Held = { readonly text: string | undefined; readonly begunBy: number; readonly answeredBy: number };

/** The file holds what was answered last, or something that was begun afterwards: as a whole. */
export function holdsOneOf(history: readonly Held[]): Expect {
  return (bytes, at) => {
    const text = bytes?.toString('utf8');
    const answered = history.findLastIndex(({ answeredBy }) => answeredBy <= at);
    const allowed = history.slice(Math.max(answered, 0)).filter(({ begunBy }) => begunBy <= at);
    if (allowed.some((held) => held.text === text)) return undefined;
    const known = history.findIndex((held) => held.text === text);
    if (known >= 0) return `holds text ${known} of ${history.length}, though ${answered} was answered`;
    return text === undefined
      ? 'is not there'
      : `is neither old nor new: ${text.length} characters, ${JSON.stringify(text.slice(0, 60))}`;
  };
}
