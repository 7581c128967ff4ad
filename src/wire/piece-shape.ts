import { BLOCK_BYTES, type InfoHash, type PieceIndex } from '#base/units.ts';
import { fileAt, fileBytesIn } from './file-tree.ts';
import { HASH_BYTES, heightOver } from './merkle.ts';
import { type Metainfo, pieceSize } from './metainfo.ts';

/** What a piece's bytes must hash to. */
export type PieceCheck =
  | { readonly kind: 'sha1'; readonly digest: Uint8Array }
  | { readonly kind: 'sha256'; readonly digest: Uint8Array }
  | {
      readonly kind: 'merkle';
      readonly root: Uint8Array;
      /** Width of the tree: a power of two. Leaves are the SHA-256 of blocks of 16 KiB; missing ones are 32 zero bytes. */
      readonly leaves: number;
      /** How many of the piece's first bytes the tree covers: in a hybrid the padding after a file is not part of it. */
      readonly dataBytes: number;
    };

/** A torrent as storage sees it: pieces, their sizes and what proves them. */
export type PieceShape = {
  readonly infoHash: InfoHash;
  readonly pieceLength: number;
  readonly pieceCount: number;
  readonly totalBytes: number;
  sizeOf(piece: PieceIndex): number;
  /** All of them must hold. */
  checksOf(piece: PieceIndex): readonly PieceCheck[];
};

/** A torrent of v2 must have its layers: nothing could be verified without. */
export function shapeOf(meta: Metainfo): PieceShape {
  const { infoHash, pieceLength, pieceCount, totalBytes } = meta;
  if (!meta.pieceHashes && !meta.pieceRoots) throw new Error('bug: a shape without anything to verify pieces by');
  return {
    infoHash,
    pieceLength,
    pieceCount,
    totalBytes,
    sizeOf: (piece) => pieceSize(meta, piece),
    checksOf: (piece) => checksOf(meta, piece),
  };
}

function checksOf(meta: Metainfo, piece: PieceIndex): PieceCheck[] {
  const { pieceHashes, pieceRoots, pieceSha256, pieceLength, rooted } = meta;
  const checks: PieceCheck[] = [];
  if (pieceHashes) checks.push({ kind: 'sha1', digest: pieceHashes.subarray(piece * 20, piece * 20 + 20) });
  if (pieceSha256) checks.push({ kind: 'sha256', digest: pieceSha256.subarray(piece * 32, piece * 32 + 32) });
  if (pieceRoots) {
    const root = pieceRoots.subarray(piece * HASH_BYTES, (piece + 1) * HASH_BYTES);
    // The only piece of a short file is the whole tree; any other is a full-width part of one, though its bytes may be fewer.
    const { lengthBytes } = fileAt(rooted, piece);
    const leaves = 2 ** heightOver(Math.ceil(Math.min(lengthBytes, pieceLength) / BLOCK_BYTES));
    checks.push({ kind: 'merkle', root, leaves, dataBytes: fileBytesIn(rooted, pieceLength, piece) });
  }
  return checks;
}
