import type { PieceIndex } from '#base/units.ts';

/**
 * The pieces that go with a segment: all that are had; none when one of those has to stay. A piece that is not had is no reason for the others to stay:
 * who lacks it waits for it to be fetched in any case.
 */
export function goesWith(
  pieces: readonly PieceIndex[],
  has: (piece: PieceIndex) => boolean,
  mayGo: (piece: PieceIndex) => boolean,
): PieceIndex[] {
  const had = pieces.filter(has);
  return had.every(mayGo) ? had : [];
}
