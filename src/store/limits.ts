import { MIB } from '#base/units.ts';

/** Every bound of this folder, with its unit and why it has that size. */
export const STORE_LIMITS = {
  /** Bytes of one segment file: large enough that a disk reads it in one go, small enough to go alone (docs/decisions/eviction.md). */
  segmentBytes: 32 * MIB,
  /** Bytes handed to accept() and not yet answered: two seconds of a gigabit line. More means the disk cannot follow. */
  acceptBytes: 256 * MIB,
  /** Bytes waiting for a hash worker, accepts and reads together. */
  hashBytes: 320 * MIB,
  /** Pieces being written to one disk or waiting for their fdatasync: one group commit can carry this many. */
  writesAtOnce: 64,
  /**
   * Files of one disk in fdatasync, and calls of pwritev, at the same time: each holds a thread for as long as the disk takes. A second pwritev to
   * the same file would spin until the first is over (the kernel's lock on the inode).
   */
  syncsAtOnce: 2,
  writeCallsAtOnce: 1,
  /** Bytes of pieces that lie side by side and are written in one call: what a disk does in one go. */
  runBytes: 8 * MIB,
  /** Pieces being read from one disk at once: an arm gains little beyond a few, flash wants many. Each holds a piece buffer. */
  readsAtOnce: { hdd: 4, ssd: 16, unknown: 8 },
  /** Reads of one disk waiting for their turn: they hold no buffer yet, so this bounds only the queue. */
  readsWaiting: 4096,
  /** Milliseconds that a read may wait for its turn: clients give a request up after some ten seconds more. */
  readWaitMs: 10_000,
  /** Pieces in hand during a recheck: it must not take the disk away from the clients. */
  recheckAtOnce: 2,
  /** Disks of one box: more than fit into a case. */
  disks: 64,
  /** Share of a disk that a torrent which is moved there leaves free: what is moved must not make what lies there go. */
  movedLeavesShare: 0.1,
  /** Milliseconds between two looks whether a disk is still there. */
  watchMs: 5_000,
  /** Milliseconds for which a disk that failed gets no new torrents; doubled with each further failure, up to the second. */
  failingMs: [60_000, 3_600_000],
  /** Failed reads that make a disk a failing one: a few bad sectors are no reason yet. A failed write is one at once. */
  readErrors: 8,
  /** Bytes of the file that measures a disk when it is adopted: past what a disk's own cache swallows at once. */
  probeBytes: 32 * MIB,
  /** Pieces of which the memory cache forgets the least worth: a draw of 32 is within 1 % of looking at all. */
  cacheDraws: 32,
  /** A piece in memory that was used since this many others came is in hand: some client is in the middle of it. */
  cacheInHand: 8,
  /** Bytes a millisecond that a disk without an arm gives at least (250 MB/s): what a read takes beyond that is its seek. */
  streamBytesPerMs: 250_000,
  /** Milliseconds of a seek before one was measured: a quarter turn and a third of the way of a disk's arm; where there is none, a question. */
  assumedSeekMs: { hdd: 8, ssd: 0.2, unknown: 2 },
  /** Reads over which the cost of a seek is averaged. */
  costReads: 16,
  /** Open segment files of one disk. More than writesAtOnce + readsAtOnce + recheckAtOnce, so every running job finds room. */
  openFiles: 128,
  /** Milliseconds for which a statfs answer is believed; our own writes are subtracted meanwhile. */
  statfsMs: 1000,
  /** Milliseconds before a crashed hash worker is replaced when the one before it never answered either. */
  respawnMs: 1000,
  /** Milliseconds a worker may take over one piece: the largest takes about a second, a starved machine some more. */
  hashJobMs: 30_000,
  /** Bytes of the info dictionary kept beside the pieces: as large as an honest torrent's gets. */
  infoBytes: 32 * MIB,
  /** Bytes of the list of borrowed files: some 200 for each of ten thousand. */
  borrowedBytes: 4 * MIB,
  /** Bytes of the piece layers kept with it: 32 for each of the most pieces a torrent may have. */
  layersBytes: 64 * MIB,
} as const;
