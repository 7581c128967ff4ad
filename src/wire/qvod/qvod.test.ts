import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { infoHashOf, KIB, MIB } from '#base/units.ts';
import { looksLikeDelivery } from '../delivery-optimization.ts';
import { fuzzRuns, hashOfByte } from '../fixtures.ts';
import { decodeMessage, encodeMessage } from '../frames.ts';
import { looksLikeHandshake } from '../handshake.ts';
import { parseInfo } from '../metainfo.ts';
import {
  encodeQvodHandshake,
  looksLikeQvod,
  newQvodPeerId,
  parseQvodHandshake,
  QVOD_NAME,
  qvodVersionOf,
} from './handshake.ts';
import { decodeQvodMessage, encodeMetafile, encodeMetafileRequest, encodeUnhave } from './messages.ts';
import { encodeSeed, parseNamedInfo, parseQvodInfo, parseSeed, qvodHashOf, qvodPieceLength } from './seed.ts';
import { qvodDatagram } from './udp.ts';

const HASH = hashOfByte(0x51);
const PEER_ID = Buffer.from('QVOD0052AABBCCDDEEFF', 'latin1');
const sha1 = (bytes: Uint8Array): Buffer => createHash('sha1').update(bytes).digest();

/** A seed as Qvod writes it: keys in its own order, the date a string, the name in GBK. `title`: the name's bytes. */
function seedFile(pieces: Buffer, o: { announce?: string; title?: Buffer; sizeBytes?: number } = {}) {
  const title = o.title ?? Buffer.from([0xc4, 0xe3, 0xba, 0xc3]);
  const size = o.sizeBytes ?? (pieces.length / 20) * 16 * KIB;
  const announce = o.announce ?? 'http://track.qvod.com:8080/announce';
  const info = Buffer.concat([
    Buffer.from(`d6:lengthi${size}e4:name${title.length}:`),
    title,
    Buffer.from(`12:piece lengthi${16 * KIB}e6:pieces${pieces.length}:`),
    pieces,
    Buffer.from('e'),
  ]);
  const rest = `8:announce${announce.length}:${announce}5:adurl0:9:textadurl0:13:creation date10:2010-01-02e`;
  return { info, seed: Buffer.concat([Buffer.from('d8:encoding3:GBK4:info'), info, Buffer.from(rest)]) };
}

test('the handshake is BitTorrent’s under another name, and only its first twenty bytes are matched', () => {
  const hello = encodeQvodHandshake({ infoHash: HASH, peerId: PEER_ID });
  assert.equal(hello.length, 68);
  assert.equal(hello.toString('latin1', 0, 28), `\x13QVOD protocol${'\0'.repeat(14)}`);
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 8, maxLength: 8 }), (reserved) => {
      const theirs = Buffer.from(hello);
      theirs.set(reserved, 20);
      const read = parseQvodHandshake(theirs);
      assert.ok(read.kind === 'ok');
      assert.equal(read.value.infoHash, HASH);
      assert.deepEqual(read.value.peerId, PEER_ID);
      assert.equal(read.value.checked, reserved[0] !== 0);
      assert.deepEqual(read.value.qvodHello, theirs);
    }),
  );
});

test('the three names are told apart as soon as they differ, and not before', () => {
  for (let n = 0; n < QVOD_NAME.length; n++) {
    assert.equal(looksLikeQvod(QVOD_NAME.subarray(0, n)), 'maybe');
    assert.equal(looksLikeHandshake(QVOD_NAME.subarray(0, n)), n < 2 ? 'maybe' : 'no');
    assert.equal(looksLikeDelivery(QVOD_NAME.subarray(0, n)), n < 1 ? 'maybe' : 'no');
  }
  assert.equal(parseQvodHandshake(QVOD_NAME).kind, 'bad');
  assert.equal(parseQvodHandshake(Buffer.alloc(68)).kind, 'bad');
});

test('our peer id is of the version that the peer speaks', () => {
  assert.match(newQvodPeerId(PEER_ID).toString('latin1'), /^QVOD0052[0-9A-F]{12}$/);
  assert.match(newQvodPeerId(Buffer.from('-XX0000-123456789012')).toString('latin1'), /^QVOD0000[0-9A-F]{12}$/);
  assert.equal(qvodVersionOf(Buffer.from('QVOD12x4000000000000')), undefined);
});

