import type { Heat } from '#index/heats.ts';
import { LIMITS } from './limits.ts';

const DAY_MS = 24 * 3_600_000;

/**
 * Clients expected within the next `evictAheadMs`: those that came after the first, each counting less with every day, over the days that there
 * were to come in; and a share of one more, for what is too new to tell.
 */
export function worthOf({ laterClients, addedAtMs }: Pick<Heat, 'laterClients' | 'addedAtMs'>, nowMs: number): number {
  const days = 1 - Math.exp(-Math.max(0, nowMs - addedAtMs) / DAY_MS);
  return ((LIMITS.evictPrior + laterClients) / (1 + days)) * (LIMITS.evictAheadMs / DAY_MS);
}

/** It was asked for again lately. */
const isWarm = ({ laterClients }: Pick<Heat, 'laterClients'>): boolean => laterClients >= LIMITS.secondClient;

/** How much it was asked for is known still when all of it has gone: else its second client would look like a first one. */
export const isRemembered = (heat: Pick<Heat, 'laterClients' | 'addedAtMs'>, nowMs: number): boolean =>
  isWarm(heat) || nowMs - heat.addedAtMs < LIMITS.rememberMs;

export type Weak<T> = { readonly who: T; readonly worth: number };

/**
 * Of a few drawn at random the one worth least: a draw of sixteen is as good as looking at all. `worth`: undefined for what is not to go. Undefined when
 * nothing may. `random`: at least 0, less than 1.
 */
export function weakest<T>(
  all: readonly T[],
  worth: (who: T) => number | undefined,
  random: () => number,
): Weak<T> | undefined {
  if (all.length <= 2 * LIMITS.evictDraws) return weakestOf(all, worth);
  const drawn = Array.from({ length: LIMITS.evictDraws }, () => all[Math.floor(random() * all.length)] as T);
  // Most may have been tried, or be pinned: then all are looked at.
  return weakestOf(drawn, worth) ?? weakestOf(all, worth);
}

function weakestOf<T>(some: readonly T[], worth: (who: T) => number | undefined): Weak<T> | undefined {
  let weak: Weak<T> | undefined;
  for (const who of some) {
    const its = worth(who);
    if (its !== undefined && its < (weak?.worth ?? Number.POSITIVE_INFINITY)) weak = { who, worth: its };
  }
  return weak;
}

/** Why nothing new is taken in. */
export type Decline = 'first-client' | 'asked-less';

export type Full = {
  /** What the weakest that could go is worth; undefined when nothing could. */
  readonly least: number | undefined;
  /** Flash wears by writing, and half of the torrents that a campus asks for are never asked for again. */
  readonly isFlash: boolean;
};

/**
 * For a client of a torrent that has no task, on full disks, where whatever comes takes the place of something: what is worth less than the weakest there had
 * better not come, unless two want it together: then one copy is saved at once. What is had goes on.
 */
export function declineOf(
  heat: Pick<Heat, 'laterClients' | 'addedAtMs' | 'haveCount'>,
  isWantedByOther: boolean,
  { least, isFlash }: Full,
  nowMs: number,
): Decline | undefined {
  if (heat.haveCount > 0) return undefined;
  if (isFlash && !isWarm(heat)) return 'first-client';
  if (isWantedByOther || least === undefined) return undefined;
  return worthOf(heat, nowMs) < least ? 'asked-less' : undefined;
}
