/** What the whole house of tasks may cost. Each with its unit and its reason. */
export const LIMITS = {
  /** Tasks in memory: a sleeping agent costs what its metainfo does, some 50 KiB. */
  tasks: 20_000,
  /** Of those, that sleep in memory: the others rest in the index, from which they wake within milliseconds. How often that is looked at. */
  asleep: 250,
  bedtimeMs: 10_000,
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
  /** A torrent whose pieces were all verified is left in peace for so long: what rots does so in months, and a disk may rest. */
  scrubEveryMs: 7 * 24 * 3_600_000,
  /** Between two looks for disks that nobody scrubs: some were away, or had nothing left. The first comes once the start is over. */
  scrubLookMs: 10 * 60_000,
  /** Before a disk that clients use is asked again: they are seldom done sooner. */
  scrubYieldMs: 1_000,
  /** How far a scrub has come is noted so often: a killed daemon repeats no more than this. */
  scrubKeepMs: 60_000,
  /** Between two pages of the index: a hundred thousand torrents of other disks are passed over in half a minute. */
  scrubPageMs: 20,
  /**
   * A disk with less room than this loses what is worth least, until it has that much: a share of what it holds, within bounds. The least lasts from
   * one look to the next, two seconds later, at half a gigabit; the most is half a minute of a gigabit.
   */
  evictBelow: { share: 0.05, least: 192 << 20, most: 4 * 2 ** 30 },
  evictTo: { share: 0.08, least: 320 << 20, most: 6 * 2 ** 30 },
  /** Bytes a second that are moved off a disk that is to become empty, at most: beside clients who read at gigabits it is hardly felt. */
  drainBytesPerS: 32 << 20,
  /** A piece waits that long for whoever else uses the disks, and looks again; after so long it moves anyway. */
  drainYieldMs: 25,
  drainYieldMostMs: 1_000,
  /** What found no room, or was in use, is tried again after that. */
  drainLookMs: 60_000,
  /** Torrents of which the one worth least goes. */
  evictDraws: 16,
  /** A client that is expected within so long counts as much as one that is here. */
  evictAheadMs: 2 * 3_600_000,
  /** What is fetched for a client that takes it later is worth so much: nothing is fetched ahead while as much goes for it; and for how long after. */
  aheadWorth: 1,
  squeezedMs: 10_000,
  /** Of torrents that had one client, the share that gets another. */
  evictPrior: 0.5,
  /** When nothing could go, the next try waits so long: clients complete what they lack, or leave. */
  evictAgainMs: 3_000,
  /** As warm as a torrent is two days after its second client. */
  secondClient: 0.1,
  /** A torrent that has gone and was first asked for longer ago, and not again, is forgotten. */
  rememberMs: 7 * 24 * 3_600_000,
  /** A client that was left to the swarm is still fetching for so long; and how many are remembered. */
  togetherMs: 30 * 60_000,
  declined: 2_000,
  /** A client that was away for longer counts as one more; and how many are remembered. */
  visitMs: 6 * 3_600_000,
  visits: 20_000,
  /** Tasks that fetch at the same time for clients that wait: all downloads of a campus at its busiest hour. */
  downloads: 256,
  /** Between two looks at who sits; and how often what the visits have taught is kept. */
  seatTickMs: 1_000,
  keepVisitsMs: 60_000,
  /** Begun and unverified pieces of all tasks together; each has an equal share of it, within what a task may have. */
  begunBytes: 512 << 20,
  /** A task looks for a seat, or whether to keep its own, so often; half as long or half as long again by chance. */
  seatLookMs: 30_000,
  seatedLookMs: 10_000,
  /** Who fetches slower than this for so long gives its seat up, and rests. */
  slowBytesPerS: 50_000,
  slowForMs: 60_000,
  slowRestMs: 10 * 60_000,
  /** What a torrent is thought to be fetched with before it was. */
  guessedBytesPerS: 1_000_000,
  /** A client that announced and has not come to the box after so long fetches past it; how many are waited for; how many are counted before older ones count half. */
  awaitMs: 2 * 60_000,
  awaited: 5_000,
  awaitedCounted: 1_000,
  /** A torrent whose agent threw begins again after this long, doubling up to the second; once that is so long over, as if it had never been. How many are remembered. */
  setbackMs: 1_000,
  setbackMostMs: 10 * 60_000,
  setbackOverMs: 60 * 60_000,
  setbacks: 1_000,
  /** A client that was given something since is being served: it asks for more within a round trip, and pauses to write to a slow disk. */
  servedWithinMs: 10_000,
  /** Torrents that the operator decided something of: a file of some two megabytes, written whole with each decision. */
  decisions: 20_000,
  /** Torrents of which it is kept in memory how fast they may be served. */
  limitsKept: 10_000,
  /** Torrents that wait to be verified because the operator said so, and those of which the end is still told. */
  rechecksWaiting: 1_000,
  rechecksEnded: 500,
  /** Between two looks whether the disk is free, and the least rest between two pieces. */
  recheckYieldMs: 250,
  recheckRestMs: 5,
  /** Between two torrents whose name is read from the disk, for the list. */
  namingRestMs: 50,
  /** Torrents of which it is known what is in them, for people who look at them; and files that are told of each. */
  contents: 16,
  contentFiles: 500,
} as const;
