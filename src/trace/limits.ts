import { MIB } from '#base/units.ts';

/** What the trace may cost. Each with its unit and its reason. */
export const TRACE_LIMITS = {
  /** What is counted by. Smaller ones say little more of a disk of terabytes, and make a week of a campus many times as long. */
  segmentBytes: 16 * MIB,
  /** Of one torrent: a TiB. Those of a larger one are larger. */
  segments: 65_536,
  /** A client that has asked for nothing for so long has left: on a slow swarm it waits for minutes between two pieces. */
  quietMin: 60,
  /** Sessions under way: a campus has some hundreds. Of more the one that began first is written as it is. */
  openSessions: 4_000,
  /** Segments that sessions under way have asked for, some 50 bytes each. */
  openAsks: 300_000,
  /** Between two writes, and how much may wait for one that hangs. */
  writeEveryMs: 60_000,
  waitingBytes: 4 * MIB,
  /** How long it is kept; and how much: a week of a campus takes a quarter of it. */
  keepMs: 7 * 24 * 3_600_000,
  totalBytes: 32 * MIB,
  /** The oldest file goes as a whole. */
  fileBytes: 2 * MIB,
  fileMs: 24 * 3_600_000,
} as const;
