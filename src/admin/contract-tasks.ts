/** Torrents: the list of all of them, one of them, and what can be done to it. Types alone, shared with web/. */
import type { ClientView, OriginView, TaskWhy, Why } from './contract.ts';

export type TaskState = 'sleep' | 'down' | 'limited' | 'complete' | 'gone';
export type TaskSort =
  | 'name'
  | 'size'
  | 'have'
  | 'served'
  | 'filled'
  | 'heat'
  | 'added'
  | 'lastAsked'
  | 'serveRate'
  | 'fillRate';

export type TaskQuery = {
  /** Words of the name, or the beginning of an info-hash. @maxLength 200 */
  search?: string;
  /** What it is doing, or what was done to it. */
  filter?: TaskFilter;
  /** Lies on this disk. @maxLength 4096 */
  disk?: string;
  sort?: TaskSort;
  order?: 'up' | 'down';
  /** @asType integer @minimum 0 @maximum 10000000 */
  offset?: number;
  /** @asType integer @minimum 1 @maximum 200 */
  limit?: number;
};
export type TaskFilter =
  | 'all'
  | 'live'
  | 'down'
  | 'complete'
  | 'partial'
  | 'pinned'
  | 'blocked'
  | 'limited-rate'
  | 'private'
  | 'idle'
  | 'prefill';

/** A row of the list; what moves is of now where the torrent is awake, else zero. */
export type TaskRowView = {
  infoHash: string;
  name: string;
  state: TaskState;
  why: Why<TaskWhy>;
  totalBytes: number;
  haveBytes: number;
  clients: number;
  origins: number;
  servedBytes: number;
  filledBytes: number;
  serveRateBytesPerS: number;
  fillRateBytesPerS: number;
  addedAtMs: number;
  lastAskedAtMs?: number;
  isPinned: boolean;
  isBlocked: boolean;
  isPrivate: boolean;
};

export type TaskPage = {
  rows: readonly TaskRowView[];
  /** How many fit the question, and how many there are. */
  matching: number;
  total: number;
};

export type TaskFileView = { path: string; sizeBytes: number; haveBytes: number };

export type TaskDetail = TaskRowView & {
  /** Of a v2 or hybrid torrent, 64 hex digits. */
  infoHashV2?: string;
  pieceBytes: number;
  pieceCount: number;
  /** One letter for each cell of the map, at most 1,000 cells: `0` nothing of it to `9` all of it. Empty while the pieces are unknown. */
  pieceMap: string;
  /** Which share of each cell's pieces clients hold in the mean, the same way; empty without clients. */
  clientMap: string;
  heldBy: readonly ClientView[];
  heldByOmitted: number;
  from: readonly OriginView[];
  fromOmitted: number;
  files: readonly TaskFileView[];
  filesOmitted: number;
  disks: readonly string[];
  /** Visits by hour, oldest first, of the last seven days at most: how hot it was. */
  heat: readonly HeatSample[];
  /** How fast its clients are served at most; absent: as the box's settings say. */
  limitMbps?: number;
  trackers: readonly string[];
  /** Of the last verification that was asked for; `endedAtMs` absent: it waits, or is under way. `why`: it could not be done to its end. */
  recheck?: { doneBytes: number; totalBytes: number; badPieces: number; endedAtMs?: number; why?: Why<ActionWhy> };
};
export type HeatSample = { fromMs: number; clients: number; servedBytes: number };

export type TaskAction =
  | { do: 'pin' }
  | { do: 'unpin' }
  | { do: 'drop' }
  | { do: 'recheck' }
  | { do: 'block' }
  | { do: 'unblock' }
  | {
      do: 'limit';
      /** Absent: no limit of its own. @minimum 0.1 @maximum 100000 */
      mbps?: number;
    };
export type TaskActions = {
  /** @minItems 1 @maxItems 200 */
  infoHashes: readonly InfoHashText[];
  action: TaskAction;
};
/** @pattern ^[0-9a-fA-F]{40}$ */
export type InfoHashText = string;
/** Why something was not done with a torrent. */
export type ActionWhy =
  | 'unknown-torrent'
  | 'pinned'
  | 'by-settings'
  | 'nothing-there'
  | 'disk-gone'
  | 'not-written'
  | 'too-many';
export type TaskActionsDone = { done: number; refused: readonly { infoHash: string; why: Why<ActionWhy> }[] };

/** To be fetched before anybody asks. */
export type NewOrder = {
  /** A magnet link, a `qvod://` link, or an info-hash. @minLength 20 @maxLength 8192 */
  link?: string;
  /** A `.torrent` file in base64. @maxLength 16777216 */
  torrent?: string;
  /** Now, or in the night's window. */
  when: 'now' | 'window';
};
export type OrderAdded = { infoHash: string; name: string; already: boolean };
export type OrderMove = { to: 'front' | 'now' };
