import { KIB, MIB } from '#base/units.ts';

/** Every bound of this folder, with its unit and why it is what it is. */
export const LIMITS = {
  /** Bytes of a manifest: names and numbers, and what a firmware bundle says of itself. */
  manifestBytes: 16 * KIB,
  /** Characters of what a person calls a distribution. */
  nameChars: 200,
  /** Keys that a node trusts: the central's, the one before it, and those for firmware. */
  trustedKeys: 16,
  /** Bytes of a seed: some 100,000 pieces at 52 bytes, and as many names. */
  seedBytes: 24 * MIB,
  /** A seed of no more bytes travels in the offer itself. */
  seedInOfferBytes: 128 * KIB,
  /** The smallest and the largest piece of a seed, bytes; and how many it should have: enough to trade early, few enough to count. What is small has few, of less than the usual. */
  leastPieceBytes: 16 * KIB,
  usualPieceBytes: 64 * KIB,
  mostPieceBytes: 4 * MIB,
  fewPieces: 100,
  piecesWanted: 1_000,
  /** Messages of an outbox that are with the broker at once, and those that it looks after beside: they wait for their turn, or for a full inbox. */
  outboxInFlight: 32,
  outboxKnown: 1_024,
  /** Milliseconds before a message is tried again, doubled with each further try up to the second; from half of it to all. */
  outboxRetryMs: [250, 30_000],
  /** An outbox looks by itself after so long, ms. */
  outboxIdleMs: 5_000,
} as const;
