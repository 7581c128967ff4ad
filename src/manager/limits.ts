/** What the whole house of tasks may cost. Each with its unit and its reason. */
export const LIMITS = {
  /** Tasks in memory: a sleeping agent costs a few KiB. */
  tasks: 20_000,
  /** Torrents whose peers were heard of before anybody dialled. */
  heard: 2_000,
  heardSources: 50,
  /** Torrents that policy refuses, remembered so that their next connection passes at once. */
  refused: 20_000,
  /** Then it is tried again: metainfo that nobody gave may be had by now; a private torrent is known by its own. */
  refusedForMs: 30 * 60_000,
  /** Bytes of a file worth finding in another torrent: below this it is fetched again. */
  lentFileBytes: 256 << 10,
  /** Tasks re-checked at the same time after an unclean stop: they share the disk. */
  rechecksAtOnce: 2,
  /** Tasks in memory above which a re-checked one that nobody uses leaves at once: after a lost index all torrents are re-checked. */
  recheckedTasks: 200,
  /** Room below which no new torrent is taken on: a box at its floor must not claim a flow only to let it go again. */
  roomBytes: 64 << 20,
  roomEveryMs: 2_000,
  /** A disk that failed to write is not tried again for this long. */
  failedForMs: 10 * 60_000,
} as const;
