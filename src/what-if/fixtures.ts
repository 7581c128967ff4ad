import type { Session } from '#trace/session.ts';
import { Demand } from './demand.ts';

/** A session whose segments are asked for one a minute, from `atMin` on. */
export const asking = (
  torrent: number,
  atMin: number,
  segments: readonly number[],
  of = 8,
  client = `${atMin}`,
): Session => ({
  atMin,
  torrent,
  segments: of,
  pieceKib: 1024,
  client,
  asked: segments.flatMap((segment, i) => [i, segment, 1]),
  stayMin: Math.max(0, segments.length - 1),
  servedMib: 16 * segments.length,
  fetchedMib: 0,
});

const VISIT_MIN = 360;

/** One torrent, whose segments are asked for in this order by one client each. */
export const requestsFor = (segments: readonly number[], of = 8): Demand =>
  new Demand(
    segments.map((segment, i) => asking(1, 100 + i, [segment], of)),
    VISIT_MIN,
  );

export const demandOf = (sessions: readonly Session[]): Demand =>
  new Demand(
    sessions.toSorted((a, b) => a.atMin - b.atMin),
    VISIT_MIN,
  );
