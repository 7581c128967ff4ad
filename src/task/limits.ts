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
  /** A task that may not write waits this long before it asks again. */
  retryMs: 30_000,
  /** Fill progress is written to the index at most this often; what a crash loses of it is found again by re-checking. */
  persistEveryMs: 500,
  recountEveryMs: 200,
  /** A file shorter than this is fetched again rather than borrowed from another torrent: looking for it costs more. */
  sharedFileBytes: 256 << 10,
  /** Files of one torrent looked for in others: each costs a question to the index, some ten microseconds. */
  sharedFiles: 1_000,
  trackers: 8,
  /** The box asks trackers itself only after downloading this long with fewer live origins than this. */
  askTrackersAfterMs: 3_000,
  enoughOrigins: 2,
  tickMs: 1_000,
} as const;
