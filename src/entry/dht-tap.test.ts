import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Endpoint } from '#base/endpoint.ts';
import { infoHashOf } from '#base/units.ts';
import { encode } from '#wire/bencode.ts';
import { DhtTap } from './dht-tap.ts';
import { client, hash, udp } from './fixtures.ts';
import { LIMITS } from './limits.ts';
import type { Seen } from './seen.ts';

const infoHash = infoHashOf(hash);
const node: Endpoint = { ip: '198.51.100.40', port: 6881 };
const id = Buffer.alloc(20, 1);
const query = (t: string, info_hash: Buffer = hash, q = 'get_peers') =>
  udp(client, node, encode({ a: { id, info_hash }, q, t, y: 'q' }));
const answer = (t: string, values: Buffer[], from = node) =>
  udp(from, client, encode({ r: { id, token: 'x', values }, t, y: 'r' }));
const peer = (last: number, port: number): Buffer => Buffer.from([203, 0, 113, last, port >> 8, port & 255]);
const taught = (seen: readonly Seen[]): Endpoint[] =>
  seen.flatMap((s) => (s.kind === 'learned' ? [...s.value.endpoints] : []));

test('an answer teaches the torrent that its own transaction asked for, once, and from the node that was asked', () => {
  const tap = new DhtTap();
  const other = Buffer.alloc(20, 9);
  assert.deepEqual(tap.query(query('aa'), 0), [], 'a question shows nothing: bootstrapping looks the same');
  tap.query(query('ab'), 0);
  tap.query(query('ac', other), 0);
  assert.deepEqual(tap.answer(answer('zz', [peer(1, 6881)]), 1), [], 'nobody asked');
  assert.deepEqual(tap.answer(answer('aa', [peer(1, 6881)], { ...node, port: 9 }), 1), [], 'somebody else answers');
  const [first] = tap.answer(answer('aa', [peer(1, 6881)]), 1);
  assert.deepEqual(first, {
    kind: 'learned',
    value: { client: client.ip, infoHash, endpoints: [{ ip: '203.0.113.1', port: 6881 }], from: 'dht' },
  });
  const [second] = tap.answer(answer('ac', [peer(2, 6881)]), 1);
  assert.equal(second?.kind === 'learned' && second.value.infoHash, infoHashOf(other));
  assert.deepEqual(tap.answer(answer('aa', [peer(1, 6881)]), 1), [], 'answered already');
  assert.deepEqual(tap.answer(answer('ab', [peer(1, 6881)]), LIMITS.dhtAskForMs), [], 'too late');
});

test('addresses of servers, of neighbours, and impossible ones are not believed', () => {
  const tap = new DhtTap();
  tap.query(query('aa'), 0);
  const values = [
    peer(1, 443),
    peer(2, 80),
    peer(3, 1024),
    Buffer.from([127, 0, 0, 1, 99, 99]),
    Buffer.from([239, 1, 1, 1, 99, 99]),
    Buffer.from([192, 168, 1, 1, 99, 99]),
  ];
  assert.deepEqual(taught(tap.answer(answer('aa', values), 1)), [{ ip: '203.0.113.3', port: 1024 }]);
});

test('announce_peer tells that a client takes part; other queries teach nothing', () => {
  const tap = new DhtTap();
  const findNode = encode({ a: { id, target: hash }, q: 'find_node', t: 'aa', y: 'q' });
  assert.deepEqual(tap.query(udp(client, node, findNode), 0), []);
  const [told] = tap.query(query('aa', hash, 'announce_peer'), 0);
  assert.ok(told?.kind === 'announced');
  assert.deepEqual([told.value.client, told.value.infoHash, told.value.from], [client.ip, infoHash, 'dht']);
  assert.equal(tap.pending(2), 0);
});

test('a crawler is not listened to beyond its first torrents, and what is awaited is bounded', () => {
  const tap = new DhtTap();
  const nth = (n: number): Buffer => Buffer.from(n.toString(16).padStart(40, '0'), 'hex');
  const learns = (n: number, nowMs: number): boolean => {
    tap.query(query('aa', nth(n)), nowMs);
    return tap.answer(answer('aa', [peer(1, 6881)]), nowMs).length > 0;
  };
  for (let n = 0; n < LIMITS.dhtTorrents; n++) assert.ok(learns(n, 0));
  assert.ok(!learns(LIMITS.dhtTorrents, 1));
  assert.ok(learns(0, 1), 'one of the first');
  for (let n = 0; n < LIMITS.dhtAsks + 50; n++) tap.query(query(`u${n}`, nth(1)), 2);
  assert.equal(tap.pending(2), LIMITS.dhtAsks);
  assert.ok(learns(LIMITS.dhtTorrents, LIMITS.steerForMs), 'time forgives');
});
