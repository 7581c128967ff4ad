import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hashOfByte } from './fixtures.ts';
import { parseKrpc } from './krpc.ts';
import { encodeGetPeers } from './krpc-encode.ts';

const id = Buffer.alloc(20, 1);
const transactionId = Buffer.from('abcd');

test('a query reads as it was meant, and is that of a read-only node (BEP 43)', () => {
  const infoHash = hashOfByte(7);
  const asked = parseKrpc(encodeGetPeers({ transactionId, id, infoHash }));
  const query = { kind: 'query', transactionId, id, readOnly: true, method: 'get_peers', infoHash };
  assert.deepEqual(asked, { kind: 'ok', value: query });
});

test('the bytes are those of BEP 5, 32 and 43', () => {
  const text = encodeGetPeers({ transactionId, id, infoHash: hashOfByte(7) }).toString('latin1');
  const hash = '\x07'.repeat(20);
  const args = `d2:id20:${'\x01'.repeat(20)}9:info_hash20:${hash}4:wantl2:n42:n6ee`;
  assert.equal(text, `d1:a${args}1:q9:get_peers2:roi1e1:t4:abcd1:y1:qe`);
});
