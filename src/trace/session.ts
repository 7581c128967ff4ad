import { TRACE_LIMITS } from './limits.ts';

/**
 * What one client asked for of one torrent, from its first request until it asked for nothing more. It names nobody: no address, no info-hash, no
 * exact size by which a torrent could be looked up.
 */
export type Session = {
  /** Of the first request, minutes since the epoch. */
  readonly atMin: number;
  /** The same for all sessions of the torrent. */
  readonly torrent: number;
  /** The torrent's size in segments of 16 MiB, to the nearest. */
  readonly segments: number;
  readonly pieceKib: number;
  /** The same when the client comes back to this torrent on the same day (UTC); of another torrent or day it is another. */
  readonly client: string;
  /** When it first asked for which segments: minutes after `atMin`, the first segment and how many, three by three, in the order of time. */
  readonly asked: readonly number[];
  /** From the first request to the last, minutes. */
  readonly stayMin: number;
  /** What it was given, and what came in from outside for the torrent meanwhile. To the MiB. */
  readonly servedMib: number;
  readonly fetchedMib: number;
};

const MOST_MINUTES = 60 * 24 * 365;
const isCount = (value: unknown, most: number): value is number =>
  Number.isInteger(value) && (value as number) >= 0 && (value as number) <= most;

export const lineOf = (session: Session): string => JSON.stringify(session);

/** Undefined when the line is none, whatever it is: the disk may have rotted, and a kill leaves half a line. */
export function sessionIn(line: string): Session | undefined {
  let s: Partial<Session> | null;
  try {
    s = JSON.parse(line) as typeof s;
  } catch {
    return undefined;
  }
  if (typeof s !== 'object' || s === null) return undefined;
  const { atMin, torrent, segments, pieceKib, client, asked, stayMin, servedMib, fetchedMib } = s;
  const counts = [atMin, torrent, pieceKib, servedMib, fetchedMib];
  if (!counts.every((count) => isCount(count, Number.MAX_SAFE_INTEGER)) || !isCount(stayMin, MOST_MINUTES))
    return undefined;
  if (!isCount(segments, TRACE_LIMITS.segments) || typeof client !== 'string' || client.length > 16) return undefined;
  return Array.isArray(asked) && areAsks(asked, segments, stayMin) ? (s as Session) : undefined;
}

function areAsks(asked: readonly unknown[], segments: number, stayMin: number): boolean {
  let [lastMin, count] = [0, 0];
  for (let i = 0; i < asked.length; i += 3) {
    const [min, first, many] = [asked[i], asked[i + 1], asked[i + 2]];
    if (!isCount(min, stayMin) || min < lastMin || !isCount(first, segments) || !isCount(many, segments - first))
      return false;
    lastMin = min;
    count += many;
  }
  return asked.length > 0 && count <= segments;
}
