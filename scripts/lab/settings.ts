/** What a run of the carousel bench has, and how long it may take. */
export const KINDS = ['libtorrent', 'libtorrent in order', 'aria2', 'transmission'] as const;
export type Kind = (typeof KINDS)[number];

const SETTINGS = {
  torrentMiB: 128,
  pieceKiB: 256,
  /** An eighth of the torrent. */
  cacheMiB: 16,
  /** The disk: a seek of a disk's arm, and a quarter of its rate, so that it is the disk that limits and not the machine. */
  seekMs: 8,
  MBps: 45,
  clients: Array.from({ length: 6 }, (): Kind => 'libtorrent'),
  /** Seconds between one client's start and the next's. */
  apartS: 0,
  rounds: 1,
  /** Without and with, by turns. */
  carousel: [false, true],
  /** What stands where, every two seconds, on standard error. */
  verbose: false,
  limitS: 200,
};
export type Settings = typeof SETTINGS;

/** `text`: a JSON object of those that are to be others. */
export const readSettings = (text = '{}'): Settings => ({ ...SETTINGS, ...(JSON.parse(text) as Partial<Settings>) });
