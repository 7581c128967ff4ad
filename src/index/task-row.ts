import { type InfoHash, infoHashOf } from '#base/units.ts';
import { INDEX_LIMITS } from './limits.ts';

/**
 * Who may be told of a torrent: anybody; nobody, because it is private (BEP 27); nobody in BitTorrent, because its name is
 * Qvod's.
 */
export type Reach = 'public' | 'private' | 'qvod';

/** What is known of a torrent across restarts. */
export type TaskRow = {
  infoHash: InfoHash;
  /** A hybrid torrent's other name, once known (BEP 52). */
  infoHash2: InfoHash | undefined;
  /** The info dictionary's bytes, from when they are known until they lie beside the pieces. */
  info: Buffer | undefined;
  /** Piece layers (BEP 52), as long: all files' in order, end to end. */
  layers: Buffer | undefined;
  /** Undefined until the info dictionary is known. */
  reach: Reach | undefined;
  trackers: string[];
  /** Verified and durable pieces, as BEP 3 orders the bits. */
  have: Buffer | undefined;
  haveCount: number;
  /** More pieces may lie on the disk than `have` tells. */
  doubtful: boolean;
  /** 0 until the info dictionary is known. */
  pieceCount: number;
  addedAtMs: number;
  usedAtMs: number;
  servedBytes: number;
  filledBytes: number;
};

/** What a new row may say; what it leaves out keeps its value, or begins empty. */
export type NewTask = Pick<TaskRow, 'infoHash' | 'addedAtMs'> &
  Partial<Pick<TaskRow, 'info' | 'trackers' | 'have' | 'pieceCount' | 'usedAtMs'>>;

/** A row as SQLite gives it. */
export type Stored = {
  info_hash: Buffer;
  info_hash2: Buffer | null;
  info: Buffer | null;
  layers: Buffer | null;
  trackers: string;
  reach: Reach | null;
  have: Buffer | null;
  have_count: number;
  doubtful: number;
  piece_count: number;
  added_at_ms: number;
  used_at_ms: number;
  served_bytes: number;
  filled_bytes: number;
};

export const SELECT_TASK = `SELECT info_hash, info_hash2, info, layers, reach, trackers, have, have_count, doubtful, piece_count,
  added_at_ms, used_at_ms, served_bytes, filled_bytes FROM task LEFT JOIN task_info i ON i.task = id LEFT JOIN task_layers l ON l.task = id
  LEFT JOIN task_have h ON h.task = id`;

export function rowOf(row: Stored): TaskRow {
  return {
    infoHash: infoHashOf(row.info_hash),
    infoHash2: row.info_hash2 ? infoHashOf(row.info_hash2) : undefined,
    info: row.info ?? undefined,
    layers: row.layers ?? undefined,
    reach: row.reach ?? undefined,
    trackers: JSON.parse(row.trackers) as string[],
    have: row.have ?? undefined,
    haveCount: row.have_count,
    doubtful: row.doubtful === 1,
    pieceCount: row.piece_count,
    addedAtMs: row.added_at_ms,
    usedAtMs: row.used_at_ms,
    servedBytes: row.served_bytes,
    filledBytes: row.filled_bytes,
  };
}

/** The first trackers of a list; an address too long to be one is left out. */
export const trackersText = (trackers: readonly string[]): string =>
  JSON.stringify(trackers.filter((t) => t.length <= INDEX_LIMITS.trackerChars).slice(0, INDEX_LIMITS.trackers));

/** Torrents of which every piece is verified and durable. */
export const isWhole = (row: Pick<TaskRow, 'pieceCount' | 'haveCount'>): boolean =>
  row.pieceCount > 0 && row.haveCount === row.pieceCount;
