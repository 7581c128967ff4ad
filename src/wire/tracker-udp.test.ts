import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fuzzRuns, hashOfByte } from './fixtures.ts';
import {
  encodeAnnounce,
  encodeConnect,
  isConnectRequest,
  parseConnectAnswer,
  parseUdpAnnounceAnswer,
  parseUdpAnnounceRequest,
} from './tracker-udp.ts';

const announce = {
  connectionId: Buffer.from('0102030405060708', 'hex'),
  transactionId: 0xdeadbeef,
  infoHash: hashOfByte(9),
  peerId: Buffer.alloc(20, 1),
  downloaded: 5,
  left: 2 ** 40,
  uploaded: 6,
  key: 7,
  port: 51_413,
};

test('connecting: the request is known by its constant, the answer gives the id', () => {
  assert.equal(encodeConnect(0x01020304).toString('hex'), '00000417271019800000000001020304');
  assert.ok(isConnectRequest(encodeConnect(1)));
  assert.ok(!isConnectRequest(encodeConnect(1).subarray(0, 15)));
  assert.ok(!isConnectRequest(encodeAnnounce(announce)));
  const answer = Buffer.from('000000000000000a1122334455667788', 'hex');
  assert.deepEqual(parseConnectAnswer(answer), {
    kind: 'ok',
    value: { transactionId: 10, connectionId: answer.subarray(8) },
  });
  const refusal = parseConnectAnswer(Buffer.concat([Buffer.from('000000030000000a', 'hex'), Buffer.from('go away')]));
  assert.ok(refusal.kind === 'bad' && refusal.why.includes('go away'));
});

test('an announce survives its own bytes', () => {
  for (const event of ['started', 'stopped', 'completed', undefined] as const) {
    const bytes = encodeAnnounce({ ...announce, ...(event && { event }) });
    assert.equal(bytes.length, 98);
    const { transactionId, infoHash, port } = announce;
    assert.deepEqual(parseUdpAnnounceRequest(bytes), {
      kind: 'ok',
      value: { transactionId, infoHash, port, leftBytes: 2 ** 40, ...(event && { event }) },
    });
  }
  const unknownLeft = encodeAnnounce(announce);
  unknownLeft.writeBigUInt64BE(2n ** 63n - 1n, 64);
  const read = parseUdpAnnounceRequest(unknownLeft);
  assert.ok(read.kind === 'ok' && read.value.leftBytes === undefined);
});

test('the fields stand where BEP 15 puts them, the path follows as BEP 41 says', () => {
  const bytes = encodeAnnounce({ ...announce, event: 'started', numwant: 80, urlData: `/${'p'.repeat(299)}` });
  assert.equal(bytes.toString('hex', 0, 16), '010203040506070800000001deadbeef');
  assert.equal(bytes.toString('hex', 80, 98), '00000002' + '00000000' + '00000007' + '00000050' + 'c8d5');
  assert.deepEqual([bytes[98], bytes[99], bytes[98 + 257], bytes[98 + 258]], [2, 255, 2, 45]);
  assert.equal(bytes.length, 98 + 300 + 4);
  assert.equal(parseUdpAnnounceRequest(bytes).kind, 'ok');
});

test('answers of either family, and refusals', () => {
  const head = Buffer.from('00000001' + '0000000a' + '00000708' + '00000002' + '00000003', 'hex');
  const four = parseUdpAnnounceAnswer(Buffer.concat([head, Buffer.from('0a0000021ae1ffff', 'hex')]), 4);
  assert.deepEqual(four, {
    kind: 'ok',
    value: { transactionId: 10, intervalS: 1800, incomplete: 2, complete: 3, peers: [{ ip: '10.0.0.2', port: 6881 }] },
  });
  const six = parseUdpAnnounceAnswer(
    Buffer.concat([head, Buffer.from('20010db80000000000000000000000021ae1', 'hex')]),
    6,
  );
  assert.ok(six.kind === 'ok');
  assert.deepEqual(six.value.peers, [{ ip: '2001:db8::2', port: 6881 }]);
  const refused = parseUdpAnnounceAnswer(Buffer.concat([Buffer.from('000000030000000a', 'hex'), Buffer.from('no')]), 4);
  assert.deepEqual(refused, { kind: 'ok', value: { transactionId: 10, peers: [], failure: 'no' } });
  assert.equal(parseUdpAnnounceAnswer(head.subarray(0, 19), 4).kind, 'bad');
});

test('an unknown event or a short datagram is no announce', () => {
  const bytes = encodeAnnounce(announce);
  assert.equal(parseUdpAnnounceRequest(bytes.subarray(0, 97)).kind, 'bad');
  bytes[83] = 4;
  assert.equal(parseUdpAnnounceRequest(bytes).kind, 'bad');
});

test('no datagram makes the readers throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 150 }), fc.integer({ min: 0, max: 3 }), (body, action) => {
      for (const at of [3, 11]) if (at < body.length) body.fill(0, at - 3, at).fill(action, at, at + 1);
      isConnectRequest(body);
      parseUdpAnnounceRequest(body);
      parseUdpAnnounceAnswer(body, 4);
      parseUdpAnnounceAnswer(body, 6);
      parseConnectAnswer(body);
    }),
    { numRuns: fuzzRuns },
  );
});
