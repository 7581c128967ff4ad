/** Bounds of this folder: value, unit, reason. */
export const ADMIN_LIMITS = {
  /** Open sockets. A cafe has a few operators; a browser opens six each. */
  connections: 128,
  /** Of them, what one sender may hold of a port that others can reach: a browser opens six, a network behind one address some dozens. */
  connectionsPerSender: 48,
  /** ms until a stranger's first byte, and for a whole TLS handshake. */
  firstByteMs: 5000,
  handshakeMs: 5000,
  /** Live listeners, each a string a second. */
  listeners: 32,
  /** Characters of a URL. The longest of our own has about 60. */
  urlChars: 1024,
  /** Bytes of all request headers. Browsers send about 1 KiB. */
  headerBytes: 8192,
  /** ms a stranger may take to send its headers. */
  headersTimeoutMs: 5000,
  /** ms for a whole request, and for a kept socket to say something again. */
  requestTimeoutMs: 10_000,
  keepAliveMs: 5000,
  /** ms that a look at what other rules would have saved may take, before its asker is hung up on: longer than it ever does. */
  whatIfMs: 150_000,
  /** Bytes of a JSON body, where the route does not say otherwise; and of all that are being read, together. */
  bodyBytes: 64 * 1024,
  bodiesBytes: 48 * 1024 * 1024,
  /** Requests on one socket before it must dial anew. */
  requestsPerSocket: 1000,
  /** Bytes of a message from the page. It has nothing to say. */
  messageBytes: 64,
  /** ms between two snapshots, for everybody together. */
  snapshotMs: 1000,
  /** Beats that a listener may miss (its socket still full, or no pong) before it is dropped: half a minute. */
  missedBeats: 30,
  /** ms between pings: finds a page whose machine was switched off. */
  pingMs: 15_000,
  /** What one snapshot may carry, so that a second's work stays small: some 300 KB at worst. */
  tasks: 200,
  clientsPerTask: 50,
  originsPerTask: 50,
  peopleInAll: 1000,
  verdicts: 50,
  warnings: 20,
  textChars: 400,
  /** Bytes of one file of the page, and how many are kept in memory. */
  fileBytes: 1024 * 1024,
  files: 32,
  /** ms between two log lines about the same trouble. */
  quietMs: 60_000,
  /** Clients and origin peers of one torrent, when it is looked at alone. */
  peersShown: 200,
  /** Pieces of clients that are looked at for a map of what they hold, all clients together: some milliseconds. */
  bitsLookedAt: 2_000_000,
  /** Bytes of a list of 200 torrents, and ms that doing something with all of them may take: each may have a disk's files to remove. */
  actionsBodyBytes: 16 * 1024,
  actionsMs: 120_000,
  /** Bytes of a new order: a .torrent file of 12 MiB in base64, which is one of a million files. */
  orderBodyBytes: 17 * 1024 * 1024,
} as const;
