/** Figures over time, and whether they add up. Types alone, shared with web/. */
import type { Totals } from './contract.ts';

export type Span = 'minutes' | 'day' | 'month' | 'year';
export type SeriesQuery = { span: Span };

/** Columns of equal length, oldest first, as a chart takes them. `null`: the box was not running. */
export type Series = {
  stepMs: number;
  /** Beginning of each step. */
  atMs: readonly number[];
  /** Bytes per second in the mean of the step. */
  wanRx: readonly (number | null)[];
  wanTx: readonly (number | null)[];
  lanRx: readonly (number | null)[];
  lanTx: readonly (number | null)[];
  served: readonly (number | null)[];
  /** Of what was served, what was fetched for it; the rest had been here. */
  fresh: readonly (number | null)[];
  filled: readonly (number | null)[];
  passed: readonly (number | null)[];
  /** Connections with clients, in the mean. */
  clients: readonly (number | null)[];
};

/**
 * What the box says it saved, held against what the ports counted in the same time (the last hour, or since the daemon began):
 * `lanTxBytes = (wanRxBytes - keptBytes) + fromCacheBytes + residualBytes`.
 */
export type Balance = {
  sinceMs: number;
  untilMs: number;
  /** To clients, from pieces: `fresh` is what was fetched for it, given for the first time; `fromCache` had been here. Together they are `served`. */
  servedBytes: number;
  fromCacheBytes: number;
  freshBytes: number;
  filledBytes: number;
  /** Fetched less fresh: it came in and has not gone out. Below zero when more goes out that came in before this time. */
  keptBytes: number;
  /** Spliced through, both ways; it is part of what the ports counted, too. */
  passedBytes: number;
  /** As the kernel counted the ports, headers and all. */
  lanTxBytes: number;
  wanRxBytes: number;
  /** What no counter of the box has: headers of what was given, what was sent again, the page itself, less headers of what was fetched and what the box fetched for itself. It may be below zero. */
  residualBytes: number;
  /** Of what went out at the LAN port. */
  residualShare: number;
  /** False: a port was counted anew or the box is too young; the rest is then of little worth. */
  isWhole: boolean;
};

export type Worth = {
  today: Totals;
  month: Totals;
  all: Totals;
  /** served from what had been here / served; absent while nothing was served. */
  hitRateToday?: number;
  hitRateMonth?: number;
};

export type ClientRow = {
  address: string;
  names: readonly string[];
  connections: number;
  torrents: number;
  serveRateBytesPerS: number;
  servedBytes: number;
  sinceMs: number;
};
export type ClientsView = {
  /** Connected now. */
  connected: number;
  connections: number;
  /** Each machine, only where the operator switched the history of clients on; else nothing of one machine is told. */
  rows?: readonly ClientRow[];
  omitted: number;
  /** By kind of program, which is personal to nobody. */
  programs: readonly { name: string; connections: number }[];
  history: { on: boolean; keepDays: number; oldestAtMs?: number };
};
export type ClientHistoryQuery = {
  /** An IP address. @maxLength 64 */
  address: string;
};
/** Of one, or of all. */
export type ForgetClients = {
  /** An IP address. @maxLength 64 */
  address?: string;
};
export type ClientHistory = {
  address: string;
  days: readonly { dayMs: number; servedBytes: number; torrents: number }[];
  torrents: readonly { infoHash: string; name: string; servedBytes: number; lastAtMs: number }[];
};
