import { KIB, MIB } from '#base/units.ts';

/** Every bound of this folder, with its unit and its reason. */
export type ClientLimits = {
  /** Requests waiting for an answer, per client. Clients keep 250 (libtorrent) to 1,000 open; more is refused. */
  readonly requests: number;
  /** What we tell clients to keep open at most (BEP 10 `reqq`). */
  readonly reqq: number;
  /** Bytes of one request: what mainstream clients accept from each other. */
  readonly requestBytes: number;
  /** Bytes of consecutive requests answered in one slice. */
  readonly runBytes: number;
  /** Bytes on their way to one client that its socket has not taken: more is not read from the store until it drains. */
  readonly unsentBytes: number;
  /** Reads from the store under way for one client, over all its connections: more than a disk with an arm does at once. */
  readonly reads: number;
  /** Where a rate is limited: the length of one client's turn at the full rate, between one block and the largest request. */
  readonly turnMs: number;
  /** Where a rate is limited: what may go at once after a rest, and so how late a timer may be without loss. */
  readonly burstMs: number;
  /** Bytes of one frame from a client: the bitfield of the most pieces a torrent may have (2^21), with room. */
  readonly frameBytes: number;
  /** `have` messages kept before the piece count is known. */
  readonly earlyHaves: number;
  /** Bytes of small messages (rejects, metainfo) that wait for a client that does not read. */
  readonly controlBytes: number;
  /** A client that says nothing for this long is gone (BEP 3: keep-alives come every two minutes). */
  readonly idleMs: number;
  readonly keepAliveMs: number;
  readonly tickMs: number;
  /** How long the last piece but one waits for the last. */
  readonly holdMs: number;
  /** Metadata pieces asked of the client at once, and how long it may take over one. */
  readonly metadataWindow: number;
  readonly metadataStallMs: number;
  /** PEX (BEP 11): between two messages, and peers in one of each kind. */
  readonly pexEveryMs: number;
  readonly pexPeers: number;
  /** Of what the client tells: messages at once, then one for each `pexHeardEveryMs`. Others send one a minute. */
  readonly pexHeard: number;
  readonly pexHeardEveryMs: number;
  /** Metadata requests of one client that are answered: twice the largest metainfo, so that it can be asked for again. */
  readonly metadataAnswers: number;
  /** Hash requests (BEP 52) of one client: twice the portions of 512 of the most pieces a torrent may have. More, and it is dropped. */
  readonly hashRequests: number;
  /** Hash requests that wait for the layers, or for room, and how long: libtorrent keeps two open. */
  readonly heldHashes: number;
  readonly hashHoldMs: number;
  /** After the last hash request of a hybrid's client, before it is given blocks: a LAN's round trips, and a busy client's. */
  readonly hashQuietMs: number;
  /** Portions of the piece layers asked of the client at once, and how long it may take over one. */
  readonly layerWindow: number;
  readonly layerStallMs: number;
  /** Seed files given to one Qvod client: it needs one, and may have lost it. */
  readonly metafileAnswers: number;
};

export const CLIENT_LIMITS: ClientLimits = {
  requests: 2_000,
  reqq: 1_000,
  requestBytes: 128 * KIB,
  runBytes: 512 * KIB,
  unsentBytes: MIB,
  reads: 8,
  turnMs: 5,
  burstMs: 50,
  frameBytes: 384 * KIB,
  earlyHaves: 65_536,
  controlBytes: MIB,
  idleMs: 180_000,
  keepAliveMs: 100_000,
  tickMs: 5_000,
  holdMs: 10_000,
  pexEveryMs: 60_000,
  pexPeers: 50,
  pexHeard: 3,
  pexHeardEveryMs: 45_000,
  metadataWindow: 8,
  metadataStallMs: 30_000,
  metadataAnswers: 4_096,
  hashRequests: 8_192,
  heldHashes: 64,
  hashHoldMs: 20_000,
  hashQuietMs: 250,
  layerWindow: 4,
  layerStallMs: 30_000,
  metafileAnswers: 4,
};
