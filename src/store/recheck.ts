import { stat } from 'node:fs/promises';
import type { Bitfield } from '#base/bitfield.ts';
import { errorCode } from '#base/errors.ts';
import type { PieceIndex } from '#base/units.ts';
import { type Layout, segmentName } from './layout.ts';
import { STORE_LIMITS } from './limits.ts';

export type RecheckWorld = {
  layout: Layout;
  /** Path of a segment file. */
  path(name: string): string;
  /** True when the bytes on the disk are the piece. */
  verify(index: PieceIndex): Promise<boolean>;
  /** Makes a segment's bytes durable. */
  sync(path: string): Promise<void>;
  /** A segment that could not be looked at: its pieces count as not there. */
  skipped(segment: number, error: unknown): void;
};

/**
 * Finds pieces that are whole although nobody noted them. A killed daemon leaves verified bytes in the page cache that
 * never reached the disk, so each segment is synced between the hash and the report.
 */
export async function recheckPieces(
  world: RecheckWorld,
  known: Bitfield,
  onFound: (index: PieceIndex) => void,
  signal: AbortSignal,
): Promise<void> {
  for (let segment = 0; segment < world.layout.segments; segment++) {
    signal.throwIfAborted();
    const path = world.path(segmentName(segment));
    let found: PieceIndex[];
    try {
      found = await wholePieces(world, await doubtful(world.layout, segment, path, known), signal);
      if (found.length > 0) await world.sync(path);
    } catch (error) {
      signal.throwIfAborted();
      world.skipped(segment, error);
      continue;
    }
    for (const index of found) onFound(index);
  }
}

/** Pieces of a segment that are not known and whose place the file reaches. None when the file holds no block at all. */
async function doubtful(layout: Layout, segment: number, path: string, known: Bitfield): Promise<PieceIndex[]> {
  const [first, end] = layout.piecesOf(segment);
  const unknown: PieceIndex[] = [];
  for (let index = first; index < end; index++) if (!known.has(index)) unknown.push(index);
  if (unknown.length === 0) return [];
  const file = await stat(path).catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  });
  if (!file?.isFile() || file.blocks === 0) return [];
  return unknown.filter((index) => {
    const { offset, lengthBytes } = layout.place(index);
    return offset + lengthBytes <= file.size;
  });
}

async function wholePieces(world: RecheckWorld, pieces: PieceIndex[], signal: AbortSignal): Promise<PieceIndex[]> {
  const found: PieceIndex[] = [];
  const todo = pieces.values();
  const lane = async (): Promise<void> => {
    for (const index of todo) {
      signal.throwIfAborted();
      if (await world.verify(index)) found.push(index);
    }
  };
  await Promise.all(Array.from({ length: STORE_LIMITS.recheckAtOnce }, lane));
  return found.sort((a, b) => a - b);
}
