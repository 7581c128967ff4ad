import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { encode } from './bencode.ts';
import { type Krpc, parseKrpc } from './krpc.ts';
import { WIRE_LIMITS } from './limits.ts';

const id = Buffer.from('abcdefghij0123456789');
const hash = Buffer.from('mnopqrstuvwxyz123456');
const infoHash = hash.toString('hex');

function read(bytes: Buffer): Krpc {
  const parsed = parseKrpc(bytes);
  assert.equal(parsed.kind, 'ok', parsed.kind === 'bad' ? parsed.why : '');
  return (parsed as { value: Krpc }).value;
}
const response = (r: Parameters<typeof encode>[0]): Krpc => read(encode({ r, t: 'aa', y: 'r' }));

test('the queries of BEP 5 and what real clients add to them', () => {
  const plain = read(Buffer.from(`d1:ad2:id20:${id}9:info_hash20:${hash}e1:q9:get_peers1:t2:aa1:y1:qe`));
  assert.deepEqual(plain, {
    kind: 'query',
    transactionId: Buffer.from('aa'),
    method: 'get_peers',
    id,
    infoHash,
    readOnly: false,
  });
  // uTorrent: `bs` before the id; libtorrent: BEP 33 and BEP 43 keys; dht.c: `want` and a client version.
  for (const text of [
    `d1:ad2:bsi1e2:id20:${id}9:info_hash20:${hash}e1:q9:get_peers1:t4:aaaa1:v4:UTÀ·1:y1:qe`,
    `d1:ad2:id20:${id}9:info_hash20:${hash}6:noseedi1e6:scrapei1ee1:q9:get_peers2:roi1e1:t2:aa1:y1:qe`,
    `d1:ad2:id20:${id}9:info_hash20:${hash}4:wantl2:n42:n6ee1:q9:get_peers1:t4:gp\x00\x001:v4:JC\x00\x001:y1:qe`,
  ]) {
    const query = read(Buffer.from(text, 'latin1'));
    assert.equal(query.kind === 'query' && query.infoHash, infoHash, text);
  }
  const announce = (extra: string) =>
    read(Buffer.from(`d1:ad2:id20:${id}${extra}5:token8:aoeusnthe1:q13:announce_peer1:t2:aa1:y1:qe`));
  const stated = announce(`9:info_hash20:${hash}4:porti6881e`);
  assert.equal(stated.kind === 'query' && stated.port, 6881);
  const implied = announce(`12:implied_porti1e9:info_hash20:${hash}4:porti6881e`);
  assert.equal(implied.kind === 'query' && implied.port, undefined);
  assert.deepEqual(implied.kind === 'query' && implied.token, Buffer.from('aoeusnth'));
});

test('answers name peers of both families, however they are listed', () => {
  const v4 = Buffer.from([203, 0, 113, 9, 0x1a, 0xe1]);
  const v6 = Buffer.from(`20010db8${'00'.repeat(11)}091ae1`, 'hex');
  const peers = [
    { ip: '203.0.113.9', port: 6881 },
    { ip: '2001:db8::9', port: 6881 },
  ];
  const both = response({ id, token: 'x', values: [v4, v6] });
  assert.deepEqual(both.kind === 'response' && both.peers, peers);
  const together = response({ id, values: v4 });
  assert.deepEqual(together.kind === 'response' && together.peers, [peers[0]]);
  // BEP 42: libtorrent and uTorrent put the asker's own address first.
  const text = `d2:ip6:\x01\x02\x03\x04\x05\x061:rd2:id20:${id}5:token1:x6:valuesl6:${v4.toString('latin1')}ee1:t2:aa1:y1:re`;
  const libtorrent = read(Buffer.from(text, 'latin1'));
  assert.deepEqual(libtorrent.kind === 'response' && libtorrent.peers, [peers[0]]);
});

test('answers name nodes of both families', () => {
  const nodes = Buffer.concat([id, Buffer.from([203, 0, 113, 9, 0x1a, 0xe1])]);
  const nodes6 = Buffer.concat([id, Buffer.from(`20010db8${'00'.repeat(11)}091ae1`, 'hex')]);
  const answer = response({ id, nodes: Buffer.concat([nodes, nodes.subarray(0, 25)]), nodes6 });
  assert.deepEqual(answer.kind === 'response' && answer.nodes, [
    { id, endpoint: { ip: '203.0.113.9', port: 6881 } },
    { id, endpoint: { ip: '2001:db8::9', port: 6881 } },
  ]);
});

test('what is unusable is left out, what is no message is refused', () => {
  const odd = response({ id: 'short', values: ['', 'x', Buffer.alloc(6), 7, []], nodes: 5, token: '' });
  assert.deepEqual(odd, { kind: 'response', transactionId: Buffer.from('aa'), peers: [], nodes: [] });
  for (const text of ['', 'd', 'le', 'de', 'd1:y1:re', 'd1:t2:aa1:y1:qe', 'd1:t2:aa1:y1:xe', 'd1:rle1:t1:a1:y1:re'])
    assert.equal(parseKrpc(Buffer.from(text)).kind, 'bad', text);
  const error = read(encode({ e: [203, 'Protocol Error'], t: 'aa', y: 'e' }));
  assert.deepEqual(error, { kind: 'error', transactionId: Buffer.from('aa'), code: 203 });
});

test('whatever a stranger sends, the reader neither throws nor yields more than a datagram may', () => {
  const key = fc.constantFrom('a', 'r', 't', 'y', 'q', 'id', 'values', 'nodes', 'nodes6', 'info_hash', 'port', 'token');
  const leaf = fc.oneof(fc.integer(), fc.uint8Array({ maxLength: 60 }), fc.constantFrom('q', 'r', 'get_peers'));
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { maxDepth: 4 },
      leaf,
      fc.array(tie('tree'), { maxLength: 8 }),
      fc.dictionary(key, tie('tree'), { maxKeys: 6 }),
    ),
  }));
  const message = fc.dictionary(key, tree).map((value) => encode(value as Parameters<typeof encode>[0]));
  fc.assert(
    fc.property(fc.oneof(message, fc.uint8Array({ maxLength: 400 })), fc.nat(400), (bytes, cut) => {
      for (const input of [bytes, bytes.subarray(0, cut)]) {
        const parsed = parseKrpc(input);
        if (parsed.kind === 'bad' || parsed.value.kind !== 'response') continue;
        assert.ok(parsed.value.peers.length <= WIRE_LIMITS.krpcWeight);
        assert.ok(parsed.value.nodes.length <= 2 * WIRE_LIMITS.krpcNodes);
      }
    }),
    { numRuns: 2_000 },
  );
  const many = encode({ r: { values: Array.from({ length: 2_000 }, () => 'abcdef') }, t: 'aa', y: 'r' });
  assert.equal(parseKrpc(many).kind, 'bad');
});
