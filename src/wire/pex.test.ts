import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Endpoint } from '#base/endpoint.ts';
import { encode } from './bencode.ts';
import { fuzzRuns } from './fixtures.ts';
import { ipBytes, ipv4Text, ipv6Text } from './ip-text.ts';
import { WIRE_LIMITS } from './limits.ts';
import { encodePex, PEX_FLAG, parsePex } from './pex.ts';

const V4: Endpoint = { ip: '203.0.113.7', port: 6881 };
const V6: Endpoint = { ip: '2001:db8::7', port: 51413 };

test('a message reads as it was meant, both families, flags with their peers', () => {
  const pex = {
    added: [
      { endpoint: V4, flags: PEX_FLAG.seed | PEX_FLAG.reachable },
      { endpoint: V6, flags: PEX_FLAG.encrypts },
    ],
    dropped: [
      { ip: '198.51.100.1', port: 1 },
      { ip: '2001:db8::1', port: 2 },
    ],
  };
  assert.deepEqual(parsePex(encodePex(pex)), { kind: 'ok', value: pex });
});

test('the bytes are those of BEP 11', () => {
  const bytes = encodePex({ added: [{ endpoint: V4, flags: 2 }], dropped: [] });
  const peer = Buffer.from('cb0071071ae1', 'hex').toString('latin1');
  const expected = `d5:added6:${peer}7:added.f1:\x026:added60:8:added6.f0:7:dropped0:8:dropped60:e`;
  assert.equal(bytes.toString('latin1'), expected);
});

test('a peer without a port is left out and takes its flags along; too many are cut', () => {
  const two = Buffer.from('cb00710700000a0000011ae1', 'hex');
  const read = parsePex(encode({ added: two, 'added.f': Buffer.of(1, 2) }));
  const { added } = read.kind === 'ok' ? read.value : assert.fail(read.why);
  assert.deepEqual(added, [{ endpoint: { ip: '10.0.0.1', port: 6881 }, flags: 2 }]);
  const many = parsePex(encode({ added: Buffer.alloc(6 * 2_000, 1) }));
  assert.equal(many.kind === 'ok' && many.value.added.length, WIRE_LIMITS.pexPeers);
  assert.equal(parsePex(encode({ added: Buffer.alloc(WIRE_LIMITS.pexBytes) })).kind, 'bad');
});

test('no input makes it throw or give more than its bound', () => {
  const dict = fc.dictionary(
    fc.constantFrom('added', 'added.f', 'added6', 'added6.f', 'dropped', 'dropped6', 'x'),
    fc.oneof(
      fc.uint8Array({ maxLength: 100 }).map((b) => Buffer.from(b)),
      fc.integer(),
      fc.constant([]),
    ),
  );
  const input = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    dict.map((d) => encode(d as Record<string, Buffer>)),
  );
  fc.assert(
    fc.property(input, (bytes) => {
      const read = parsePex(bytes);
      if (read.kind === 'ok') assert.ok(read.value.added.length <= WIRE_LIMITS.pexPeers);
    }),
    { numRuns: fuzzRuns },
  );
});

test('the bytes of an address are those that spell it', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 4, maxLength: 4 }),
      (b) => void assert.deepEqual(ipBytes(ipv4Text(b)), Buffer.from(b)),
    ),
  );
  const words = fc.array(fc.constantFrom(0, 0, 1, 0xffff, 0x12, 0xabcd), { minLength: 8, maxLength: 8 });
  fc.assert(
    fc.property(words, (list) => {
      const bytes = Buffer.from(list.flatMap((word) => [word >> 8, word & 0xff]));
      const text = ipv6Text(bytes);
      // A mapped address is spelt as IPv4.
      assert.deepEqual(ipBytes(text), text.includes(':') ? bytes : bytes.subarray(12));
    }),
  );
  assert.deepEqual(ipBytes('::1.2.3.4')?.toString('hex'), `${'0'.repeat(24)}01020304`);
  for (const none of ['', 'fe80::1%br0', 'host', '1.2.3', ':::']) assert.equal(ipBytes(none), undefined, none);
});
