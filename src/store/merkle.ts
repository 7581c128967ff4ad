import { hash } from 'node:crypto';
import { bug } from '#base/errors.ts';

const NODE_BYTES = 32;

/**
 * BEP 52: the root over SHA-256 of each block. Of the `leaves` (a power of two) those without a block are 32 zero bytes;
 * the trees above them are all alike, so each level computes one of them.
 */
export function merkleRoot(blocks: readonly Uint8Array[], leaves: number): Uint8Array {
  if (blocks.length === 0 || blocks.length > leaves || !Number.isInteger(Math.log2(leaves)))
    bug(`${blocks.length} blocks in a tree of ${leaves} leaves`);
  // One node more than there are: the last of an odd level has an empty tree beside it.
  const nodes = Buffer.alloc((blocks.length + 1) * NODE_BYTES);
  for (const [i, block] of blocks.entries()) hash('sha256', block, 'buffer').copy(nodes, i * NODE_BYTES);
  let empty: Buffer = Buffer.alloc(NODE_BYTES);
  for (let width = leaves, count = blocks.length; width > 1; width /= 2) {
    if (count % 2 === 1) empty.copy(nodes, count * NODE_BYTES);
    count = Math.ceil(count / 2);
    for (let i = 0; i < count; i++) {
      const pair = nodes.subarray(2 * i * NODE_BYTES, 2 * (i + 1) * NODE_BYTES);
      hash('sha256', pair, 'buffer').copy(nodes, i * NODE_BYTES);
    }
    empty = hash('sha256', Buffer.concat([empty, empty]), 'buffer');
  }
  return Uint8Array.from(nodes.subarray(0, NODE_BYTES));
}