test('ids up to 8 are BitTorrent’s; above them the same id means something else', () => {
  const common = [
    encodeMessage({ kind: 'keep-alive' }),
    encodeMessage({ kind: 'unchoke' }),
    encodeMessage({ kind: 'have', piece: 7 }),
    encodeMessage({ kind: 'request', piece: 1, begin: 8192, length: 8192 }),
    encodeMessage({ kind: 'piece', piece: 1, begin: 8192, data: Buffer.from('data') }),
    encodeMessage({ kind: 'port', port: 6881 }),
  ];
  for (const frame of common) assert.deepEqual(decodeQvodMessage(frame), decodeMessage(frame));
  const read = (frame: Buffer) => decodeQvodMessage(frame);
  assert.deepEqual(read(encodeMetafileRequest(HASH)), { kind: 'ok', value: { kind: 'metafile-request', hash: HASH } });
  assert.equal(encodeMetafileRequest(HASH).readUInt32BE(0), 21);
  assert.equal(decodeMessage(encodeMetafileRequest(HASH)).kind, 'bad', 'the collision with PORT');
  const seed = Buffer.from('d4:infodee');
  assert.deepEqual(read(encodeMetafile(seed)), { kind: 'ok', value: { kind: 'metafile', seed } });
  assert.deepEqual(read(encodeUnhave(3)), { kind: 'ok', value: { kind: 'unhave', piece: 3 } });
  // BEP 6 and 10 are not spoken here: their ids are not theirs.
  for (const m of [
    { kind: 'have-all' },
    { kind: 'suggest', piece: 1 },
    { kind: 'reject', piece: 0, begin: 0, length: 1 },
  ] as const)
    assert.deepEqual(read(encodeMessage(m)).kind === 'ok' && (read(encodeMessage(m)) as { value: object }).value, {
      kind: 'unknown',
      id: encodeMessage(m)[4],
    });
  assert.equal(read(encodeMetafile(Buffer.alloc(MIB + 1))).kind, 'bad');
});

test('a seed with keys in any order, a date in words and a GBK name is named by its piece hashes', () => {
  const pieces = randomBytes(60);
  const { seed, info } = seedFile(pieces);
  const read = parseSeed(seed);
  assert.ok(read.kind === 'ok', JSON.stringify(read));
  assert.equal(read.value.taskHash, infoHashOf(sha1(pieces)));
  assert.equal(read.value.meta.name, '你好');
  assert.deepEqual(read.value.meta.infoBytes, info);
  const torrent = parseSeed(seedFile(pieces, { announce: 'http://tracker.example/announce' }).seed);
  assert.ok(torrent.kind === 'ok');
  assert.equal(torrent.value.taskHash, infoHashOf(sha1(info)), 'without Qvod’s tracker it is an ordinary torrent');
});

test('an info dictionary is taken under the name that its piece hashes have, and under no other', () => {
  const pieces = randomBytes(40);
  const { info } = seedFile(pieces);
  const named = parseNamedInfo(info, qvodHashOf(pieces));
  assert.ok(named.kind === 'ok');
  assert.equal(named.value.infoHash, qvodHashOf(pieces));
  assert.equal(named.value.pieceCount, 2);
  const asTorrent = parseNamedInfo(info, infoHashOf(sha1(info)));
  assert.deepEqual(asTorrent, parseInfo(info, infoHashOf(sha1(info))));
  assert.equal(parseNamedInfo(info, HASH).kind, 'bad');
  const forged = seedFile(Buffer.concat([pieces.subarray(0, 20), randomBytes(20)]));
  assert.equal(parseQvodInfo(forged.info, qvodHashOf(pieces)).kind, 'bad');
  assert.equal(parseQvodInfo(Buffer.alloc(MIB + 1), HASH).kind, 'bad');
});

test('the seed that we answer with is read back under the same name', () => {
  const pieces = randomBytes(40);
  const { info } = seedFile(pieces);
  for (const hash of [qvodHashOf(pieces), infoHashOf(sha1(info))]) {
    const meta = parseNamedInfo(info, hash);
    assert.ok(meta.kind === 'ok');
    const back = parseSeed(encodeSeed(meta.value, hash));
    assert.ok(back.kind === 'ok');
    assert.equal(back.value.taskHash, hash);
    assert.deepEqual(back.value.meta.infoBytes, info);
  }
});

