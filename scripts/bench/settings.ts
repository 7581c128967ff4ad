/** What a run measures and how long it may take: about two minutes in all. */
import { MIB } from '#base/units.ts';

export type Load = {
  /** Leeching connections, each from a loopback address of its own: fewer than 255. */
  readonly conns: number;
  /** Requests of 16 KiB that each keeps open. */
  readonly depth: number;
};

export const SETTINGS = {
  /** Fits in memory twice over, and is large enough not to sit in a processor's cache. */
  torrentBytes: 128 * MIB,
  pieceBytes: MIB,
  loads: [
    { conns: 1, depth: 64 },
    { conns: 8, depth: 4 },
    { conns: 8, depth: 64 },
    { conns: 64, depth: 64 },
  ] as readonly Load[],
  /** Box and peer take turns within each round; the medians of the rounds are told. */
  rounds: 4,
  warmUpMs: 700,
  windowMs: 2000,
  /** For the benches that have no peer. */
  aloneMs: 2500,
  /** A child that has not told its figures by then is ended, and the run fails. */
  childLimitMs: 30_000,
} as const;

/** The BitTorrent port of the peer; the box takes any free one. */
export const PEER_PORT = 16_881;
