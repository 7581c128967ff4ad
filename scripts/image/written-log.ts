/**
 * What a disk was told, in order: the log of QEMU's block driver `blklogwrites`, in the format of the kernel's dm-log-writes (Documentation/admin-guide/device-mapper/log-writes.rst): a first
 * sector that says how many entries there are, then each entry in a sector of its own with what was written behind it. An entry is written when its write or flush has ended.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

export const SECTOR = 512;
const MAGIC = 0x6a736677736872n;
const FLUSH = 1;
const FUA = 2;
const DISCARD = 4;
const MARK = 8;

/** Far more than a trial writes: beyond them a log is no log. */
const LIMITS = { entries: 1 << 20, sectorsOfOne: 1 << 21, sectorsOfDisk: 2 ** 40 };

export type Entry = {
  /** Its number in the log, from 0. */
  readonly at: number;
  /** Everything that had ended before it is on the disk. */
  readonly isFlush: boolean;
  /** It is on the disk itself as soon as it has ended. */
  readonly isDurable: boolean;
  readonly sector: number;
  /** 0: nothing was written. */
  readonly sectors: number;
  /** The file that holds its bytes. */
  readonly log: string;
  /** Where in it they lie; undefined for a discard: it leaves zeros, or what was there. */
  readonly dataAt: number | undefined;
};

export type WrittenLog = {
  readonly entries: readonly Entry[];
  /** Entries that its first sector tells of and that cannot be read: the emulator was killed while it wrote them. */
  readonly lost: number;
};

/**
 * Reads the entries, not what was written; of a machine that was started several times its logs in their order, with a flush between them: what an emulator has written stays when it ends.
 * A log whose emulator runs, or was killed, ends where it stops making sense. Throws when it never made sense.
 */
export function readLog(...paths: readonly string[]): WrittenLog {
  const entries: Entry[] = [];
  let lost = 0;
  for (const path of paths) {
    if (entries.length > 0)
      entries.push({
        at: entries.length,
        isFlush: true,
        isDurable: false,
        sector: 0,
        sectors: 0,
        log: path,
        dataAt: 0,
      });
    lost += readOne(path, entries);
  }
  return { entries, lost };
}

/** How many of the entries that are told of are not there. */
function readOne(path: string, entries: Entry[]): number {
  const file = openSync(path, 'r');
  try {
    const size = fstatSync(file).size;
    const head = Buffer.alloc(SECTOR);
    const told = size === 0 ? 0 : toldBy(head, readSync(file, head, 0, SECTOR, 0), path);
    const before = entries.length;
    for (let offset = SECTOR; entries.length < LIMITS.entries; ) {
      if (readSync(file, head, 0, SECTOR, offset) < SECTOR) break;
      const entry = entryOf(head, entries.length, path, offset + SECTOR);
      if (!entry) break;
      const next = offset + SECTOR + (entry.dataAt === undefined ? 0 : entry.sectors * SECTOR);
      if (next > size) break;
      entries.push(entry);
      offset = next;
    }
    return Math.max(0, told - (entries.length - before));
  } finally {
    closeSync(file);
  }
}

/** How many entries there are, by the first sector. It comes with the first flush: until then it is empty. */
function toldBy(head: Buffer, bytes: number, path: string): number {
  if (bytes === SECTOR && head.every((byte) => byte === 0)) return 0;
  if (bytes < SECTOR || head.readBigUInt64LE(0) !== MAGIC || head.readBigUInt64LE(8) !== 1n)
    throw new Error(`${path} is no log of written sectors`);
  if (head.readUInt32LE(24) !== SECTOR) throw new Error(`${path} is not in sectors of ${SECTOR} bytes`);
  return Number(head.readBigUInt64LE(16));
}

function entryOf(head: Buffer, at: number, log: string, dataAt: number): Entry | undefined {
  const [sector, sectors, flags] = [0, 8, 16].map((from) => Number(head.readBigUInt64LE(from))) as [
    number,
    number,
    number,
  ];
  const isFlush = (flags & FLUSH) !== 0;
  const isEmpty = sectors === 0 && !isFlush && (flags & MARK) === 0;
  if (flags > (FLUSH | FUA | DISCARD | MARK) || isEmpty) return undefined;
  if (sectors > LIMITS.sectorsOfOne || sector + sectors > LIMITS.sectorsOfDisk) return undefined;
  const isDurable = (flags & FUA) !== 0;
  return { at, isFlush, isDurable, sector, sectors, log, dataAt: (flags & DISCARD) === 0 ? dataAt : undefined };
}
