import type { PieceIndex } from '#base/units.ts';

/** What is lost with a piece: connected clients that lack it. Undefined: it has to stay. */
export type StakeOf = (piece: PieceIndex) => number | undefined;

/**
 * What is lost with a piece of those that are had, on average. Undefined when none is had, or one has to stay: they go together. One that is not had is no
 * reason for the others to stay: who lacks it waits for it to be fetched in any case.
 */
export function meanStake(
  pieces: readonly PieceIndex[],
  has: (piece: PieceIndex) => boolean,
  stakeOf: StakeOf,
): number | undefined {
  let [sum, had] = [0, 0];
  for (const piece of pieces) {
    if (!has(piece)) continue;
    const stake = stakeOf(piece);
    if (stake === undefined) return undefined;
    sum += stake;
    had++;
  }
  return had > 0 ? sum / had : undefined;
}

/** The segments with which the least is lost, the last one first: who looks into a film begins at its beginning. `all`: in their order. */
export function leastLost<T>(
  all: readonly T[],
  stakeOf: (segment: T) => number | undefined,
): { stake: number; segments: T[] } | undefined {
  let [least, segments] = [Number.POSITIVE_INFINITY, [] as T[]];
  for (const segment of all) {
    const stake = stakeOf(segment);
    if (stake === undefined || stake > least) continue;
    if (stake < least) segments = [];
    least = stake;
    segments.push(segment);
  }
  return segments.length > 0 ? { stake: least, segments: segments.reverse() } : undefined;
}
