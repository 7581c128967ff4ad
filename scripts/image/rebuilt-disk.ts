/** A disk as it was while it was written to: each partition that is looked at in a file of its own, to which what a log says is added. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Arrived } from './cut-states.ts';
import { type Entry, SECTOR } from './written-log.ts';

export type Partition = { readonly name: string; readonly sector: number; readonly sectors: number };

/** No disk of ours has more. */
const PARTITIONS_LIMIT = 16;
/** Bytes that are held in memory at once. */
const RUN = 1 << 20;

/** The partitions of a disk by their names, without `swarmbox-`. */
export function partitionsOf(disk: string): Partition[] {
  type Table = { partitiontable: { partitions: { name?: string; start: number; size: number }[] } };
  const table = JSON.parse(execFileSync('sfdisk', ['-J', disk], { stdio: ['ignore', 'pipe', 'ignore'] }).toString());
  return (table as Table).partitiontable.partitions.slice(0, PARTITIONS_LIMIT).map(({ name, start, size }, i) => ({
    name: name?.replace('swarmbox-', '') ?? String(i + 1),
    sector: start,
    sectors: size,
  }));
}

type Part = Partition & { readonly path: string; readonly file: number; added: number };
/** Pending writes that lie over each other: what is there of them depends on all of them. */
type Group = { readonly first: number; end: number; shown: string; before: Buffer[] | undefined };

/**
 * Invariant: each file holds every entry that was added, and of the pending ones what was shown last. To show other ones costs as much as they differ.
 */
export class RebuiltDisk implements Disposable {
  readonly #parts: readonly Part[];
  readonly #logs = new Map<string, number>();
  #pending: readonly Entry[] = [];
  #groups: Group[] = [];
  #groupOf = new Map<Entry, Group>();

  /** What the base holds of these partitions, in files in `dir`. */
  constructor(base: string, partitions: readonly Partition[], dir: string, ending = '.part') {
    const from = openSync(base, 'r');
    this.#parts = partitions.map((partition) => {
      const path = join(dir, `${partition.name}${ending}`);
      const file = openSync(path, 'w+');
      ftruncateSync(file, partition.sectors * SECTOR);
      copySparse(from, file, partition);
      return { ...partition, path, file, added: 0 };
    });
    closeSync(from);
  }

  path(name: string): string {
    return this.#part(name).path;
  }

  holds(entry: Entry): boolean {
    return this.#parts.some((part) => isOver(part, entry));
  }

  /** Says the same twice of the same bytes, and never of other ones. */
  version(name: string): string {
    const part = this.#part(name);
    const shown = this.#groups.filter((group) => group.first < part.sector + part.sectors && group.end > part.sector);
    const text = shown.map((group) => group.shown).join(' ');
    return `${part.added} ${createHash('sha1').update(text).digest('hex')}`;
  }

  /** These may be shown from now on. None of them is yet. */
  begin(pending: readonly Entry[]): void {
    this.#pending = pending;
    this.#groups = [];
    for (const entry of pending.toSorted((a, b) => a.sector - b.sector)) {
      const last = this.#groups.at(-1);
      const end = entry.sector + entry.sectors;
      if (last && entry.sector < last.end) last.end = Math.max(last.end, end);
      else this.#groups.push({ first: entry.sector, end, shown: '', before: undefined });
      this.#groupOf.set(entry, this.#groups.at(-1) as Group);
    }
  }

  /** Of what is pending this, and nothing else. */
  show(arrived: readonly Arrived[]): void {
    const wanted = Map.groupBy(arrived, ({ entry }) => this.#groupOf.get(entry) as Group);
    for (const group of this.#groups) {
      const runs = wanted.get(group) ?? [];
      const shown = runs.map(({ entry, from, sectors }) => `${entry.at}:${from}+${sectors}`).join(',');
      if (shown === group.shown) continue;
      this.#restore(group);
      for (const run of runs) this.#write(run);
      group.shown = shown;
    }
  }

  /** All that is pending is there for good. */
  add(): void {
    this.show(this.#pending.map((entry) => ({ entry, from: 0, sectors: entry.sectors })));
    for (const part of this.#parts) part.added += this.#pending.filter((entry) => isOver(part, entry)).length;
    this.#pending = [];
    this.#groups = [];
    this.#groupOf = new Map();
  }

  [Symbol.dispose](): void {
    for (const file of [...this.#parts.map((part) => part.file), ...this.#logs.values()]) closeSync(file);
  }

  #part(name: string): Part {
    const part = this.#parts.find((part) => part.name === name);
    if (!part) throw new Error(`the disk has no partition ${name}`);
    return part;
  }

  /** What was there before anything of the group was; it is kept the first time. */
  #restore(group: Group): void {
    const kept: Buffer[] = [];
    let i = 0;
    this.#runs(group.first, group.end, (part, offset, bytes) => {
      const before = group.before?.[i++];
      if (before) writeSync(part.file, before, 0, before.length, offset);
      else {
        const read = Buffer.alloc(bytes);
        readSync(part.file, read, 0, bytes, offset);
        kept.push(read);
      }
    });
    group.before ??= kept;
  }

  #write({ entry, from, sectors }: Arrived): void {
    const first = entry.sector + from;
    this.#runs(first, first + sectors, (part, offset, length) => {
      const bytes = Buffer.alloc(length);
      const inEntry = part.sector * SECTOR + offset - entry.sector * SECTOR;
      if (entry.dataAt !== undefined) readSync(this.#log(entry.log), bytes, 0, length, entry.dataAt + inEntry);
      writeSync(part.file, bytes, 0, length, offset);
    });
  }

  /** The partitions' parts between two sectors, of bounded length. */
  #runs(first: number, end: number, then: (part: Part, offset: number, bytes: number) => void): void {
    for (const part of this.#parts) {
      const until = Math.min(end, part.sector + part.sectors);
      for (let sector = Math.max(first, part.sector); sector < until; ) {
        const bytes = Math.min(RUN, (until - sector) * SECTOR);
        then(part, (sector - part.sector) * SECTOR, bytes);
        sector += bytes / SECTOR;
      }
    }
  }

  #log(path: string): number {
    const file = this.#logs.get(path) ?? openSync(path, 'r');
    this.#logs.set(path, file);
    return file;
  }
}

const isOver = (part: Partition, { sector, sectors }: Entry): boolean =>
  sector < part.sector + part.sectors && sector + sectors > part.sector;

/** What is not zero of a partition; a disk that was never written to its end has zeros there. */
function copySparse(from: number, to: number, { sector, sectors }: Partition): void {
  const bytes = Buffer.alloc(RUN);
  const zeros = Buffer.alloc(RUN);
  for (let offset = 0; offset < sectors * SECTOR; offset += RUN) {
    const wanted = Math.min(RUN, sectors * SECTOR - offset);
    const got = readSync(from, bytes, 0, wanted, sector * SECTOR + offset);
    if (got === 0) return;
    if (bytes.compare(zeros, 0, got, 0, got) !== 0) writeSync(to, bytes, 0, got, offset);
  }
}
