/** What one task may cost. Each with its unit and its reason. */
export const LIMITS = {
  /** Clients of a torrent whose metainfo nobody gives in this time are let go, and pass from then on. */
  metainfoWithinMs: 15_000,
  /** Clients that lack something and get nothing, while nothing comes from outside either, are let go after this time. */
  stalledMs: 30_000,
  /** Connected LAN clients: a lecture hall fetching one torrent. */
  clients: 512,
  /** Qvod clients in a row that shake hands and leave without a word, before the torrent passes: one or two may only have looked. */
  silentClients: 3,
  /** Origin endpoints remembered; the downloader dials a few of them at a time. */
  sources: 400,
  /** Messages waiting for the agent; each is a few words. */
  mailbox: 256,
  /** After a client's announce the box fetches ahead this long, and this much, before the client has dialled. */
  expectForMs: 30_000,
  expectBytes: 16 << 20,
  /** A sleeping task leaves memory after this time without a client. Its pieces stay. */
  idleMs: 15 * 60_000,
  /** A full disk is waited for this long before clients are let go: room is made every other second, and the store is tried again after 5 and 10 more. */
  roomWithinMs: 12_000,
  /** What has come is not given up before who waited for it had so long to take it; and how many pieces are remembered as fresh. */
  freshMs: 60_000,
  freshPieces: 4_096,
  /** A task that may not write waits this long before it asks again. */
  retryMs: 30_000,
  /** Fill progress is written to the index at most this often; what a crash loses of it is found again by re-checking. */
  persistEveryMs: 500,
  /** What clients lack is counted anew at most this often, and at once when one comes or leaves, while a count asks no more than so many questions (1 ms). */
  recountEveryMs: 200,
  recountAtOnce: 100_000,
  /** With so many (5 ms) and more it is counted more seldom, so that a hall of clients costs no more than a room of them. */
  recountOften: 500_000,
  /** A file shorter than this is fetched again rather than borrowed from another torrent: looking for it costs more. */
  sharedFileBytes: 256 << 10,
  /** Files of one torrent looked for in others: each costs a question to the index, some ten microseconds. */
  sharedFiles: 1_000,
  /** What a client is offered ahead: bytes, so that a gigabit line does not wait for the next offer, and pieces. */
  offeredBytes: 8 << 20,
  offeredPieces: 8,
  /** The most that a client is offered ahead: twice what the box lets it ask for at once. */
  mostOfferedBytes: 32 << 20,
  /** A client that had nothing under way for this long, and offers to ask for, looks only now and then. */
  pauseMs: 400,
  /** Pieces given and not confirmed that are remembered of a client, in windows: the `have` of an honest one comes within one. */
  givenWindows: 4,
  /** Pieces about to be read that the carousel remembers: a disk reads that many in some ten seconds. */
  ringPieces: 1_024,
  /** A disk whose reads take this many milliseconds more than their bytes do is slow; below the second it is not even while it is read in order. */
  slowSeekMs: 3,
  fastSeekMs: 0.5,
  /** A client that asks for nothing that it is offered: at first (Transmission looks every ten seconds whom it is interested in), and later. */
  shyMs: 15_000,
  shyAgainMs: 5_000,
  /** In order is who takes the lowest of at least so many, so many times from the first on: at most one in 4,000 does by chance. */
  orderChoices: 4,
  orderAsks: 6,
  /** Files that a client may want without the others. Smaller ones cost less than finding out. */
  partBytes: 4 << 20,
  partPieces: 8,
  /** A client that is not interested in what it is offered for so long does not want it: Transmission looks every ten seconds. */
  unwantedAfterMs: 15_000,
  /** A client that leaves alone what lies ready for it, for so long, wants no more: Transmission looks every ten seconds whom to ask. */
  satedAfterMs: 15_000,
  /** Without a seat a torrent is fetched so far ahead of its clients, and never less than so many pieces: a second of the fastest line. */
  leadBytes: 32 << 20,
  leadPieces: 4,
  /**
   * Reading in order, as a choice shows it: one of the lowest quarter of what was offered speaks for it, one with so many lower ones against. For it
   * this many more must speak than against; a random choice is among the lowest quarter once in four times.
   */
  orderSlack: 4,
  orderFarMiss: 3,
  /** Pieces on either side that are looked at to find out what else was offered. */
  orderLook: 1_024,
  /** Runs of pieces that a client may come with and be one that reads in order: it has jumped, or has some files whole. */
  orderRuns: 8,
  /** What is fetched before the rest, ahead of a client that reads in order: a quarter of a minute of a film of 8 Mbit/s. */
  aheadBytes: 16 << 20,
  aheadPieces: 512,
  /** And at the end of its file: a film's index is there, and half a MiB for an hour. */
  tailBytes: 1 << 20,
  /** Where rates are limited: the least weight of a client that others on the LAN could help too. An equal share is 1. */
  leastWeight: 0.25,
  /**
   * A client that wants nothing of what it is offered of its file has turned to another place in it after so long; and so long may it take to ask for
   * a piece that it is offered then: both are far more than it needs.
   */
  turnedAfterMs: 1_000,
  answerMs: 200,
  /** Pieces fetched to find it before it has taken one: one for each five minutes of a long film. */
  probes: 32,
  /** Of a file that it had asked for it wants nothing any more after so long: that is enough to find another place. */
  turnedAwayAfterMs: 60_000,
  trackers: 8,
  /** The box asks trackers itself only after downloading this long with fewer live origins than this. */
  askTrackersAfterMs: 3_000,
  enoughOrigins: 2,
  tickMs: 1_000,
  beatGridMs: 125,
  /** For who reads in order the next piece is read ahead where so many fit into the task's share of the memory. */
  aheadRoom: 4,
} as const;
