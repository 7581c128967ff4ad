import { createHash } from 'node:crypto';
import { BLOCK_BYTES, infoHashOf } from '#base/units.ts';
import { type Encodable, encode } from './bencode.ts';
import { type Metainfo, parseInfo } from './metainfo.ts';

/** Imported by tests only: torrents of every version, made by the plainest reading of BEP 52, without the code under test. */
export type Content = readonly { path: readonly string[]; bytes: Buffer }[];

const sha256 = (...parts: Uint8Array[]): Buffer => {
  const sum = createHash('sha256');
  for (const part of parts) sum.update(part);
  return sum.digest();
};
const sha1 = (bytes: Buffer): Buffer => createHash('sha1').update(bytes).digest();

/** Every level of a tree, leaves first, written out with all its zeros. `atLeast`: leaves. */
export function wholeTree(bytes: Buffer, atLeast = 1): Buffer[][] {
  let row: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += BLOCK_BYTES) row.push(sha256(bytes.subarray(at, at + BLOCK_BYTES)));
  while (row.length < atLeast || !Number.isInteger(Math.log2(row.length))) row.push(Buffer.alloc(32));
  const levels = [row];
  while (row.length > 1) {
    const below = row;
    row = Array.from({ length: below.length / 2 }, (_, i) =>
      sha256(below[2 * i] as Buffer, below[2 * i + 1] as Buffer),
    );
    levels.push(row);
  }
  return levels;
}

/** The hash of each piece of a file that is longer than one. */
export function layerOf(bytes: Buffer, pieceLength: number): Buffer {
  const level = Math.log2(pieceLength / BLOCK_BYTES);
  const nodes = wholeTree(bytes, pieceLength / BLOCK_BYTES)[level] ?? [];
  return Buffer.concat(nodes.slice(0, Math.ceil(bytes.length / pieceLength)));
}

const rootOf = (bytes: Buffer): Buffer => wholeTree(bytes).at(-1)?.[0] as Buffer;

type Tree = { [name: string]: Tree | Encodable };

function treeOf(content: Content): Tree {
  const tree: Tree = {};
  for (const { path, bytes } of content) {
    let folder = tree;
    for (const name of path) {
      const key = latin1(name);
      folder[key] ??= {};
      folder = folder[key] as Tree;
    }
    folder[''] = { length: bytes.length, ...(bytes.length > 0 && { 'pieces root': rootOf(bytes) }) };
  }
  return tree;
}

/** Dictionary keys are byte strings. */
const latin1 = (text: string): string => Buffer.from(text).toString('latin1');

/** The list of a hybrid, each file padded to the next piece (BEP 47), and the bytes of it all. */
function padded(content: Content, pieceLength: number): { files: Encodable[]; stream: Buffer } {
  const files: Encodable[] = [];
  const parts: Buffer[] = [];
  let size = 0;
  for (const { path, bytes } of content) {
    const gap = bytes.length > 0 ? (pieceLength - (size % pieceLength)) % pieceLength : 0;
    if (gap > 0) files.push({ attr: 'p', length: gap, path: ['.pad', String(gap)] });
    files.push({ length: bytes.length, path: [...path] });
    parts.push(Buffer.alloc(gap), bytes);
    size += gap + bytes.length;
  }
  return { files, stream: Buffer.concat(parts) };
}

export type Made = {
  /** Change a part before encoding it. */
  info: Record<string, Encodable | undefined>;
  layers: ReadonlyMap<string, Encodable>;
  torrentFile: Buffer;
  /** The bytes of all pieces, one after the other. */
  stream: Buffer;
};

/** `content` in the order of a v2 tree: sorted by the bytes of the names. */
export function madeTorrent(version: 'v1' | 'hybrid' | 'v2', content: Content, pieceLength = BLOCK_BYTES): Made {
  const v1 = version === 'hybrid' ? padded(content, pieceLength) : plain(content);
  const pieces: Buffer[] = [];
  for (let at = 0; at < v1.stream.length; at += pieceLength)
    pieces.push(sha1(v1.stream.subarray(at, at + pieceLength)));
  const info = {
    name: 'made',
    'piece length': pieceLength,
    ...(version !== 'v2' && { files: v1.files, pieces: Buffer.concat(pieces) }),
    ...(version !== 'v1' && { 'meta version': 2, 'file tree': treeOf(content) as Encodable }),
  };
  const long = content.filter(({ bytes }) => bytes.length > pieceLength);
  const layers = new Map(long.map(({ bytes }) => [rootOf(bytes).toString('latin1'), layerOf(bytes, pieceLength)]));
  const torrentFile = encode({ info, ...(version !== 'v1' && { 'piece layers': layers }) });
  return { info, layers, torrentFile, stream: v1.stream };
}

function plain(content: Content): { files: Encodable[]; stream: Buffer } {
  const files = content.map(({ path, bytes }) => ({ length: bytes.length, path: [...path] }));
  return { files, stream: Buffer.concat(content.map(({ bytes }) => bytes)) };
}

export type Torrent = { meta: Metainfo; content: Buffer };

/** A v1 torrent of one file whose bytes depend on their place, read as the box reads it. */
export function oneFileTorrent(totalBytes: number, pieceLength: number): Torrent {
  const content = Buffer.alloc(totalBytes);
  for (let at = 0; at + 4 <= totalBytes; at += 4) content.writeUInt32LE(Math.imul(at + 1, 2_654_435_761) >>> 0, at);
  const pieces: Buffer[] = [];
  for (let at = 0; at < totalBytes; at += pieceLength) pieces.push(sha1(content.subarray(at, at + pieceLength)));
  const info = encode({ length: totalBytes, name: 'file', 'piece length': pieceLength, pieces: Buffer.concat(pieces) });
  const parsed = parseInfo(info, infoHashOf(sha1(info)));
  if (parsed.kind === 'bad') throw new Error(parsed.why);
  return { meta: parsed.value, content };
}
