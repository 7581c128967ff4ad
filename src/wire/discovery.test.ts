import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fuzzRuns, hashOfByte } from './fixtures.ts';
import { encodeLsd, LSD_BATCH, parseLsd } from './lsd.ts';
import { parseMagnet } from './magnet.ts';
import { encodeUtpReset, parseUtpSyn } from './utp.ts';

const [A, B] = [hashOfByte(0xaa), hashOfByte(0x0b)];
const lsd = (...lines: string[]): Buffer =>
  Buffer.from(['BT-SEARCH * HTTP/1.1', 'Host: 239.192.152.143:6771', ...lines, '', ''].join('\r\n'));

test('an LSD announce names torrents and a port', () => {
  const read = parseLsd(
    lsd('Port: 6881', `Infohash: ${A.toUpperCase()}`, `infohash: ${B}`, `Infohash: ${A}`, 'cookie: x'),
  );
  assert.deepEqual(read, { kind: 'ok', value: { infoHashes: [A, B], port: 6881, cookie: 'x' } });
});

test('an LSD announce of ours reads as it was meant, and fits into 1,400 bytes (BEP 14)', () => {
  const infoHashes = Array.from({ length: LSD_BATCH }, (_, i) => hashOfByte(i));
  for (const family of [4, 6] as const) {
    const said = { infoHashes, port: 65_535, cookie: 'abcdefgh' };
    const bytes = encodeLsd(family, said);
    assert.ok(bytes.length < 1400, `${bytes.length}`);
    assert.deepEqual(parseLsd(bytes), { kind: 'ok', value: said });
  }
  assert.throws(() => encodeLsd(4, { infoHashes: [...infoHashes, A], port: 1 }), RangeError);
});

test('what is no LSD announce is refused', () => {
  for (const bytes of [
    lsd('Port: 6881'),
    lsd(`Infohash: ${A}`),
    lsd('Port: 0', `Infohash: ${A}`),
    lsd('Port: 70000', `Infohash: ${A}`),
    lsd('Port: 1', `Infohash: ${A}0`),
    Buffer.from(`M-SEARCH * HTTP/1.1\r\nPort: 1\r\nInfohash: ${A}\r\n`),
    Buffer.concat([lsd('Port: 1', `Infohash: ${A}`), Buffer.alloc(1500, 0x20)]),
  ]) {
    assert.equal(parseLsd(bytes).kind, 'bad', bytes.toString());
  }
});

// First bytes of real clients: libtorrent and uTorrent send 20 bytes, Transmission adds the legacy extension bits.
const SYN = Buffer.from('41001234' + '0a0b0c0d' + '00000000' + '00100000' + 'abcd' + '0000', 'hex');
const SYN_WITH_BITS = Buffer.from(
  '41021234' + '0a0b0c0d' + '00000000' + '00100000' + 'abcd' + '0000' + '00080000000000000000',
  'hex',
);

test('a uTP SYN is known with and without extensions', () => {
  for (const bytes of [SYN, SYN_WITH_BITS]) assert.deepEqual(parseUtpSyn(bytes), { connectionId: 0x1234, seq: 0xabcd });
});

test('other uTP packets and what only begins alike are none', () => {
  const changed = (base: Buffer, at: number, value: number): Buffer => {
    const copy = Buffer.from(base);
    copy[at] = value;
    return copy;
  };
  for (const [what, bytes] of Object.entries({
    state: changed(SYN, 0, 0x21),
    'version 2': changed(SYN, 0, 0x42),
    'a time difference': changed(SYN, 11, 1),
    'an ack': changed(SYN, 19, 1),
    'data after it': Buffer.concat([SYN, Buffer.of(0)]),
    short: SYN.subarray(0, 19),
    'an unknown extension': changed(SYN_WITH_BITS, 1, 9),
    'an extension past the end': changed(SYN_WITH_BITS, 21, 9),
    'an extension that is not there': changed(SYN, 1, 2),
  })) {
    assert.equal(parseUtpSyn(bytes), undefined, what);
  }
});

test('a uTP reset answers the SYN it refuses', () => {
  const reset = encodeUtpReset(0x1234, 0xabcd);
  assert.equal(reset.toString('hex', 0, 16), '31001234000000000000000000000000');
  assert.equal(reset.readUInt16BE(18), 0xabcd);
  assert.equal(reset.length, 20);
});

test('magnet links: hex and base32, names and trackers in any order', () => {
  const hex = 'c12fe1c06bba254a9dc9f519b335aa7c1367a88a';
  for (const id of [hex, hex.toUpperCase(), 'YEX6DQDLXISUVHOJ6UM3GNNKPQJWPKEK', 'yex6dqdlxisuvhoj6um3gnnkpqjwpkek']) {
    const read = parseMagnet(`magnet:?tr=http%3A%2F%2Fa%2Fb%3Fc&xt=urn:btih:${id}&dn=A+b%20c&tr.1=udp://d&tr=udp://d`);
    assert.deepEqual(
      read,
      { kind: 'ok', value: { infoHash: hex, ids: [hex], name: 'A b c', trackers: ['http://a/b?c', 'udp://d'] } },
      id,
    );
  }
  assert.deepEqual(parseMagnet(` MAGNET:?xt.1=urn:btih:${A}\n`), {
    kind: 'ok',
    value: { infoHash: A, ids: [A], trackers: [] },
  });
});

test('a v2 link gives the head of its SHA-256, a hybrid one both names, the v1 one first', () => {
  const v2 = 'Ab'.repeat(32);
  const head = 'ab'.repeat(20);
  const only = parseMagnet(`magnet:?xt=urn:btmh:1220${v2}`);
  assert.ok(only.kind === 'ok');
  assert.deepEqual([only.value.infoHash, only.value.ids], [head, [head]]);
  const hybrid = parseMagnet(`magnet:?xt=urn:btmh:1220${v2}&xt=urn:btih:${A}`);
  assert.ok(hybrid.kind === 'ok');
  assert.deepEqual([hybrid.value.infoHash, hybrid.value.ids], [A, [A, head]]);
});

test('links without an info-hash are refused', () => {
  for (const uri of [
    '',
    'http://x',
    'magnet:',
    'magnet:?',
    `magnet:?xt=urn:sha1:${A}`,
    'magnet:?xt=urn:btih:abc',
    `magnet:?xt=urn:btih:${'1'.repeat(32)}`,
    `magnet:?xt=urn:btmh:1114${'ab'.repeat(20)}`,
    `magnet:?xt=urn:btmh:1220${'ab'.repeat(31)}`,
  ]) {
    assert.equal(parseMagnet(uri).kind, 'bad', uri);
  }
});

test('no bytes make the readers throw', () => {
  const part = fc.constantFrom(
    'BT-SEARCH * HTTP/1.1',
    '\r\n',
    'Port: 1',
    `Infohash: ${A}`,
    'magnet:?',
    'xt=urn:btih:',
    A,
    '&',
    'tr=%',
    'dn=%zz',
    ':',
  );
  const soup = fc.array(fc.oneof(part, fc.string({ maxLength: 8 })), { maxLength: 20 }).map((parts) => parts.join(''));
  fc.assert(
    fc.property(soup, fc.uint8Array({ maxLength: 40 }), (text, bytes) => {
      parseMagnet(text);
      parseLsd(Buffer.from(text));
      parseLsd(bytes);
      parseUtpSyn(bytes);
      parseUtpSyn(Buffer.concat([SYN_WITH_BITS.subarray(0, 20), bytes]));
    }),
    { numRuns: fuzzRuns },
  );
});
