import type { PieceIndex } from '#base/units.ts';
import type { BDict } from './bencode.ts';
import { asBytes, asDict, asInt } from './bencode.ts';
import { isLink, isPadding } from './file-list.ts';
import { WIRE_LIMITS } from './limits.ts';
import { HASH_BYTES } from './merkle.ts';
import type { Parsed } from './parsed.ts';
import { bad, ok } from './parsed.ts';
import { safePath } from './safe-path.ts';

/** A file of a v2 torrent that holds bytes (BEP 52): it begins with a piece of its own, and its last piece may be short. */
export type RootedFile = {
  path: readonly string[];
  lengthBytes: number;
  firstPiece: PieceIndex;
  /** 32 bytes: the root of the hash tree over its blocks. */
  piecesRoot: Uint8Array;
};
/** An empty file has no tree. */
export type TreeFile = RootedFile | { path: readonly string[]; lengthBytes: 0 };

export const isRooted = (file: TreeFile): file is RootedFile => 'piecesRoot' in file;

/** Pieces of a file that begins at a piece. */
export const piecesOf = (lengthBytes: number, pieceLength: number): number => Math.ceil(lengthBytes / pieceLength);

/** Reads a `file tree`, in its order, which is the order of the pieces. */
export function treeFiles(tree: BDict, name: string, pieceLength: number): Parsed<TreeFile[]> {
  const walk = new Walk(name, pieceLength);
  const why = tree.has('') ? 'the file tree is a file' : walk.folder(tree, []);
  if (why !== undefined) return bad(why);
  // BEP 52: a torrent of one file is a tree of one entry with the torrent's own name.
  const [only] = walk.files;
  const isSingle = walk.files.length === 1 && only?.path.length === 2 && only.path[1] === name;
  return ok(isSingle ? [{ ...only, path: [name] }] : walk.files);
}

class Walk {
  readonly files: TreeFile[] = [];
  readonly #name: string;
  readonly #pieceLength: number;
  #pieces = 0;

  constructor(name: string, pieceLength: number) {
    this.#name = name;
    this.#pieceLength = pieceLength;
  }

  /** Returns why the torrent is refused. The nesting was bounded when the bytes were read. */
  folder(dict: BDict, above: readonly Buffer[]): string | undefined {
    let before = '';
    for (const [key, value] of dict) {
      // Pieces are numbered in this order, so two readers must not see two orders.
      if (key < before) return 'the file tree is not sorted';
      before = key;
      const node = asDict(value);
      if (!node) return 'a node of the file tree is no dictionary';
      const elements = [...above, Buffer.from(key, 'latin1')];
      const why = node.has('') ? this.#file(node, safePath(this.#name, elements)) : this.folder(node, elements);
      if (why !== undefined) return why;
    }
    return undefined;
  }

  #file(node: BDict, path: readonly string[]): string | undefined {
    const file = asDict(node.get(''));
    if (!file || node.size !== 1) return 'a node of the file tree is both a file and a folder';
    if (this.files.length >= WIRE_LIMITS.files) return 'the torrent has too many files';
    const lengthBytes = isLink(file) ? 0 : asInt(file.get('length'));
    if (lengthBytes === undefined || lengthBytes < 0) return 'a file has no length';
    if (lengthBytes === 0) {
      this.files.push({ path, lengthBytes });
      return undefined;
    }
    if (isPadding(file)) return 'a file tree has no use for padding files';
    const root = asBytes(file.get('pieces root'));
    if (root?.length !== HASH_BYTES || root.every((byte) => byte === 0)) return 'a file has no pieces root';
    this.files.push({ path, lengthBytes, firstPiece: this.#pieces, piecesRoot: Uint8Array.from(root) });
    this.#pieces += piecesOf(lengthBytes, this.#pieceLength);
    return this.#pieces > WIRE_LIMITS.pieces ? `${this.#pieces} pieces are too many` : undefined;
  }
}

/** The file that a piece belongs to. Throws on a piece that the torrent does not have. */
export function fileAt(files: readonly RootedFile[], piece: PieceIndex): RootedFile {
  let [low, high] = [0, files.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((files[middle] as RootedFile).firstPiece <= piece) low = middle;
    else high = middle - 1;
  }
  const file = files[low];
  if (!file || !Number.isInteger(piece) || piece < 0) throw new RangeError(`bug: there is no piece ${piece}`);
  return file;
}

/** How many bytes of the piece are the file's own. */
export function fileBytesIn(files: readonly RootedFile[], pieceLength: number, piece: PieceIndex): number {
  const { firstPiece, lengthBytes } = fileAt(files, piece);
  const bytes = Math.min(pieceLength, lengthBytes - (piece - firstPiece) * pieceLength);
  if (bytes <= 0) throw new RangeError(`bug: there is no piece ${piece}`);
  return bytes;
}
