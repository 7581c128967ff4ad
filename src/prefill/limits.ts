/** What the drop folder and its list may cost. Each with its unit and its reason. */
export const LIMITS = {
  /** Entries of the folder that are read in one look, and files of them that are looked at: the others come later. */
  entries: 10_000,
  files: 200,
  /** A file whose size and time have not changed for so long has been written. */
  stillMs: 3_000,
  /** One that cannot be used, or has another ending, may be an upload that pauses, or goes under a name for the time being. */
  uselessMs: 15_000,
  strangeMs: 10 * 60_000,
  /** A file that cannot be moved, or taken in just now, is left alone so long. */
  againMs: 60_000,
  /** Bytes of a .torrent file: 400,000 pieces are 8 MB of hashes; one more copy is read at a time. */
  torrentBytes: 16 << 20,
  /** Bytes of a .magnet file, and links in it. */
  linkBytes: 1 << 20,
  links: 500,
  /** Characters of one link that is sent by itself: a magnet link with many trackers has some two thousand. */
  oneLinkChars: 8192,
  /** Orders in the view of somebody who looks at nothing else. */
  all: 700,
  /** Sentences in one `.why` file: more of the same help nobody. */
  whys: 50,
  /** Orders that wait, and orders that have ended and are still told of. */
  waiting: 500,
  ended: 200,
  /** Trackers of an order, and the characters of one: a task asks no more, and no honest one is longer. */
  trackers: 8,
  trackerChars: 512,
  /** Characters of a name for people's eyes. */
  nameChars: 200,
  /** Torrents that are fetched at the same time: two, so that a slow swarm does not leave the line idle. */
  atOnce: 2,
  /** An order that brings nothing for so long makes way for the next one, and is tried again after the second. */
  stuckMs: 10 * 60_000,
  restMs: 60 * 60_000,
  /** What nobody had in so long nobody will have. */
  giveUpMs: 30 * 24 * 3_600_000,
  /** A torrent that was pre-filled is kept for so long, whoever asks for it: a weekend passes, and a course begins on Monday. */
  keepMs: 7 * 24 * 3_600_000,
  /** Share of the disks that orders may fill, and one order of its disk: the rest is for what clients ask for. */
  diskShare: 0.8,
  /** Orders in one view. */
  shown: 50,
} as const;
