import type { InfoHash, PieceIndex } from '#base/units.ts';
import type { BDict, BValue } from './bencode.ts';
import { asDict, asList, asText, decode, decodePrefix } from './bencode.ts';
import { fileBytesIn, type RootedFile } from './file-tree.ts';
import { metainfoOf, v1Name, v2Name } from './info-dict.ts';
import { WIRE_LIMITS } from './limits.ts';
import type { Parsed } from './parsed.ts';
import { bad } from './parsed.ts';
import { layersIn, needsLayers, withLayers } from './piece-layers.ts';

/** What a torrent is (BEP 3, BEP 52): its identity, its shape and the hash of every piece. */
export type Metainfo = {
  version: 'v1' | 'v2' | 'hybrid';
  /** Its primary name: SHA-1 of `infoBytes`; for v2 alone the first 20 bytes of the SHA-256. */
  infoHash: InfoHash;
  /** All its 20-byte names, the primary one first: a hybrid is in two swarms. */
  ids: readonly InfoHash[];
  /** Named by its piece hashes, as Qvod does: no BitTorrent swarm knows it by that name. */
  byPieces?: true;
  infoBytes: Buffer;
  /** For people's eyes: one path element, never empty, never `..`. */
  name: string;
  /** BEP 27. */
  isPrivate: boolean;
  pieceLength: number;
  pieceCount: number;
  /** The sum of all `pieceSize`s. */
  totalBytes: number;
  /** 20 bytes for each piece; v2 alone has none. */
  pieceHashes: Uint8Array | undefined;
  /** The root of each piece's hash tree, 32 bytes; undefined in v1, and while the piece layers are not known. */
  pieceRoots: Uint8Array | undefined;
  /** SHA-256 of each piece, 32 bytes, where whoever made the torrent signed that, too: no torrent carries it by itself. */
  pieceSha256?: Uint8Array;
  /** In torrent order, padding files included. Elements are safe path elements; none of it is ever opened here. */
  files: readonly TorrentFile[];
  /** Those that have a hash tree, in the order of their pieces; none in v1. */
  rooted: readonly RootedFile[];
  trackers: readonly string[];
};

export type TorrentFile = {
  path: readonly string[];
  lengthBytes: number;
  firstPiece?: PieceIndex;
  piecesRoot?: Uint8Array;
};

/** Real programs write dictionaries in any order, and libtorrent takes them. */
const LENIENT = { keys: 'any-order', weight: WIRE_LIMITS.metainfoWeight } as const;

/** Reads a .torrent file. Bytes after the outer dictionary are tolerated, as in libtorrent. */
export function parseMetainfo(torrentFile: Uint8Array): Parsed<Metainfo> {
  if (torrentFile.length > WIRE_LIMITS.torrentFileBytes) return bad('the metainfo file is too large');
  const read = decodePrefix(torrentFile, LENIENT);
  if (read.kind === 'bad') return read;
  const top = asDict(read.value.value);
  const span = read.value.spans.get('info');
  if (!top || !asDict(top.get('info')) || !span) return bad('the metainfo has no info dictionary');
  const parsed = infoOf(torrentFile.subarray(span.start, span.end), trackersOf(top));
  if (parsed.kind === 'bad' || !needsLayers(parsed.value)) return parsed;
  const layers = layersIn(top, parsed.value);
  if (layers.kind === 'bad') return layers;
  return layers.value ? withLayers(parsed.value, layers.value) : parsed;
}

/** Whether these bytes are what the info-hash names: by SHA-1, or by the head of SHA-256 as v2 swarms use it (BEP 52). */
export const isNamedBy = (infoBytes: Uint8Array, expected: InfoHash): boolean =>
  v1Name(infoBytes) === expected || v2Name(infoBytes) === expected;

/** Reads an info dictionary that came from a peer (BEP 9): `expected` must be a name of it before a byte of it counts. */
export function parseInfo(infoBytes: Uint8Array, expected: InfoHash): Parsed<Metainfo> {
  if (infoBytes.length > WIRE_LIMITS.metadataBytes) return bad('the info dictionary is too large');
  if (!isNamedBy(infoBytes, expected)) return bad('the info dictionary does not have the expected info-hash');
  const parsed = infoOf(infoBytes, []);
  if (parsed.kind === 'ok' && !parsed.value.ids.includes(expected)) {
    return bad('the info-hash is of another version of BitTorrent than the torrent');
  }
  return parsed;
}

/** All that is kept of it are views of one copy: not of Node's pool, of which a small part would hold all. */
function infoOf(infoBytes: Uint8Array, trackers: readonly string[]): Parsed<Metainfo> {
  const own = Buffer.allocUnsafeSlow(infoBytes.length);
  own.set(infoBytes);
  const read = decode(own, LENIENT);
  if (read.kind === 'bad') return read;
  const info = asDict(read.value);
  return info ? metainfoOf(info, own, trackers) : bad('the info dictionary is no dictionary');
}

/** Bytes of a piece: `pieceLength`, or what is left for the last of the torrent, in v2 for the last of each file. */
export function pieceSize(
  shape: Pick<Metainfo, 'version' | 'pieceLength' | 'totalBytes' | 'rooted'>,
  piece: PieceIndex,
): number {
  if (shape.version === 'v2') return fileBytesIn(shape.rooted, shape.pieceLength, piece);
  const size = Math.min(shape.pieceLength, shape.totalBytes - piece * shape.pieceLength);
  if (!Number.isInteger(piece) || piece < 0 || size <= 0) throw new RangeError(`bug: there is no piece ${piece}`);
  return size;
}

/** `announce` and `announce-list` (BEP 12), in order, without repeats. */
function trackersOf(top: BDict): string[] {
  const found = new Set<string>();
  const add = (value: BValue | undefined): void => {
    const url = asText(value);
    if (url && url.length <= WIRE_LIMITS.trackerChars && found.size < WIRE_LIMITS.trackers) found.add(url);
  };
  for (const tier of asList(top.get('announce-list')) ?? []) for (const url of asList(tier) ?? []) add(url);
  add(top.get('announce'));
  return [...found];
}
