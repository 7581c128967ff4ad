import { MIB } from '#base/units.ts';

/** Every bound of this folder, with its unit and its reason. */
export type DownloadLimits = {
  /** Connections to origins at once, per task: enough to fill a line from slow seeds, few enough to be polite. */
  readonly liveOrigins: number;
  /** Origins remembered per task; the least useful is forgotten first. */
  readonly knownOrigins: number;
  /** A dial that has not connected by then has failed. */
  readonly dialMs: number;
  /** A connected peer that has not sent its handshake by then is silent: the next dial tries MSE. */
  readonly handshakeMs: number;
  /** A request unanswered for this long goes to another origin (BEP 3 names no time; clients use 20 to 60 s). */
  readonly requestMs: number;
  /**
   * An origin that owes blocks and says nothing at all for this long is dialled anew: when a line is cut, nobody is told. Longer than `requestMs`, and short
   * enough that there are bytes again before the task lets its clients go.
   */
  readonly silentMs: number;
  /** The time a request should wait in an origin's queue, over the round trip: long enough that the line never runs dry, short enough that little is lost with a kill. */
  readonly queueMs: number;
  /**
   * Blocks asked of one origin at once: at least, at the start, at most of one that does not say how many it lets queue (250 is what clients assume),
   * and of one that says so: a gigabit over a tenth of a second.
   */
  readonly minWindow: number;
  readonly firstWindow: number;
  readonly maxWindow: number;
  readonly maxSaidWindow: number;
  /** Memory in begun and unverified pieces of one task: this many bytes, or `begunPieces` pieces where pieces are larger. */
  readonly begunBytes: number;
  readonly begunPieces: number;
  /** Pieces that are needed soon begun in a row, before one of the others: these get a quarter of the line at least. */
  readonly urgentRun: number;
  /** Begun bytes kept while the task is paused: a short pause must not cost the line anything. */
  readonly pausedBytes: number;
  /** Wait after the store was full or failed; doubles up to the second value. */
  readonly storeRetryMs: number;
  readonly storeRetryMaxMs: number;
  /** First redial at once, almost; then doubling from the second value up to the third. */
  readonly firstRedialMs: number;
  readonly redialMs: number;
  readonly redialMaxMs: number;
  /** A connection that lasted this long was no failure. */
  readonly steadyMs: number;
  /** An origin that gives nothing for this long makes room when others wait to be tried. */
  readonly uselessMs: number;
  /** An unchoked origin that rejects a piece is not asked for that piece for this long. */
  readonly rejectedMs: number;
  /** Rejects from one unchoked origin before it is dropped. */
  readonly rejects: number;
  /** `have` messages kept before the piece count is known. */
  readonly earlyHaves: number;
  /** Origins asked for the metainfo at once; a second only when the first stalls for `metadataStallMs`. */
  readonly metadataOrigins: number;
  readonly metadataWindow: number;
  readonly metadataStallMs: number;
  /** Largest metainfo fetched, as 16 KiB pieces (BEP 9 has no bound; a 1 TB torrent of 4 MiB pieces has 5 MiB). */
  readonly metadataBytes: number;
  /** Portions of 512 piece hashes (BEP 52) asked of one origin at once: 16 KiB each. One unanswered for `layerStallMs` goes to another. */
  readonly layerWindow: number;
  readonly layerStallMs: number;
  /** Mixed bad pieces whose blocks are remembered, to find the liar. */
  readonly suspectPieces: number;
  /** Blocks asked of one LAN client at once: a wire's round trip at a gigabit, many times over. */
  readonly neighbourWindow: number;
  /** A LAN client that lets a request wait for so long is asked no sooner than an origin; for so long, is left alone; and how long. */
  readonly neighbourPromptMs: number;
  readonly neighbourWaitMs: number;
  readonly neighbourRestMs: number;
  /** Blocks of a LAN client that nobody waits for any more, beyond those that were given up, before it is dropped. */
  readonly strayBlocks: number;
  /** Silence towards an origin before a keep-alive (BEP 3: two minutes is customary). */
  readonly keepAliveMs: number;
};

export const DOWNLOAD_LIMITS: DownloadLimits = {
  liveOrigins: 8,
  knownOrigins: 200,
  dialMs: 10_000,
  handshakeMs: 8_000,
  requestMs: 20_000,
  silentMs: 22_000,
  queueMs: 350,
  minWindow: 4,
  firstWindow: 16,
  maxWindow: 250,
  maxSaidWindow: 800,
  begunBytes: 64 * MIB,
  begunPieces: 4,
  urgentRun: 3,
  pausedBytes: 4 * MIB,
  storeRetryMs: 5_000,
  storeRetryMaxMs: 120_000,
  firstRedialMs: 250,
  redialMs: 2_000,
  redialMaxMs: 300_000,
  steadyMs: 60_000,
  uselessMs: 60_000,
  rejectedMs: 10_000,
  rejects: 500,
  earlyHaves: 65_536,
  metadataOrigins: 2,
  metadataWindow: 8,
  metadataStallMs: 3_000,
  metadataBytes: 32 * MIB,
  layerWindow: 4,
  layerStallMs: 3_000,
  suspectPieces: 64,
  neighbourWindow: 64,
  neighbourPromptMs: 1_000,
  neighbourWaitMs: 3_000,
  neighbourRestMs: 60_000,
  strayBlocks: 64,
  keepAliveMs: 100_000,
};
