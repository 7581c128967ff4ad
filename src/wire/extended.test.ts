import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { encode } from './bencode.ts';
import type { MetadataMessage } from './extended.ts';
import {
  encodeExtendedHandshake,
  encodeMetadata,
  MAX_METADATA_BYTES,
  METADATA_PIECE_BYTES,
  MetadataAssembly,
  metadataPiece,
  parseExtendedHandshake,
  parseMetadata,
} from './extended.ts';
import { fuzzRuns } from './fixtures.ts';

test('an extended handshake survives its own bytes', () => {
  const whole = {
    metadataSize: 31_235,
    utMetadataId: 3,
    utPexId: 4,
    ltDonthaveId: 7,
    listenPort: 6881,
    client: 'Swarmbox 0.1',
    reqq: 250,
  };
  assert.deepEqual(parseExtendedHandshake(encodeExtendedHandshake(whole)), { kind: 'ok', value: whole });
  assert.deepEqual(parseExtendedHandshake(encodeExtendedHandshake({})), { kind: 'ok', value: {} });
  assert.equal(encodeExtendedHandshake({ utMetadataId: 1 }).toString(), 'd1:md11:ut_metadatai1eee');
});

test('fields of a wrong type or out of range count as absent; order and trailing bytes do not matter', () => {
  const bad = encode({ m: { ut_metadata: 300 }, metadata_size: MAX_METADATA_BYTES + 1, p: 0, reqq: -1, v: 5 });
  assert.deepEqual(parseExtendedHandshake(bad), { kind: 'ok', value: {} });
  assert.deepEqual(parseExtendedHandshake(encode({ m: 'x', metadata_size: 'y' })), { kind: 'ok', value: {} });
  const unsorted = Buffer.from('d1:v3:abc1:md11:ut_metadatai2eee tail');
  assert.deepEqual(parseExtendedHandshake(unsorted), { kind: 'ok', value: { client: 'abc', utMetadataId: 2 } });
  assert.equal(parseExtendedHandshake(Buffer.from('le')).kind, 'bad');
  const long = parseExtendedHandshake(encode({ v: 'x'.repeat(1000) }));
  assert.ok(long.kind === 'ok' && long.value.client?.length === 64);
});

test('metadata messages survive their own bytes', () => {
  const messages: MetadataMessage[] = [
    { kind: 'request', piece: 4 },
    { kind: 'reject', piece: 0 },
    { kind: 'data', piece: 1, totalSize: 20_000, data: Buffer.from('de and more') },
  ];
  for (const m of messages) assert.deepEqual(parseMetadata(encodeMetadata(m)), { kind: 'ok', value: m });
  assert.equal(encodeMetadata(messages[0] as MetadataMessage).toString(), 'd8:msg_typei0e5:piecei4ee');
});

test('metadata messages that make no sense are refused', () => {
  for (const dict of [
    {},
    { msg_type: 0 },
    { msg_type: 0, piece: -1 },
    { msg_type: 3, piece: 0 },
    { msg_type: 1, piece: 0 },
    { msg_type: 0, piece: 2048 },
  ]) {
    assert.equal(parseMetadata(encode(dict)).kind, 'bad', JSON.stringify(dict));
  }
  assert.equal(parseMetadata(encode({ msg_type: 1, piece: 0, total_size: MAX_METADATA_BYTES + 1 })).kind, 'bad');
});

test('an info dictionary is put together from its pieces in any order', () => {
  const size = fc.oneof(
    fc.integer({ min: 1, max: 5 * METADATA_PIECE_BYTES }),
    fc.constantFrom(METADATA_PIECE_BYTES, 2 * METADATA_PIECE_BYTES),
  );
  fc.assert(
    fc.property(size, fc.infiniteStream(fc.nat()), (bytes, order) => {
      const whole = randomBytes(bytes);
      const assembly = new MetadataAssembly(bytes);
      const count = Math.ceil(bytes / METADATA_PIECE_BYTES);
      assert.equal(assembly.missing().length, count);
      for (let left = count; left > 0; left--) {
        const missing = assembly.missing();
        const piece = missing[(order.next().value as number) % missing.length] as number;
        const m = metadataPiece(whole, piece);
        assert.ok(m?.kind === 'data' && m.totalSize === bytes);
        assert.equal(assembly.put(piece, m.data), left === 1 ? 'done' : 'ok');
        assert.equal(assembly.put(piece, m.data), left === 1 ? 'done' : 'ok', 'a second time changes nothing');
      }
      assert.deepEqual(assembly.bytes(), whole);
      assert.equal(metadataPiece(whole, count), undefined);
    }),
    { numRuns: 30 },
  );
});

test('a piece of the wrong size or place is bad', () => {
  const assembly = new MetadataAssembly(METADATA_PIECE_BYTES + 10);
  for (const [piece, size] of [
    [0, 10],
    [1, METADATA_PIECE_BYTES],
    [2, 10],
    [-1, METADATA_PIECE_BYTES],
    [0.5, 10],
    [1, 0],
  ] as const) {
    assert.equal(assembly.put(piece, Buffer.alloc(size)), 'bad', `${piece}: ${size}`);
  }
  assert.throws(() => assembly.bytes(), RangeError);
  for (const size of [0, -1, MAX_METADATA_BYTES + 1, 1.5]) assert.throws(() => new MetadataAssembly(size), RangeError);
});

test('no payload makes the readers throw', () => {
  const key = fc.constantFrom(
    'm',
    'v',
    'p',
    'reqq',
    'metadata_size',
    'msg_type',
    'piece',
    'total_size',
    '__proto__',
    'toString',
  );
  const value = fc.oneof(
    fc.maxSafeInteger(),
    fc.integer({ min: -2, max: 3 }),
    fc.string({ maxLength: 4 }),
    fc.constant({ ut_metadata: 'x' }),
    fc.constant([]),
  );
  const dict = fc
    .uniqueArray(fc.tuple(key, value), { selector: ([k]) => k })
    .map((entries) => encode(new Map<string, (typeof entries)[number][1]>(entries)));
  fc.assert(
    fc.property(fc.oneof(dict, fc.uint8Array({ maxLength: 60 })), fc.uint8Array({ maxLength: 4 }), (head, tail) => {
      const payload = Buffer.concat([head, tail]);
      const hands = parseExtendedHandshake(payload);
      if (hands.kind === 'ok') assert.ok((hands.value.metadataSize ?? 1) <= MAX_METADATA_BYTES);
      parseMetadata(payload);
    }),
    { numRuns: fuzzRuns },
  );
});
