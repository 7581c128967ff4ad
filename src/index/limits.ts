import { MIB } from '#base/units.ts';

/** Every bound of this folder, with its unit and why it has that size. */
export const INDEX_LIMITS = {
  /** Trackers kept for one torrent: the rest of a long list is other names of the same few. */
  trackers: 64,
  /** Characters of one tracker's address (RFC 9110 section 4.1 asks for 8000; announce addresses stay far below). */
  trackerChars: 2048,
  /** Bytes of one info dictionary: as large as an honest torrent's gets. */
  infoBytes: 32 * MIB,
  /** Bytes of one torrent's piece layers: 32 for each of the most pieces a torrent may have. */
  layersBytes: 64 * MIB,
  /** Files of one torrent that are found by their roots: more would be small ones, of which sharing saves little. */
  files: 10_000,
  /** Torrents of which nothing but the name is known, and how much it was asked for: anybody on the LAN may say any number of names. A row takes some 150 bytes. */
  names: 50_000,
  /** So many new names, and the surplus goes. */
  namesEvery: 5_000,
  /** Characters of a name in the list: more is not read by anybody. */
  nameChars: 512,
  /** Characters of what a person searches for, and words of it: each is looked for in every name. */
  searchChars: 200,
  searchWords: 8,
  /** Torrents without a name that are looked at together. */
  unnamedPage: 100,
  /** Hours of which it is kept how hot each torrent was: a week. */
  heatHours: 7 * 24,
  /** Questions about the list that wait for their turn: the page asks one at a time, and there are few pages. */
  searchesWaiting: 32,
  /** Milliseconds after which an answer is given up, and the thread with it: a hundred times what it takes. */
  searchWithinMs: 10_000,
  /** Torrents in one answer: a page of the list, or all that are awake. */
  searchRows: 20_000,
  /** Rows before a page from which on the whole order is kept, and for how many milliseconds. */
  searchDeep: 5_000,
  orderForMs: 5_000,
  /** KiB of pages that the searching thread keeps, and MiB of its heap. */
  searchCacheKib: 32_768,
  searchHeapMib: 192,
  /** Milliseconds for which it is believed what lies on a disk. */
  folderForMs: 30_000,
  /** Torrents looked at that hold one file. */
  holders: 8,
  /** Steps of traffic kept of each grid, some 100 bytes each: what charts show (a day, a month, a year), and half as many that a wrong clock made. */
  trafficRows: { '5m': 450, '15m': 4_500, day: 600 },
  /** Rows of the clients' history, some 80 bytes each: 200 machines with 30 torrents a day for a month. */
  clientDays: 200_000,
  /** Rows told of one client. */
  clientAnswer: 10_000,
  /** Torrents looked at that have the same pieces. */
  twins: 8,
  /** Torrents read at a time on the way through all that are to be verified: a fraction of a millisecond. */
  scrubPage: 100,
  /** Messages of a fleet that are known again when they come twice: what a broker sends anew after a crash is far less. */
  heard: 100_000,
  /** Entries of a fleet's diary, some 150 bytes each, and the days that they are kept: what 500 nodes that come and go each day make in three months. */
  notes: 100_000,
  noteDays: 90,
  /** Characters of what an entry says for the engineer. */
  noteChars: 500,
  /** Milliseconds to wait for another process (a person with sqlite3) before a write is given up: the bytes wait too. */
  busyMs: 250,
  /** Databases that could not be used, and lie beside the one that is: a disk that damages each of them shall not be filled with them. */
  aside: 3,
  /** Pages of 4 KiB in the write-ahead log before it is folded into the database. */
  walPages: 1000,
} as const;
