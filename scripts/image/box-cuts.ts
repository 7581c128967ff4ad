/** The power cuts of a whole box that ran with `logWrites`: what must hold after each of them, whatever was not flushed. */
import { type Expect, ext4Check, fatCheck, grubEnvCheck, type SlotImage, slotCheck } from './cut-checks.ts';
import { differing, type Violation, type Walked, walkCuts } from './cut-walk.ts';
import type { GrubChoice, Slot } from './grub-choice.ts';
import { readLog } from './written-log.ts';

export type BoxRun = {
  /** Its disk before the first of its logs, and after the last; nobody writes to it any more. */
  readonly base: string;
  readonly disk: string;
  /** One of each start, in their order. */
  readonly logs: readonly string[];
  /** Only cuts from this entry of all the logs on, and before that one: `entriesIn` says how many there were at a moment. */
  readonly from?: number;
  readonly to?: number;
  /** Disks that each check looks at, at most. */
  readonly states?: number;
  readonly seed?: number;
  /** What each slot may hold, should GRUB start it; without them nobody looks at the slots. */
  readonly images?: Readonly<Record<Slot, readonly SlotImage[]>>;
  /** What else is wrong with what GRUB would do. */
  readonly grub?: (choice: GrubChoice, at: number) => readonly string[];
  /** What files of `/config` and `/data` may hold. The partitions must have been made when the window begins. */
  readonly config?: Readonly<Record<string, Expect>>;
  readonly data?: Readonly<Record<string, Expect>>;
};

/** How many entries there are in logs, now: the machine may run. */
export const entriesIn = (...logs: readonly string[]): number => readLog(...logs).entries.length;

/** A whole file, or none. */
export const isJson: Expect = (bytes) => {
  if (!bytes) return undefined;
  try {
    JSON.parse(bytes.toString('utf8'));
    return undefined;
  } catch {
    return `is no JSON: ${bytes.length} bytes, ${JSON.stringify(bytes.toString('latin1', 0, 60))}`;
  }
};

/** Also says which partitions are not what the logs make of the base: then they are not whole, and prove nothing. */
export function walkBox(run: BoxRun): Walked & { readonly differing: readonly string[] } {
  const { base, disk, logs, images, from, to, states, seed } = run;
  const log = readLog(...logs);
  const checks = [
    grubEnvCheck(run.grub),
    fatCheck,
    ...(images ? [slotCheck(images)] : []),
    ext4Check('config', { '/swarmbox/config.json': isJson, ...run.config }),
    ext4Check('data', { ...run.data }, ['/swarmbox/swarmbox.db']),
  ];
  const walked = walkCuts({
    ...{ log, base, table: disk, checks },
    ...(from !== undefined && { from }),
    ...(to !== undefined && { to }),
    ...(states !== undefined && { states }),
    ...(seed !== undefined && { seed }),
  });
  return { ...walked, differing: differing({ log, base, table: disk }, ['esp', 'a', 'b', 'config', 'data']) };
}

/** A violation in one line. */
export const violationText = ({ check, at, state, text }: Violation): string =>
  `${check}: cut before entry ${at}, ${state}: ${text}`;
