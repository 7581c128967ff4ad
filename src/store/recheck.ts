import { stat } from 'node:fs/promises';
import type { Bitfield } from '#base/bitfield.ts';
import { errorCode } from '#base/errors.ts';
import type { PieceIndex } from '#base/units.ts';
import { STORE_LIMITS } from './limits.ts';
import type { PieceGroup, Places } from './places.ts';

export type RecheckWorld = {
  places: Places;
  /** Path of a segment file. */
  path(name: string): string;
  /** True when the bytes on the disk are the piece. */
  verify(index: PieceIndex): Promise<boolean>;
  /** Makes a segment's bytes durable. */
  sync(path: string): Promise<void>;
  /** Segments that could not be looked at: their pieces count as not there. */
  skipped(names: readonly string[], error: unknown): void;
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
  for (const group of world.places.groups()) {
    signal.throwIfAborted();
    let found: PieceIndex[];
    try {
      found = await wholePieces(world, await doubtful(world, group, known), signal);
      if (found.length > 0) for (const name of group.names) await world.sync(world.path(name));
    } catch (error) {
      signal.throwIfAborted();
      world.skipped(group.names, error);
      continue;
    }
    for (const index of found) onFound(index);
  }
}

/** Pieces of a group that are not known and whose places the files reach. None when a file holds no block at all. */
async function doubtful(world: RecheckWorld, { names, pieces }: PieceGroup, known: Bitfield): Promise<PieceIndex[]> {
  const unknown = pieces.filter((index) => !known.has(index));
  if (unknown.length === 0) return [];
  const sizes = new Map<string, number>();
  for (const name of names) {
    const file = await stat(world.path(name)).catch((error: unknown) => {
      if (errorCode(error) === 'ENOENT') return undefined;
      throw error;
    });
    sizes.set(name, file?.isFile() && file.blocks > 0 ? file.size : 0);
  }
  return unknown.filter((index) =>
    world.places
      .extents(index)
      .every(({ name, offset, lengthBytes }) => offset + lengthBytes <= (sizes.get(name) ?? 0)),
  );
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
