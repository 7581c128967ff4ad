import type { TaskShape } from '#store/task-store.ts';
import { type Metainfo, pieceSize } from '#wire/metainfo.ts';

/** A torrent as the store sees it. */
export const shapeOf = (meta: Metainfo): TaskShape => ({
  infoHash: meta.infoHash,
  pieceLength: meta.pieceLength,
  pieceCount: meta.pieceCount,
  totalBytes: meta.totalBytes,
  sizeOf: (piece) => pieceSize(meta, piece),
  checksOf: (piece) => [{ kind: 'sha1', digest: meta.pieceHashes.subarray(piece * 20, piece * 20 + 20) }],
});
