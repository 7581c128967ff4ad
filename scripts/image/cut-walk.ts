/** Walks through the power cuts of a log: rebuilds what each of them may have left, and lets checks look at it. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { arrivedIn, type CutState, endedIn, seeded, statesOf, stateText } from './cut-states.ts';
import { partitionsOf, RebuiltDisk } from './rebuilt-disk.ts';
import type { Entry, WrittenLog } from './written-log.ts';

/** What a power cut left. */
export type CutDisk = {
  /** The partition's bytes: to be read only. */
  path(partition: string): string;
  /** A copy that may be changed. */
  copy(partition: string): string;
  /** The same for the same bytes. */
  version(partition: string): string;
  /** The first entry that had not ended when the power was cut: what was answered when the log had that many entries was answered before. */
  readonly at: number;
};

export type Check = {
  readonly name: string;
  /** The partitions that it looks at: no others are rebuilt for it. */
  readonly reads: readonly string[];
  /** What is wrong. */
  look(disk: CutDisk): readonly string[];
};

export type Violation = { readonly check: string; readonly at: number; readonly state: string; readonly text: string };
export type Walked = {
  /** How many disks each check has looked at, and how many there were. */
  readonly looked: Record<string, { readonly states: number; readonly of: number }>;
  readonly violations: readonly Violation[];
};

export type Walk = {
  readonly log: WrittenLog;
  /** The disk as it was before the log began. */
  readonly base: string;
  /** A disk with the same partitions, where the base has not got all of them yet: the one that was logged. */
  readonly table?: string;
  readonly checks: readonly Check[];
  /** Only cuts from this entry on, and before that one. */
  readonly from?: number;
  readonly to?: number;
  readonly seed?: number;
  /** Disks that a check looks at, at most: chosen by chance where there are more. */
  readonly states?: number;
};

/** A report with more of them would not be read. */
const VIOLATIONS_LIMIT = 100;

export function walkCuts(walk: Walk): Walked {
  const looked: Record<string, { states: number; of: number }> = {};
  const violations: Violation[] = [];
  for (const check of walk.checks) looked[check.name] = walkFor(check, walk, violations);
  return { looked, violations };
}

type Cut = { readonly state: CutState; readonly at: number };
/** What was written between two flushes. */
type Epoch = { readonly pending: readonly Entry[]; readonly endsAt: number };

function walkFor(check: Check, walk: Walk, violations: Violation[]): { states: number; of: number } {
  const { log, base, table = base, from = 0, to = log.entries.length, seed = 1, states: limit = 1_000 } = walk;
  const dir = mkdtempSync(join(tmpdir(), 'swarmbox-cuts-'));
  try {
    const partitions = partitionsOf(table).filter(({ name }) => check.reads.includes(name));
    using disk = new RebuiltDisk(base, partitions, dir);
    const epochs = epochsOf(log.entries, disk, to);
    const cuts = epochs.map((epoch) => cutsOf(epoch, seed).filter(({ at }) => at >= from));
    const of = cuts.reduce((sum, { length }) => sum + length, 0);
    const random = seeded(seed);
    let states = 0;
    for (const [i, { pending }] of epochs.entries()) {
      disk.begin(pending);
      for (const { state, at } of cuts[i] ?? []) {
        if (of > limit && random() >= limit / of) continue;
        states++;
        disk.show(arrivedIn(state, pending));
        for (const text of look(check, disk, dir, at))
          if (violations.length < VIOLATIONS_LIMIT)
            violations.push({ check: check.name, at, state: stateText(state, pending), text });
      }
      disk.add();
    }
    return { states, of };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function epochsOf(entries: readonly Entry[], disk: RebuiltDisk, to: number): Epoch[] {
  const epochs: Epoch[] = [];
  let pending: Entry[] = [];
  for (const entry of entries.slice(0, to)) {
    if (entry.isFlush && pending.length > 0) {
      epochs.push({ pending, endsAt: entry.at });
      pending = [];
    }
    if (entry.sectors > 0 && disk.holds(entry)) pending.push(entry);
  }
  if (pending.length > 0) epochs.push({ pending, endsAt: to });
  // With all of it there.
  return [...epochs, { pending: [], endsAt: to }];
}

/** Whatever of the pending writes is there: the cut was before the next one ended. */
function cutsOf({ pending, endsAt }: Epoch, seed: number): Cut[] {
  return [...statesOf(pending, seed + (pending[0]?.at ?? 0))].map((state) => {
    const ended = endedIn(state, pending) - (state.kind === 'torn' ? 1 : 0);
    return { state, at: pending[ended]?.at ?? endsAt };
  });
}

function look(check: Check, disk: RebuiltDisk, dir: string, at: number): readonly string[] {
  const copy = (name: string): string => {
    const to = join(dir, `${name}.copy`);
    execFileSync('cp', ['--sparse=always', disk.path(name), to]);
    return to;
  };
  try {
    return check.look({ path: (name) => disk.path(name), version: (name) => disk.version(name), copy, at });
  } catch (error) {
    return [`could not look: ${(error as Error).message.slice(0, 400)}`];
  }
}

/** Which partitions are not what the log says: a log that is not whole proves nothing. Of a disk that nobody writes to any more. */
export function differing(
  { log, base, table = base }: Pick<Walk, 'log' | 'base' | 'table'>,
  names: readonly string[],
): string[] {
  const dir = mkdtempSync(join(tmpdir(), 'swarmbox-cuts-'));
  try {
    const partitions = partitionsOf(table).filter(({ name }) => names.includes(name));
    using rebuilt = new RebuiltDisk(base, partitions, dir);
    rebuilt.begin(log.entries.filter(({ sectors }) => sectors > 0));
    rebuilt.add();
    using real = new RebuiltDisk(table, partitions, dir, '.real');
    return partitions.flatMap(({ name }) => {
      try {
        execFileSync('cmp', ['-s', rebuilt.path(name), real.path(name)]);
        return [];
      } catch {
        return [name];
      }
    });
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
