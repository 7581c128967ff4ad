/** What the box's part in a fleet may cost, and how patient it is. Each with its unit and its reason. */

/** In the data folder: what a node must not forget. */
export const FLEET_BOOK = 'fleet.db';

export const FLEET_TASK_LIMITS = {
  lookMs: 1_000,
  /** Where distributions are had from: those that were named first stay. */
  givers: 64,
  /** A piece that the store did not take is put again so many times, so long after, ms: room is being made, or a disk was busy. */
  tries: 5,
  againMs: 1_000,
  /** The disk takes nothing for so long, ms, and nothing comes: that will not pass by itself. */
  stuckMs: 60_000,
} as const;

/** Why the box has no part in a torrent just now, and may have one another time: codes of the manager and of tasks. */
export const PASSING_REFUSALS: ReadonlySet<string> = new Set([
  'overload',
  'task-failed',
  'stalled',
  'no-metainfo',
  'removed',
  'disk-full',
  'disk-failed',
  'day-used-up',
]);

export const JOIN_LIMITS = {
  lookMs: 1_000,
  /** Before joining is tried again, doubled with each further try up to the second, ms. */
  retryMs: [1_000, 30_000],
  /** A broker that is away no longer than this is no reason for a warning, ms: it may be restarted. */
  brokerMs: 30_000,
  /** Between two looks whether a password or a certificate is another, while there is no connection, ms. */
  filesMs: 30_000,
} as const;
