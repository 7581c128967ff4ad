/** Bounds of this folder: value, unit, reason. */
export const CONSOLE_LIMITS = {
  /** ms between two looks at the book; and how many times as long as a look took is waited after it, so that a large fleet costs a twentieth of a core at most. */
  lookMs: 900,
  restAfterLook: 20,
  /** Distributions that are over are looked at by turns, so many at each look: little happens to them. */
  overAtOnce: 8,
  /** ms over which a pace is measured, and samples kept of it. */
  paceMs: 12_000,
  paceSamples: 16,
  /** Distributions in the live feed: a second's work stays small. */
  moving: 40,
  /** Uploads that are not over. Each holds a folder and a list of names. */
  uploads: 8,
  /** Those that are over are told of for so long, ms, and so many of them. */
  toldMs: 600_000,
  told: 64,
  /** ms after which an upload that nobody goes on with is thrown away. */
  idleMs: 3_600_000,
  /** ms between looks for such. */
  sweepMs: 60_000,
  /** Bytes that an upload leaves free on the disk: the book grows, too. */
  spareBytes: 512 * 1024 * 1024,
  /** Bytes of one name of a path, as file systems have it; names of a path, and bytes of a whole one: systems stop at 4,096, and nodes put a folder of theirs before it. */
  nameBytes: 255,
  names: 32,
  pathBytes: 2_000,
} as const;
