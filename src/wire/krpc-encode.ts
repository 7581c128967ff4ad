import { type InfoHash, infoHashBytes } from '#base/units.ts';
import { encode } from './bencode.ts';

export type GetPeers = { readonly transactionId: Buffer; readonly id: Buffer; readonly infoHash: InfoHash };

/**
 * The one query of a read-only node (BEP 43): it takes without a place in anybody's table, because nobody outside could
 * ask it in return. `want` (BEP 32): nodes of both families.
 */
export function encodeGetPeers({ transactionId, id, infoHash }: GetPeers): Buffer {
  const a = { id, info_hash: infoHashBytes(infoHash), want: [Buffer.from('n4'), Buffer.from('n6')] };
  return encode({ a, q: 'get_peers', ro: 1, t: transactionId, y: 'q' });
}
