/** The sizes of a run, and how long each part of it may take. */
import { MIB } from '#base/units.ts';

export const SETTINGS = {
  pieceBytes: MIB,
  /** Fits in memory many times over, and is large enough not to sit in a processor's cache. */
  memoryBytes: 128 * MIB,
  /** In the page cache of any machine that can run this, and eight times what the box may keep in memory of its own. */
  pagesBytes: 512 * MIB,
  pagesCacheBytes: 64 * MIB,
  fillBytes: 1024 * MIB,
  /** Before each window, at least: pipelines fill, the kernel's buffers grow. */
  warmUpMs: 300,
  windowMs: 800,
  /** For the benches that have no peer. */
  aloneMs: 2500,
  /** A child that has not said its line by then is ended, and the run fails. */
  childLimitMs: 60_000,
  /** A peer hashes the torrent first. */
  seedingWithinMs: 30_000,
} as const;

/** 1,000 connections with 64 open requests each would be a gigabyte on its way. */
export const depthOf = (conns: number): number => (conns > 500 ? 8 : 64);
