import { Bitfield } from '#base/bitfield.ts';
import type { InfoHash } from '#base/units.ts';
import type { Index } from '#index/index.ts';
import type { StoreLike } from '#task/task.ts';
import type { Metainfo } from '#wire/metainfo.ts';
import { shapeOf } from '#wire/piece-shape.ts';
import { adopt } from './kept-metainfo.ts';

export type RebuildWorld = {
  readonly index: Index;
  readonly store: Pick<StoreLike, 'onDisk' | 'task'>;
  nowMs(): number;
};

/** What became of one folder of pieces. */
export type Rebuilt = { readonly infoHash: InfoHash } & (
  | { readonly kind: 'verified'; readonly name: string; readonly pieces: number; readonly pieceCount: number }
  /** An interrupted rebuild had verified it. */
  | { readonly kind: 'known'; readonly pieces: number; readonly pieceCount: number }
  /** The torrent is known, but not what its pieces are verified by (BEP 52): that is done when a peer gives it. */
  | { readonly kind: 'no-layers'; readonly name: string }
  | { readonly kind: 'unusable'; readonly why: 'no-info' | 'wrong-info' }
);

/**
 * Takes every torrent on the disks into the index, one after the other, with the pieces that verify by their hashes. What the
 * index knows without a doubt is not looked at again. Rejects when the index takes no more, or with the signal's reason.
 */
export async function* rebuild(world: RebuildWorld, signal: AbortSignal): AsyncGenerator<Rebuilt> {
  const { index, store } = world;
  for await (const found of store.onDisk()) {
    signal.throwIfAborted();
    const { infoHash } = found;
    const row = index.task(infoHash);
    if (row && row.pieceCount > 0 && !row.doubtful) {
      yield { kind: 'known', infoHash, pieces: row.haveCount, pieceCount: row.pieceCount };
      continue;
    }
    const meta = adopt(index, found, world.nowMs());
    if (!meta) yield { kind: 'unusable', infoHash, why: found.info ? 'wrong-info' : 'no-info' };
    else if (!meta.pieceHashes && !meta.pieceRoots) yield { kind: 'no-layers', infoHash, name: meta.name };
    else yield await verify(world, meta, signal);
  }
}

async function verify({ index, store }: RebuildWorld, meta: Metainfo, signal: AbortSignal): Promise<Rebuilt> {
  const { infoHash, name, pieceCount } = meta;
  const have = new Bitfield(pieceCount);
  await store.task(shapeOf(meta)).recheck(have, (piece) => have.set(piece), signal);
  // In this order: a kill in between leaves the doubt, and the next run verifies again.
  if (!index.setHave(infoHash, have.bytes) || !index.doubts.settle(infoHash))
    throw new Error('the index takes no more: make room on its disk, and run this again');
  return { kind: 'verified', infoHash, name, pieces: have.count, pieceCount };
}
