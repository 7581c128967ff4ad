/** What the box's own DHT node may cost, and send. Each with its unit and its reason. */
export const DHT_LIMITS = {
  /** Nodes of one family that are remembered: 8 for each bucket (BEP 5), and a table has some twenty. */
  bucketNodes: 8,
  tableNodes: 400,
  /** Silent answers after which a node is forgotten (BEP 5). */
  failures: 2,
  /** One lookup: queries at once, and in all; the nearest that must have answered (BEP 5's K). */
  atOnce: 4,
  queries: 96,
  nearest: 8,
  candidates: 200,
  /** Peers taken from one lookup; a popular torrent has thousands. */
  peers: 200,
  /** A node that has not answered by then is passed over; later answers are not taken. */
  queryMs: 3_000,
  lookupMs: 60_000,
  /** Queries under way for all lookups, each a few hundred bytes. */
  pending: 256,
  /** Lookups at the same time; more wait for the next round. */
  lookups: 16,
  /** Queries a second of all lookups together: 100 bytes each, so that the line never notices. */
  queriesPerS: 100,
  bootstrapNodes: 32,
  /** Between two lookups of one torrent (clients take 15 min; the box asks only while it lacks origins). */
  askEveryMs: 5 * 60_000,
} as const;
