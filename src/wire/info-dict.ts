import { createHash } from 'node:crypto';
import { BLOCK_BYTES, type InfoHash, infoHashOf } from '#base/units.ts';
import type { BDict } from './bencode.ts';
import { asBytes, asDict, asInt } from './bencode.ts';
import { listedFiles } from './file-list.ts';
import { isRooted, piecesOf, type TreeFile, treeFiles } from './file-tree.ts';
import { hybridFiles } from './hybrid.ts';
import { WIRE_LIMITS } from './limits.ts';
import type { Metainfo } from './metainfo.ts';
import type { Parsed } from './parsed.ts';
import { bad, ok } from './parsed.ts';
import { layeredFiles, withLayers } from './piece-layers.ts';
import { safeElement } from './safe-path.ts';

/** BEP 3. */
export const v1Name = (infoBytes: Uint8Array): InfoHash => infoHashOf(createHash('sha1').update(infoBytes).digest());
/** BEP 52: wherever the wire has room for 20 bytes, v2 uses the first 20 of its 32. */
export const v2Name = (infoBytes: Uint8Array): InfoHash =>
  infoHashOf(createHash('sha256').update(infoBytes).digest().subarray(0, 20));

/** Reads an info dictionary. Its piece layers, where it needs them, are not in it. */
export function metainfoOf(info: BDict, infoBytes: Buffer, trackers: readonly string[]): Parsed<Metainfo> {
  const metaVersion = asInt(info.get('meta version')) ?? 1;
  if (metaVersion > 2) return bad(`nobody knows meta version ${metaVersion}`);
  const rawName = asBytes(info.get('name.utf-8')) ?? asBytes(info.get('name'));
  const name = rawName && safeElement(rawName);
  if (name === undefined) return bad('the torrent has no name');
  const pieceLength = asInt(info.get('piece length'));
  if (pieceLength === undefined || pieceLength <= 0) return bad('the torrent has no piece length');
  if (pieceLength > WIRE_LIMITS.pieceBytes) return bad(`pieces of ${pieceLength} bytes are too large`);

  const version: Metainfo['version'] = metaVersion < 2 ? 'v1' : info.has('pieces') ? 'hybrid' : 'v2';
  const content = contentOf[version](info, name, pieceLength);
  if (content.kind === 'bad') return content;
  const ids = { v1: [v1Name], hybrid: [v1Name, v2Name], v2: [v2Name] }[version].map((nameOf) => nameOf(infoBytes));
  const identity = { version, infoHash: ids[0] as InfoHash, ids, infoBytes, name };
  const isPrivate = asInt(info.get('private')) === 1;
  const meta: Metainfo = { ...identity, isPrivate, pieceLength, trackers, pieceRoots: undefined, ...content.value };
  const wantsLayers = layeredFiles(meta).length > 0;
  return version === 'v1' || wantsLayers ? ok(meta) : withLayers(meta, Buffer.alloc(0));
}

type Content = Pick<Metainfo, 'pieceCount' | 'totalBytes' | 'pieceHashes' | 'files' | 'rooted'>;
type ReadContent = (info: BDict, name: string, pieceLength: number) => Parsed<Content>;

const v1Content: ReadContent = (info, name, pieceLength) => {
  const files = listedFiles(info, name);
  if (files.kind === 'bad') return files;
  const totalBytes = sumOf(files.value);
  if (totalBytes.kind === 'bad') return totalBytes;
  const pieceCount = piecesOf(totalBytes.value, pieceLength);
  if (pieceCount > WIRE_LIMITS.pieces) return bad(`${pieceCount} pieces are too many`);
  const hashes = asBytes(info.get('pieces'));
  if (hashes?.length !== pieceCount * 20) return bad('the number of piece hashes does not fit the size');
  const pieceHashes = new Uint8Array(hashes.buffer, hashes.byteOffset, hashes.length);
  const plain = files.value.map(({ path, lengthBytes }) => ({ path, lengthBytes }));
  return ok({ pieceCount, totalBytes: totalBytes.value, pieceHashes, files: plain, rooted: [] });
};

const v2Content: ReadContent = (info, name, pieceLength) => {
  const files = v2Files(info, name, pieceLength);
  if (files.kind === 'bad') return files;
  const totalBytes = sumOf(files.value);
  if (totalBytes.kind === 'bad') return totalBytes;
  const rooted = files.value.filter(isRooted);
  const pieceCount = rooted.reduce((sum, file) => sum + piecesOf(file.lengthBytes, pieceLength), 0);
  if (pieceCount > WIRE_LIMITS.treePieces) return bad(`${pieceCount} pieces are too many for v2 alone`);
  return ok({ pieceCount, totalBytes: totalBytes.value, pieceHashes: undefined, files: files.value, rooted });
};

const hybridContent: ReadContent = (info, name, pieceLength) => {
  const tree = v2Files(info, name, pieceLength);
  if (tree.kind === 'bad') return tree;
  const listed = listedFiles(info, name);
  if (listed.kind === 'bad') return listed;
  const files = hybridFiles(listed.value, tree.value, pieceLength);
  if (files.kind === 'bad') return files;
  const content = v1Content(info, name, pieceLength);
  if (content.kind === 'bad') return content;
  return ok({ ...content.value, files: files.value, rooted: tree.value.filter(isRooted) });
};

const contentOf: Record<Metainfo['version'], ReadContent> = { v1: v1Content, hybrid: hybridContent, v2: v2Content };

function v2Files(info: BDict, name: string, pieceLength: number): Parsed<TreeFile[]> {
  if (pieceLength < BLOCK_BYTES || !Number.isInteger(Math.log2(pieceLength))) {
    return bad('the piece length of a v2 torrent must be a power of two, 16 KiB or more');
  }
  const tree = asDict(info.get('file tree'));
  return tree ? treeFiles(tree, name, pieceLength) : bad('the torrent has no file tree');
}

function sumOf(files: readonly { lengthBytes: number }[]): Parsed<number> {
  let total = 0;
  for (const { lengthBytes } of files) total += lengthBytes;
  if (total === 0) return bad('the torrent holds no bytes');
  return Number.isSafeInteger(total) ? ok(total) : bad('the torrent is larger than 2^53 bytes');
}
