import { BLOCK_BYTES } from '#base/units.ts';
import type { RootedFile } from './file-tree.ts';
import type { HashRange } from './hash-messages.ts';
import { WIRE_LIMITS } from './limits.ts';
import { HASH_BYTES, heightOver, levelAbove, zeroHash } from './merkle.ts';
import type { Metainfo } from './metainfo.ts';
import { layerBytes, layeredFiles, pieceLevel } from './piece-layers.ts';

/** Levels of a file's tree above its blocks. */
export const treeHeight = (lengthBytes: number): number => heightOver(Math.ceil(lengthBytes / BLOCK_BYTES));

/**
 * How many uncles a range has to bring: the level of its own root lies `log2(length)` above the base, and each proof layer from the one below
 * that on needs one (BEP 52).
 */
export const unclesOf = (range: Pick<HashRange, 'length' | 'proofLayers'>): number =>
  Math.max(0, range.proofLayers + 1 - Math.log2(range.length));

const TREES = new WeakMap<Metainfo, HashTrees>();

/** Built once for all who ask: of a large torrent the trees take a while. */
export function treesOf(meta: Metainfo): HashTrees {
  const trees = TREES.get(meta) ?? new HashTrees(meta);
  TREES.set(meta, trees);
  return trees;
}

/**
 * Answers hash requests from the piece layers of a torrent. Trees are built when they are first asked about, from the piece layer up: what lies
 * below it is for whoever has the blocks.
 */
export class HashTrees {
  readonly #meta: Metainfo;
  readonly #files: ReadonlyMap<string, RootedFile>;
  /** Levels from the piece layer up, each without the zeros at its end. */
  readonly #levels = new Map<RootedFile, Buffer[]>();

  /** `meta` has its layers. */
  constructor(meta: Metainfo) {
    this.#meta = meta;
    this.#files = new Map(layeredFiles(meta).map((file) => [Buffer.from(file.piecesRoot).toString('hex'), file]));
  }

  /** The hashes of the answer; undefined when the request is to be rejected. */
  answer(range: HashRange): Buffer | undefined {
    const file = this.#files.get(range.piecesRoot.toString('hex'));
    if (!file) return undefined;
    const { baseLayer, index, length, proofLayers } = range;
    const lowest = pieceLevel(this.#meta.pieceLength);
    const above = treeHeight(file.lengthBytes) - baseLayer;
    if (baseLayer < lowest || above < 1 || proofLayers >= above) return undefined;
    if (length < 2 || length > WIRE_LIMITS.hashesAtOnce || !Number.isInteger(Math.log2(length))) return undefined;
    if (index % length !== 0 || index + length > 2 ** above) return undefined;

    const levels = this.#treeOf(file);
    const node = (level: number, at: number): Buffer => {
      const row = levels[level - lowest] as Buffer;
      const start = at * HASH_BYTES;
      return start < row.length ? row.subarray(start, start + HASH_BYTES) : zeroHash(level);
    };
    const hashes = Array.from({ length }, (_, i) => node(baseLayer, index + i));
    const rootLevel = baseLayer + Math.log2(length);
    const place = index / length;
    for (let up = 0; up < unclesOf(range); up++) hashes.push(node(rootLevel + up, Math.floor(place / 2 ** up) ^ 1));
    return Buffer.concat(hashes);
  }

  #treeOf(file: RootedFile): Buffer[] {
    const known = this.#levels.get(file);
    if (known) return known;
    const { pieceRoots, pieceLength } = this.#meta;
    if (!pieceRoots) throw new Error('bug: hash trees without piece layers');
    const start = file.firstPiece * HASH_BYTES;
    let row = Buffer.from(pieceRoots.subarray(start, start + layerBytes(file, pieceLength)));
    const levels = [row];
    for (let level = pieceLevel(pieceLength); row.length > HASH_BYTES; level++) {
      row = Buffer.from(levelAbove(row, level));
      levels.push(row);
    }
    this.#levels.set(file, levels);
    return levels;
  }
}
