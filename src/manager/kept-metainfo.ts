import { Bitfield } from '#base/bitfield.ts';
import type { InfoHash } from '#base/units.ts';
import type { Index } from '#index/index.ts';
import type { Holder } from '#index/shared-files.ts';
import type { Reach, TaskRow } from '#index/task-row.ts';
import { type Metainfo, parseInfo } from '#wire/metainfo.ts';
import { layersOf, needsLayers, withLayers } from '#wire/piece-layers.ts';
import { parseNamedInfo, qvodHashOf } from '#wire/qvod/seed.ts';
import { LIMITS } from './limits.ts';

const reachOf = ({ byPieces, isPrivate }: Metainfo): Reach => (byPieces ? 'qvod' : isPrivate ? 'private' : 'public');

/**
 * Writes what is known of a torrent into its row: names, who may be told of it, and, with the piece layers, the files it may
 * lend. The info dictionary and the layers themselves too, unless they lie beside the pieces already.
 */
export function keepMetainfo(index: Index, meta: Metainfo, isBeside = false): void {
  const { infoHash, pieceLength, pieceHashes } = meta;
  index.setIds(meta.ids);
  index.setInfo(infoHash, isBeside ? undefined : meta.infoBytes, meta.pieceCount);
  index.setReach(infoHash, reachOf(meta));
  index.listing.describe(infoHash, meta.name, meta.totalBytes);
  if (meta.version === 'v1' && !meta.byPieces && !meta.isPrivate && pieceHashes)
    index.setPiecesHash(infoHash, qvodHashOf(pieceHashes));
  const layers = layersOf(meta);
  if (!layers) return;
  if (!isBeside) index.setLayers(infoHash, layers);
  const files = meta.rooted.filter((file) => file.lengthBytes >= LIMITS.lentFileBytes);
  index.files.set(
    infoHash,
    files.map(({ piecesRoot, firstPiece, lengthBytes }) => ({
      root: piecesRoot,
      firstPiece,
      pieceLength,
      lengthBytes,
    })),
  );
}

/** The info dictionary and the layers lie beside the pieces, durable: there is the better place for them. */
export function leaveMetainfo(index: Index, meta: Metainfo): void {
  index.setReach(meta.infoHash, reachOf(meta));
  index.setInfo(meta.infoHash, undefined, meta.pieceCount);
}

/** Undefined while nothing is known. A row of an earlier version has the info dictionary alone to tell. */
export function reachIn(row: TaskRow): Reach | undefined {
  if (row.reach || !row.info) return row.reach;
  const parsed = parseInfo(row.info, row.infoHash);
  return parsed.kind === 'ok' ? reachOf(parsed.value) : undefined;
}

/** What lies beside the pieces, as far as it is the torrent that its folder is named by. */
export function metainfoOnDisk(found: {
  readonly infoHash: InfoHash;
  readonly info: Buffer | undefined;
  readonly layers: Buffer | undefined;
}): Metainfo | undefined {
  const parsed = found.info && parseNamedInfo(found.info, found.infoHash);
  if (parsed?.kind !== 'ok') return undefined;
  const meta = parsed.value;
  const whole = found.layers && needsLayers(meta) ? withLayers(meta, found.layers) : parsed;
  return whole.kind === 'ok' ? whole.value : meta;
}

/**
 * Takes a torrent that was found on a disk into the index. Which of its pieces are there is not known yet. Undefined: what lies
 * beside its pieces is not what its folder is named by, and nothing of it can be verified.
 */
export function adopt(index: Index, found: Parameters<typeof metainfoOnDisk>[0], nowMs: number): Metainfo | undefined {
  const meta = metainfoOnDisk(found);
  if (!meta) return undefined;
  index.putTask({ infoHash: found.infoHash, addedAtMs: nowMs });
  keepMetainfo(index, meta, true);
  index.doubts.mark(meta.infoHash);
  return meta;
}

/** Other torrents that have the file whole, as far as the index knows. */
export function lendersOf(
  index: Index,
  file: { readonly root: Uint8Array; readonly lengthBytes: number },
  borrower: InfoHash,
): Holder[] {
  return index.files
    .holders(file.root, borrower)
    .filter((holder) => holder.lengthBytes === file.lengthBytes && isWhole(holder));
}

function isWhole({ have, firstPiece, pieceLength, lengthBytes }: Holder): boolean {
  const bits = have && Bitfield.from(have, have.length * 8);
  const end = firstPiece + Math.ceil(lengthBytes / pieceLength);
  for (let piece = firstPiece; piece < end; piece++) if (!bits?.has(piece)) return false;
  return true;
}
