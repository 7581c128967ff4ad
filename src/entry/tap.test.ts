import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Endpoint } from '#base/endpoint.ts';
import { type InfoHash, infoHashOf } from '#base/units.ts';
import { encodeHandshake, newPeerId } from '#wire/handshake.ts';
import type { IpPacket } from '#wire/ip-packet.ts';
import { encodeQvodHandshake, newQvodPeerId } from '#wire/qvod/handshake.ts';
import { encodeAnnounce } from '#wire/tracker-udp.ts';
import { announceAnswer, announceRequest, client, hash, tcp, tracker, udp } from './fixtures.ts';
import { LOGGED } from './learn-rules.ts';
import { LIMITS } from './limits.ts';
import type { Seen } from './seen.ts';
import { Tap } from './tap.ts';

const infoHash = infoHashOf(hash);
const peers: Endpoint[] = [
  { ip: '198.51.100.21', port: 6881 },
  { ip: '203.0.113.9', port: 51413 },
];
const announceOf = (hashOf: InfoHash, transactionId: number): Buffer =>
  encodeAnnounce({
    connectionId: Buffer.alloc(8, 1),
    transactionId,
    infoHash: hashOf,
    peerId: newPeerId(),
    port: 1,
    uploaded: 0,
    downloaded: 0,
    left: 5,
    key: 1,
  });
const endpointsOf = (seen: readonly Seen[]): Endpoint[] =>
  seen.flatMap((s) => (s.kind === 'learned' ? [...s.value.endpoints] : []));

test('an HTTP announce is heard, and its answer teaches the peers it names', () => {
  const tap = new Tap();
  const [heard] = tap.read(LOGGED.request, tcp(client, tracker, announceRequest()), 0);
  assert.equal(heard?.kind, 'announced');
  assert.deepEqual(heard?.value, {
    client: client.ip,
    infoHash,
    from: 'http-tracker',
    leftBytes: 1000,
    event: 'started',
    tracker: 'http://198.51.100.10:6969/announce',
  });
  const [learned, done] = tap.read(LOGGED.held, tcp(tracker, client, announceAnswer(peers), 77), 1);
  assert.deepEqual(done, { kind: 'done', client, server: tracker });
  assert.deepEqual(learned, {
    kind: 'learned',
    value: { client: client.ip, infoHash, endpoints: peers, from: 'http-tracker' },
  });
  assert.equal(tap.pending(1), 0);
});

test('however an answer is cut and repeated, every peer is taught by the packet that completes it at the latest', () => {
  const many = Array.from({ length: 120 }, (_, i) => ({ ip: `203.0.113.${i + 1}`, port: 1024 + i }));
  const answer = announceAnswer(many);
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 8 }),
      fc.nat(0xffffffff),
      (sizes, first) => {
        const tap = new Tap();
        tap.read(LOGGED.request, tcp(client, tracker, announceRequest()), 0);
        const taught: Endpoint[] = [];
        for (let at = 0, i = 0; at < answer.length; i++) {
          const part = answer.subarray(at, at + (sizes[i % sizes.length] as number));
          const packet = tcp(tracker, client, part.toString('latin1'), (first + at) >>> 0);
          taught.push(...endpointsOf(tap.read(LOGGED.held, packet, 1)));
          if (i % 2 === 0) assert.deepEqual(endpointsOf(tap.read(LOGGED.held, packet, 1)), []);
          at += part.length;
        }
        assert.deepEqual(taught, many);
      },
    ),
    { numRuns: 200 },
  );
});

