import { Bitfield } from '#base/bitfield.ts';
import type { InfoHash } from '#base/units.ts';
import type { Index } from '#index/index.ts';
import type { Holder } from '#index/shared-files.ts';
import type { Metainfo } from '#wire/metainfo.ts';
import { layersOf, needsLayers, withLayers } from '#wire/piece-layers.ts';
import { parseNamedInfo, qvodHashOf } from '#wire/qvod/seed.ts';
import { LIMITS } from './limits.ts';

/** Writes what is known of a torrent into its row: names, info dictionary, and, with the piece layers, the files it may lend. */
export function keepMetainfo(index: Index, meta: Metainfo): void {
  const { infoHash, pieceLength, pieceHashes } = meta;
  index.setIds(meta.ids);
  index.setInfo(infoHash, meta.infoBytes, meta.pieceCount);
  if (meta.version === 'v1' && !meta.byPieces && !meta.isPrivate && pieceHashes)
    index.setPiecesHash(infoHash, qvodHashOf(pieceHashes));
  const layers = layersOf(meta);
  if (!layers) return;
  index.setLayers(infoHash, layers);
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
