import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fuzzRuns, hashOfByte } from './fixtures.ts';
import {
  encodeHandshake,
  HANDSHAKE_BYTES,
  looksLikeHandshake,
  newPeerId,
  PROTOCOL_NAME,
  parseHandshake,
} from './handshake.ts';

test('a handshake survives its own bytes, every flag by itself', () => {
  fc.assert(
    fc.property(fc.boolean(), fc.boolean(), fc.boolean(), fc.boolean(), (extended, fast, dht, v2) => {
      const peerId = newPeerId();
      const bytes = encodeHandshake({ infoHash: hashOfByte(3), peerId, extended, fast, dht, v2 });
      assert.equal(bytes.length, HANDSHAKE_BYTES);
      const read = parseHandshake(bytes);
      assert.deepEqual(read, {
        kind: 'ok',
        value: { infoHash: hashOfByte(3), peerId, extended, fast, dht, v2 },
      });
    }),
  );
});

test('the reserved bits stand where the BEPs put them', () => {
  const bytes = encodeHandshake({
    infoHash: hashOfByte(0),
    peerId: Buffer.alloc(20),
    extended: true,
    fast: true,
    dht: true,
    v2: true,
  });
  assert.equal(bytes.toString('hex', 20, 28), '0000000000100015');
  bytes[27] = 0x10;
  const read = parseHandshake(bytes);
  assert.ok(read.kind === 'ok' && read.value.v2 && !read.value.fast && !read.value.dht);
});

test('the peer id is a copy', () => {
  const bytes = encodeHandshake({ infoHash: hashOfByte(0), peerId: Buffer.alloc(20, 5) });
  const read = parseHandshake(bytes);
  bytes.fill(0);
  assert.ok(read.kind === 'ok' && read.value.peerId[0] === 5);
});

test('a head is told from the first byte on', () => {
  for (let n = 0; n < 20; n++) {
    assert.equal(looksLikeHandshake(PROTOCOL_NAME.subarray(0, n)), 'maybe');
    const wrong = Buffer.from(PROTOCOL_NAME.subarray(0, n + 1));
    wrong[n] = (wrong[n] as number) ^ 1;
    assert.equal(looksLikeHandshake(wrong), 'no');
  }
  assert.equal(looksLikeHandshake(Buffer.concat([PROTOCOL_NAME, Buffer.alloc(3)])), 'yes');
});

test('other bytes are refused, none throw', () => {
  const nearly = fc.tuple(fc.nat(67), fc.nat(255)).map(([at, to]) => {
    const bytes = encodeHandshake({ infoHash: hashOfByte(1), peerId: Buffer.alloc(20) });
    bytes[at] = to;
    return bytes;
  });
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 100 }), nearly), (bytes) => {
      const isOne = bytes.length >= 68 && PROTOCOL_NAME.equals(bytes.subarray(0, 20));
      assert.equal(parseHandshake(bytes).kind, isOne ? 'ok' : 'bad');
    }),
    { numRuns: fuzzRuns },
  );
});

test('a peer id names the client and is new every time', () => {
  const [a, b] = [newPeerId(), newPeerId()];
  assert.equal(a.length, 20);
  assert.equal(a.toString('latin1', 0, 8), '-SB0100-');
  assert.notDeepEqual(a, b);
});