test('a UDP announce teaches only when the transaction is the one that was asked', () => {
  const tap = new Tap();
  const ask = announceOf(infoHash, 4711);
  const answer = (transactionId: number): Buffer => {
    const b = Buffer.alloc(26);
    b.writeUInt32BE(1, 0);
    b.writeUInt32BE(transactionId, 4);
    b.set([203, 0, 113, 9, 0xc8, 0xd5], 20);
    return b;
  };
  const [heard] = tap.read(LOGGED.request, udp(client, tracker, ask), 0);
  assert.equal(heard?.kind === 'announced' && heard.value.tracker, 'udp://198.51.100.10:6969');
  assert.deepEqual(tap.read(LOGGED.held, udp(tracker, client, answer(1)), 1), []);
  const learned = tap.read(LOGGED.held, udp(tracker, client, answer(4711)), 1);
  assert.deepEqual(endpointsOf(learned), [{ ip: '203.0.113.9', port: 0xc8d5 }]);
});

test('a client announces many torrents to one UDP tracker at once, and each answer teaches its own', () => {
  const tap = new Tap();
  const hashes = [infoHash, infoHashOf(Buffer.alloc(20, 7))] as const;
  const from = { ip: '2001:db8:1::5', port: 6881 };
  const to = { ip: '2001:db8:2::7', port: 6969 };
  const v6 = (packet: IpPacket): IpPacket => ({ ...packet, version: 6 });
  for (const [i, each] of hashes.entries()) tap.read(LOGGED.request, v6(udp(from, to, announceOf(each, i))), 0);
  for (const [i, each] of hashes.entries()) {
    const answer = Buffer.concat([Buffer.alloc(20), Buffer.from(`20010db8${'00'.repeat(10)}00${i}91ae1`, 'hex')]);
    answer.writeUInt32BE(1, 0);
    answer.writeUInt32BE(i, 4);
    const [taught] = tap.read(LOGGED.held, v6(udp(to, from, answer)), 1);
    assert.ok(taught?.kind === 'learned');
    assert.equal(taught.value.infoHash, each);
    assert.deepEqual(taught.value.endpoints, [{ ip: i === 0 ? '2001:db8::9' : '2001:db8::19', port: 6881 }]);
  }
});

test('scrapes tell that a client takes part, and name no peers', () => {
  const tap = new Tap();
  const scrape = Buffer.concat([Buffer.alloc(8, 1), Buffer.from([0, 0, 0, 2, 0, 0, 0, 9]), hash, Buffer.alloc(20, 7)]);
  const overUdp = tap.read(LOGGED.scrape, udp(client, tracker, scrape), 0);
  assert.deepEqual(
    overUdp.map((s) => s.kind === 'announced' && s.value.infoHash),
    [infoHash, infoHashOf(Buffer.alloc(20, 7))],
  );
  const overHttp = tap.read(LOGGED.get, tcp(client, tracker, announceRequest().replace('/announce', '/x/scrape')), 0);
  assert.ok(overHttp.length === 1 && overHttp[0]?.kind === 'announced' && overHttp[0].value.infoHash === infoHash);
  assert.equal(tap.pending(1), 0);
});

test('a tracker with any path is found by its parameters, and its answer held from then on', () => {
  const tap = new Tap();
  const request = announceRequest().replace('/announce', `/tracker.php/${'ab'.repeat(16)}/announce`);
  const [hold, heard] = tap.read(LOGGED.get, tcp(client, tracker, request), 0);
  assert.deepEqual(hold, { kind: 'hold', client, server: tracker });
  assert.ok(heard?.kind === 'announced' && heard.value.infoHash === infoHash);
  assert.deepEqual(endpointsOf(tap.read(LOGGED.held, tcp(tracker, client, announceAnswer(peers), 77), 1)), peers);
  for (const other of ['GET / HTTP/1.1\r\n', 'GET /search?info_hash=5 HTTP/1.1\r\n', 'GET /info_hash= HTTP/1.1\r\n'])
    assert.deepEqual(tap.read(LOGGED.get, tcp(client, tracker, other), 0), [], other);
});

test('a plain handshake on the bridge teaches its endpoint for the next time', () => {
  const h = encodeHandshake({ infoHash, peerId: newPeerId() });
  const seen = new Tap().read(LOGGED.handshake, tcp(client, peers[0] as Endpoint, h.toString('latin1')), 0);
  assert.deepEqual(endpointsOf(seen), [peers[0]]);
});

