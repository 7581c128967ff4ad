/** What looking at the trace may cost. Each with its unit and its reason. */
export const WHAT_IF_LIMITS = {
  /** Requests for segments that are looked at, the latest: four weeks of a campus, 24 bytes each. */
  requests: 4_000_000,
  /** Sessions, some 200 bytes each. */
  sessions: 400_000,
  /** Segments of all torrents together, some 30 bytes each: 64 TiB. A stranger's torrent may say that it has as many as it likes. */
  segments: 4_000_000,
  /** What a clock may have been wrong by. What lies further ahead was written by one that was. */
  aheadMin: 24 * 60,
  /** How long one look may take, and the memory of its thread, MiB. */
  withinMs: 120_000,
  heapMib: 512,
  /** An answer is given again for so long: whoever asks all the time costs no more than this. */
  sameForMs: 60_000,
} as const;
