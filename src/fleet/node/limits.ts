import { MIB } from '#base/units.ts';

/** Every bound of this folder, with its unit and why it is what it is. */
export const NODE_LIMITS = {
  /** Distributions that are not whole and are worked on: each has open files, and pieces in memory. */
  inWork: 16,
  /** Whole ones that are open for neighbours; beyond that, one that nobody uses is closed. */
  given: 64,
  /** Bytes of pieces that came before their offer or seed; the distribution that came first goes first. And how long they are kept, ms. */
  earlyBytes: 8 * MIB,
  earlyMs: 60_000,
  /** Parts that a seed comes in. */
  seedParts: 4_096,
  /** So much more than its bytes must be free for a distribution: names, and what a file system needs. */
  roomFactor: 1.01,
  /** When no piece came by AMQP for so long, ms, those that lack are asked for; twice as long after each time without one, up to the most. */
  silenceMs: 2_000,
  silenceMostMs: 30_000,
  /** As long as the last piece has not come, the rest most likely stands in a busy broker's queue, in order: it is asked for no sooner than after so long, ms. */
  queueMs: 15_000,
  /** Milliseconds between two words on how far it is. */
  progressMs: 5_000,
  /** A whole one of which nobody took a byte for so long is closed, ms. */
  idleMs: 30 * 60_000,
  tickMs: 250,
  /** Milliseconds before what failed here is tried again: a book whose disk is full, a `hello` that was refused. */
  retryMs: [500, 30_000],
  /** Unanswered messages: control messages wait for the disk now and then, pieces for little. */
  controlPrefetch: 32,
  dataPrefetch: 32,
  /** Warnings of one distribution that the central is told of: of more liars it hears no more. */
  warnings: 8,
  /** Distributions that are named in `hello`, and runs of pieces in one message: what the schema allows. */
  have: 5_000,
  ranges: 2_000,
  /** A device that is installing says so at most so often, ms. */
  reportMs: 10_000,
  /** Seconds that a program has to install a bundle, where its configuration says nothing. */
  installS: 1_800,
  /** After a restart it is asked so often, and so long, what became of a bundle, ms. */
  outcomeEveryMs: 2_000,
  outcomeMs: 60 * 60_000,
  /** Neighbours that wait until a distribution is opened for them. */
  waiting: 64,
} as const;