test('an answer nobody asked for, nonsense, and unusable peers teach nothing', () => {
  const tap = new Tap();
  const done = [{ kind: 'done', client, server: tracker }];
  assert.deepEqual(tap.read(LOGGED.held, tcp(tracker, client, announceAnswer(peers)), 0), done);
  assert.deepEqual(tap.read(LOGGED.request, tcp(client, tracker, 'GET /announcements.html HTTP/1.1\r\n\r\n'), 0), done);
  tap.read(LOGGED.request, tcp(client, tracker, announceRequest()), 0);
  assert.deepEqual(tap.read(LOGGED.held, tcp(tracker, client, '\x00\x01 not HTTP at all'), 0), done);
  tap.read(LOGGED.request, tcp(client, tracker, announceRequest()), 0);
  const unusable = announceAnswer([
    { ip: '0.0.0.0', port: 1 },
    { ip: '1.2.3.4', port: 0 },
  ]);
  assert.deepEqual(tap.read(LOGGED.held, tcp(tracker, client, unusable), 0), done);
});

test('asks are bounded and age', () => {
  const tap = new Tap();
  for (let port = 1; port <= LIMITS.trackerFlows + 50; port++)
    tap.read(LOGGED.request, tcp({ ip: client.ip, port }, tracker, announceRequest()), 0);
  assert.equal(tap.pending(1), LIMITS.trackerFlows);
  tap.read(LOGGED.request, tcp(client, tracker, announceRequest()), LIMITS.trackerFlowForMs);
  assert.equal(tap.pending(LIMITS.trackerFlowForMs), 1);
});

test('whatever a stranger sends, the tap neither throws nor grows', () => {
  const tap = new Tap();
  fc.assert(
    fc.property(
      fc.constantFrom(...Object.values(LOGGED)),
      fc.uint8Array({ maxLength: 300 }),
      fc.boolean(),
      (rule, bytes, isUdp) => {
        const payload = Buffer.from(bytes);
        tap.read(rule, isUdp ? udp(client, tracker, payload) : tcp(client, tracker, payload.toString('latin1')), 0);
        tap.read(rule, isUdp ? udp(tracker, client, payload) : tcp(tracker, client, payload.toString('latin1')), 0);
        assert.ok(tap.pending(0) <= 8);
      },
    ),
    { numRuns: 3_000 },
  );
});

test('a passing Qvod handshake teaches its endpoint, and one over UDP is told of once and teaches nothing', () => {
  const tap = new Tap();
  const [peer] = peers as [Endpoint];
  const hello = encodeQvodHandshake({ infoHash, peerId: newQvodPeerId(Buffer.from('QVOD0052')) });
  assert.deepEqual(tap.read(LOGGED.handshake, tcp(client, peer, hello.toString('latin1')), 0), [
    { kind: 'learned', value: { client: client.ip, infoHash, endpoints: [peer], from: 'qvod-handshake' } },
  ]);
  const datagram = Buffer.concat([Buffer.alloc(13), hello]);
  datagram.writeUInt32BE(datagram.length);
  const passed = { kind: 'passed', value: { client: client.ip, endpoint: peer, why: 'qvod' } };
  assert.deepEqual(tap.read(LOGGED.qvodUdp, udp(client, peer, datagram), 0), [passed]);
  assert.deepEqual(tap.read(LOGGED.qvodUdp, udp(client, peer, datagram), 1), [], 'told of already');
  for (let port = 1; port <= 2 * LIMITS.toldFlows; port++)
    assert.equal(tap.read(LOGGED.delivery, tcp(client, { ...peer, port }, 'x'), 2).length, 1);
  assert.deepEqual(tap.read(LOGGED.qvodUdp, udp(client, peer, datagram), 3), [passed], 'what is forgotten is bounded');
});
