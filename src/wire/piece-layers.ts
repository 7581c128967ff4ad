import { BLOCK_BYTES } from '#base/units.ts';
import type { BDict } from './bencode.ts';
import { asBytes, asDict } from './bencode.ts';
import { piecesOf, type RootedFile } from './file-tree.ts';
import { WIRE_LIMITS } from './limits.ts';
import { HASH_BYTES, heightOver, merkleRoot } from './merkle.ts';
import type { Metainfo } from './metainfo.ts';
import type { Parsed } from './parsed.ts';
import { bad, ok } from './parsed.ts';

/** The level of hash trees at which one node stands for one whole piece. */
export const pieceLevel = (pieceLength: number): number => heightOver(pieceLength / BLOCK_BYTES);

/**
 * The files whose piece hashes are not in the info dictionary: those longer than one piece. The hashes of a shorter file's only piece is its
 * root. All their layers one after the other are the "layers blob" that tasks keep.
 */
export const layeredFiles = (meta: Pick<Metainfo, 'rooted' | 'pieceLength'>): RootedFile[] =>
  meta.rooted.filter((file) => file.lengthBytes > meta.pieceLength);

export const layerBytes = (file: RootedFile, pieceLength: number): number =>
  piecesOf(file.lengthBytes, pieceLength) * HASH_BYTES;

/** Whether its pieces cannot be verified by the hash trees yet, and could be. */
export const needsLayers = (meta: Metainfo): boolean =>
  meta.version !== 'v1' && !meta.pieceRoots && meta.pieceCount <= WIRE_LIMITS.treePieces;

/** The metainfo with the root of each piece, if the layers are the ones that the files' roots stand for. */
export function withLayers(meta: Metainfo, blob: Uint8Array): Parsed<Metainfo> {
  const { pieceLength, pieceCount } = meta;
  const pieceRoots = new Uint8Array(pieceCount * HASH_BYTES);
  let used = 0;
  for (const file of meta.rooted) {
    const at = file.firstPiece * HASH_BYTES;
    if (file.lengthBytes <= pieceLength) {
      pieceRoots.set(file.piecesRoot, at);
      continue;
    }
    const bytes = layerBytes(file, pieceLength);
    const layer = blob.subarray(used, used + bytes);
    if (layer.length !== bytes) return bad('piece layers are missing');
    if (!merkleRoot(layer, pieceLevel(pieceLength)).equals(file.piecesRoot)) {
      return bad(`the piece layer of ${file.path.join('/')} does not hash to its root`);
    }
    pieceRoots.set(layer, at);
    used += bytes;
  }
  return used === blob.length ? ok({ ...meta, pieceRoots }) : bad('there are more piece layers than files');
}

/** The blob that `withLayers` takes; undefined while the layers are not known. */
export function layersOf(meta: Metainfo): Buffer | undefined {
  const { pieceRoots, pieceLength } = meta;
  if (!pieceRoots) return undefined;
  return Buffer.concat(
    layeredFiles(meta).map((file) => {
      const at = file.firstPiece * HASH_BYTES;
      return pieceRoots.subarray(at, at + layerBytes(file, pieceLength));
    }),
  );
}

/**
 * The blob out of the `piece layers` of a .torrent file. Undefined when one is missing: the swarm has it. What is there must belong to this
 * torrent.
 */
export function layersIn(top: BDict, meta: Metainfo): Parsed<Buffer | undefined> {
  const layers = asDict(top.get('piece layers'));
  if (!layers) return ok(undefined);
  const known = new Set(meta.rooted.map((file) => latin1(file.piecesRoot)));
  for (const root of layers.keys()) if (!known.has(root)) return bad('a piece layer belongs to no file');
  const parts: Uint8Array[] = [];
  for (const file of layeredFiles(meta)) {
    if (!layers.has(latin1(file.piecesRoot))) return ok(undefined);
    const layer = asBytes(layers.get(latin1(file.piecesRoot)));
    if (layer?.length !== layerBytes(file, meta.pieceLength)) return bad('a piece layer has the wrong length');
    parts.push(layer);
  }
  return ok(Buffer.concat(parts));
}

const latin1 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
