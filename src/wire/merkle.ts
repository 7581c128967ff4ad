import { hash } from 'node:crypto';

/**
 * The hash trees of BitTorrent v2 (BEP 52). A file's leaves are the SHA-256 of its 16 KiB blocks; a node is the SHA-256 of its two children.
 * Level 0 is the leaves. A tree is as wide as the next power of two, and a leaf beyond the file is 32 zero bytes.
 */
export const HASH_BYTES = 32;

/** Levels above the leaves that any tree here can have: 2^53 bytes are 2^39 blocks. */
const LEVELS = 40;

/** `sha256` over 64 bytes: both children. */
const parentOf = (pair: Uint8Array): Buffer => hash('sha256', pair, 'buffer');

/** What stands at each level where there is no file any more. */
const ZERO: readonly Buffer[] = zeroHashes();

function zeroHashes(): Buffer[] {
  const levels: Buffer[] = [Buffer.alloc(HASH_BYTES)];
  while (levels.length <= LEVELS) {
    const below = levels.at(-1) as Buffer;
    levels.push(parentOf(Buffer.concat([below, below])));
  }
  return levels;
}

/** The node at `level` under which no leaf belongs to the file. */
export function zeroHash(level: number): Buffer {
  const zero = ZERO[level];
  if (!zero) throw new RangeError(`bug: no tree has a level ${level}`);
  return zero;
}

/** How many levels lie above `count` nodes: 0 for one node, 1 for two, 2 for three or four. */
export const heightOver = (count: number): number => Math.ceil(Math.log2(Math.max(1, count)));

/** The next level of a run of nodes that begins at an even index; a last one without a sibling gets the zero of its level. */
export function levelAbove(nodes: Uint8Array, level: number): Buffer {
  const count = nodes.length / HASH_BYTES;
  const above = Buffer.allocUnsafe(Math.ceil(count / 2) * HASH_BYTES);
  for (let i = 0; i < count; i += 2) {
    const at = i * HASH_BYTES;
    const isPair = i + 1 < count;
    const pair = isPair
      ? nodes.subarray(at, at + 2 * HASH_BYTES)
      : Buffer.concat([nodes.subarray(at, at + HASH_BYTES), zeroHash(level)]);
    parentOf(pair).copy(above, at / 2);
  }
  return above;
}

/** The root of a tree whose nodes at `level` are these; those that are missing up to the tree's width are zeros. */
export function merkleRoot(nodes: Uint8Array, level: number): Buffer {
  let row = Buffer.from(nodes.buffer, nodes.byteOffset, nodes.length);
  if (row.length === 0) throw new RangeError('bug: the root of no nodes');
  for (let at = level; row.length > HASH_BYTES; at++) row = levelAbove(row, at);
  return Buffer.from(row);
}

/** A run of nodes and what proves them: the sibling of their own root, then of each ancestor, up to just below the tree's root. */
export type Proof = {
  /** 2^k nodes at `level`, zeros where the tree has none. */
  readonly nodes: Uint8Array;
  readonly level: number;
  /** Of the first node, in its level: a multiple of the number of nodes. */
  readonly index: number;
  /** 32 bytes each, lowest first. */
  readonly uncles: Uint8Array;
};

/** Whether these nodes stand at this place in the tree with this root. The caller says by the number of uncles how high the tree is. */
export function proves(proof: Proof, root: Uint8Array): boolean {
  const { nodes, level, index, uncles } = proof;
  const count = nodes.length / HASH_BYTES;
  let place = index / count;
  let node = merkleRoot(nodes, level);
  for (let at = 0; at < uncles.length; at += HASH_BYTES) {
    const uncle = uncles.subarray(at, at + HASH_BYTES);
    node = parentOf(Buffer.concat(place % 2 === 0 ? [node, uncle] : [uncle, node]));
    place = Math.floor(place / 2);
  }
  return place === 0 && node.equals(root);
}