test('pieces are 16 KiB up to 2 MiB, then grow with the root of the size, up to 4 MiB', () => {
  const cases = [
    [1, 16],
    [2 * MIB, 16],
    [2 * MIB + 1, 16],
    [4 * MIB, 32],
    [700 * MIB, 256],
    [1024 * MIB, 512],
    [2 ** 36, 4096],
    [2 ** 50, 4096],
  ] as const;
  for (const [size, kib] of cases) assert.equal(qvodPieceLength(size), kib * KIB, `${size}`);
});

test('a datagram is Qvod’s when it states its own length and carries the handshake', () => {
  const hello = encodeQvodHandshake({ infoHash: HASH, peerId: PEER_ID });
  const datagram = Buffer.concat([Buffer.alloc(13), hello]);
  datagram.writeUInt32BE(datagram.length);
  assert.equal(qvodDatagram(datagram), 'handshake');
  assert.equal(datagram.toString('latin1', 14, 27), 'QVOD protocol');
  assert.equal(qvodDatagram(datagram.subarray(0, -1)), undefined);
  assert.equal(qvodDatagram(Buffer.from(`0000000d${'00'.repeat(9)}`, 'hex')), 'empty');
  assert.equal(qvodDatagram(Buffer.from('0')), 'punch');
});

test('no bytes make a reader throw', () => {
  const { seed } = seedFile(randomBytes(40));
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 100 }),
      fc.nat(seed.length - 1),
      fc.integer({ min: 0, max: 255 }),
      fc.integer({ min: 0, max: 20 }),
      (bytes, at, byte, id) => {
        const body = Buffer.from(bytes);
        const frame = Buffer.concat([Buffer.alloc(4), Buffer.of(id), body]);
        frame.writeUInt32BE(frame.length - 4);
        decodeQvodMessage(frame);
        decodeQvodMessage(Buffer.concat([Buffer.alloc(4), body]));
        parseQvodHandshake(Buffer.concat([QVOD_NAME, body]));
        qvodDatagram(bytes);
        parseSeed(bytes);
        const spoilt = Buffer.from(seed);
        spoilt[at] = byte;
        parseSeed(spoilt);
        parseNamedInfo(spoilt, HASH);
      },
    ),
    { numRuns: fuzzRuns },
  );
});

const CAPTURE = new URL('../../../../shared/corpus/pcaps/bittorrent/synthetic_qvod_msdo.pcap', import.meta.url);
const capture = { skip: existsSync(CAPTURE) ? false : 'the capture ../shared/corpus is not here' };

/** Payloads of a classic little-endian capture of IPv4 over Ethernet: what this one file is. */
function payloads(pcap: Buffer): { proto: number; bytes: Buffer }[] {
  const found: { proto: number; bytes: Buffer }[] = [];
  for (let at = 24; at < pcap.length; ) {
    const size = pcap.readUInt32LE(at + 8);
    const packet = pcap.subarray(at + 16 + 14, at + 16 + size);
    at += 16 + size;
    const ipBytes = ((packet[0] ?? 0) & 15) * 4;
    const proto = packet[9] ?? 0;
    const l4 = packet.subarray(ipBytes, packet.readUInt16BE(2));
    const bytes = l4.subarray(proto === 17 ? 8 : ((l4[12] ?? 0) >> 4) * 4);
    if (bytes.length > 0) found.push({ proto, bytes });
  }
  return found;
}

test('the synthetic capture’s signatures are found (it proves no more than that)', capture, () => {
  const seen = payloads(readFileSync(CAPTURE));
  const hellos = seen.filter((p) => p.proto === 6 && looksLikeQvod(p.bytes) === 'yes');
  assert.ok(hellos.length > 0 && hellos.every((p) => parseQvodHandshake(p.bytes).kind === 'ok'));
  assert.ok(seen.some((p) => p.proto === 6 && looksLikeDelivery(p.bytes) === 'yes'));
  assert.ok(seen.some((p) => p.proto === 17 && qvodDatagram(p.bytes) === 'handshake'));
  assert.ok(seen.every((p) => looksLikeHandshake(p.bytes) !== 'yes'));
});
