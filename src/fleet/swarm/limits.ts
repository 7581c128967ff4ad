import { KIB, MIB } from '#base/units.ts';

/** Every bound of this folder, with its unit and why it is what it is. */
export const SWARM_LIMITS = {
  /** Connections of one node in one swarm: with so few neighbours each piece is still a few steps from two hundred nodes, and connections are most of what a small file costs. */
  degree: 8,
  /** Up to so many nodes each knows all others: one more than the degree, so that a node may be told of its neighbours alone. */
  meshUpTo: 9,
  /** Connections that are taken beyond those that the plan names: late joiners, and clients that are no nodes. */
  links: 80,
  /** Addresses that lied and are not linked again: of more, those that lied last. */
  banned: 1_000,
  /** Bytes of one message that is not understood and skipped; a longer one ends the connection. */
  skippedBytes: 64 * KIB,
  /** Bytes of one request: what any client asks for at once. */
  requestBytes: 128 * KIB,
  /** Requests that wait for one neighbour: some clients ask for a whole window of blocks at once. */
  requests: 2_048,
  /** Bytes asked of one neighbour and not yet had: at least, and at most. */
  leastWindow: 32 * KIB,
  mostWindow: 16 * MIB,
  /** A window holds what comes in so long, ms; and its rate is that of so long. */
  rateMs: 300,
  windowMs: 150,
  /** Pieces that are compared when one is chosen: enough to find a rare one. */
  sampled: 16,
  /** Pieces of a neighbour that gives nothing for so long are asked of others, ms; and for that long its giver is asked for nothing more. */
  pieceMs: 4_000,
  lateRestMs: 8_000,
  /** No byte for so long from a neighbour that owes some, ms: it is left, and dialled again. */
  silentMs: 20_000,
  /** A neighbour that could not be reached is dialled again after so long, ms, doubling up to the most. */
  redialMs: 500,
  redialMostMs: 15_000,
  handshakeMs: 10_000,
  keepAliveMs: 60_000,
  /** A `have` follows another write after so long, ms: a piece passes from neighbour to neighbour in that time, and many are said at once. */
  haveMs: 10,
  tickMs: 250,
  /** A giver that has seen all of its pieces leave tells of more only to who has got nothing new for so long, ms. */
  starvedMs: 1_500,
  /** A piece that was told to one node and is not had by anybody after so long is told to another, ms. */
  untakenMs: 3_000,
  /** Bytes on their way to all neighbours: at least so many, and as many as the line carries in the least time that a piece took, and in so many ms beside. */
  leastAfloat: 128 * KIB,
  afloatMs: 100,
  /** Bytes that are given one neighbour in its turn: at least, where there are so many. */
  leastRun: 256 * KIB,
  /** What a line carries is what it carried in about so long, ms. */
  flowMs: 300,
  /** A piece of which its taker says nothing for so long, ms, is not on its way any more. */
  ackMs: 500,
  /** Bytes that a giver tells of ahead of what has been taken, to all nodes together: at least, and at most; */
  aheadBytes: 4 * MIB,
  mostAheadBytes: 64 * MIB,
  /** as much as its line carries in the time that a piece takes there, twice, and in so many ms beside. */
  mostAheadMs: 600,
  /** A node that was told, and gets nothing for so long, ms, is told of no more until it does. */
  stalledMs: 500,
  /** When all has left once, a giver tells of more: what its line carries in so long, ms, or in twice the time that a piece takes at least; and of so many pieces at least. */
  moreMs: 500,
  leastMore: 2,
  /** What came last stays in memory for the neighbours, bytes. */
  memoryBytes: 16 * MIB,
  /** Bytes of a distribution whose pieces stay in memory until all are here: as much is fetched again after a crash. */
  heldBytes: MIB,
  /** Files of one distribution that are open at once. */
  openFiles: 64,
} as const;

export type SwarmLimits = Readonly<Record<keyof typeof SWARM_LIMITS, number>>;
