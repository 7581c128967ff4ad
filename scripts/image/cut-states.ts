/**
 * What a power cut may leave of the writes that were not flushed: any of them, in any order, each of them whole or some of its sectors. A sector is written as a whole or not at all.
 */
import type { Entry } from './written-log.ts';

/** A run of an entry's sectors that is on the disk. */
export type Arrived = { readonly entry: Entry; readonly from: number; readonly sectors: number };

/** Which of the pending writes are on the disk; what is written at once (FUA) always is, once it ended. */
export type CutState =
  | { readonly kind: 'none' }
  /** The power was cut when the first `count` had ended, and all of them are there. */
  | { readonly kind: 'first'; readonly count: number }
  | { readonly kind: 'without' | 'only'; readonly which: number }
  /** All until this one, of which some sectors are there. */
  | { readonly kind: 'torn'; readonly which: number; readonly seed: number }
  /** Each with the chance of a coin, and some of them torn. */
  | { readonly kind: 'some'; readonly count: number; readonly seed: number };

/** Numbers from 0 up to 1 that are the same for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Which states to look at between two flushes: every cut, each write missing, each alone, each torn, and some by chance. The last cut, where all are there, is what the next flush leaves: not among them. */
export function* statesOf(pending: readonly Entry[], seed: number): Generator<CutState> {
  yield { kind: 'none' };
  for (let count = 1; count < pending.length; count++) yield { kind: 'first', count };
  // One kind after the other: a state is like the one before it then, and cheap to make of it.
  const all = [...pending.keys()];
  if (pending.length > 1) for (const which of all) yield { kind: 'without', which };
  for (const which of all) if (which > 0) yield { kind: 'only', which };
  for (const which of all)
    if ((pending[which]?.sectors ?? 0) > 1)
      for (let i = 0; i < 3; i++) yield { kind: 'torn', which, seed: seed + 3 * which + i };
  const draws = pending.length > 1 ? Math.min(2 * pending.length, 32) : 0;
  const random = seeded(seed);
  for (let i = 0; i < draws; i++) {
    const count = 2 + Math.floor(random() * (pending.length - 1));
    yield { kind: 'some', count, seed: Math.floor(random() * 2 ** 31) };
  }
}

/** How many of the pending writes had ended when the power was cut. */
export function endedIn(state: CutState, pending: readonly Entry[]): number {
  if (state.kind === 'none') return 0;
  if (state.kind === 'torn') return state.which + 1;
  return state.kind === 'first' || state.kind === 'some' ? state.count : pending.length;
}

/** What arrived, in the order in which it was written. */
export function arrivedIn(state: CutState, pending: readonly Entry[]): Arrived[] {
  const whole = (entry: Entry): Arrived => ({ entry, from: 0, sectors: entry.sectors });
  const ended = pending.slice(0, endedIn(state, pending));
  const random = seeded('seed' in state ? state.seed : 0);
  return ended.flatMap((entry, i) => {
    // One that was torn had not ended.
    if (state.kind === 'torn' && i === state.which) return torn(entry, random);
    if (entry.isDurable) return [whole(entry)];
    switch (state.kind) {
      case 'none':
        return [];
      case 'without':
        return i === state.which ? [] : [whole(entry)];
      case 'only':
        return i === state.which ? [whole(entry)] : [];
      case 'some': {
        const draw = random();
        if (draw < 0.4) return [];
        return draw < 0.6 && entry.sectors > 1 ? torn(entry, random) : [whole(entry)];
      }
      default:
        return [whole(entry)];
    }
  });
}

/** Some of its sectors, not all: the first ones, the last ones, or any. */
function torn(entry: Entry, random: () => number): Arrived[] {
  const at = 1 + Math.floor(random() * (entry.sectors - 1));
  const way = random();
  if (way < 1 / 3) return [{ entry, from: 0, sectors: at }];
  if (way < 2 / 3) return [{ entry, from: at, sectors: entry.sectors - at }];
  const runs: Arrived[] = [];
  for (let from = 0; from < entry.sectors; ) {
    const sectors = Math.min(1 + Math.floor(random() * 4), entry.sectors - from);
    if (random() < 0.5 && sectors < entry.sectors) runs.push({ entry, from, sectors });
    from += sectors;
  }
  return runs;
}

/** For a report. */
export function stateText(state: CutState, pending: readonly Entry[]): string {
  const of = `of ${pending.length} unflushed`;
  const at = (which: number): string => `entry ${pending[which]?.at}`;
  if (state.kind === 'none') return `none ${of}`;
  if (state.kind === 'first') return `the first ${state.count} ${of}`;
  if (state.kind === 'some') return `some of the first ${state.count} ${of}, seed ${state.seed}`;
  if (state.kind === 'torn') return `all until ${at(state.which)}, which is torn, seed ${state.seed}`;
  return state.kind === 'without'
    ? `all ${of} but ${at(state.which)}`
    : `of ${pending.length} unflushed only ${at(state.which)}`;
}
