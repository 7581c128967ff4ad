import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { encode } from './bencode.ts';
import { DELIVERY_NAME } from './delivery-optimization.ts';
import { chunksOf, HASH, hashOfByte } from './fixtures.ts';
import { DatagramClassifier, type Finding, StreamClassifier } from './flow-classifier.ts';
import { encodeHandshake } from './handshake.ts';
import { MseInitiator, MseResponder, SkeyTable } from './mse.ts';
import { QVOD_NAME } from './qvod/handshake.ts';
import type { Side } from './signatures.ts';
import { encodeAnnounce, encodeConnect } from './tracker-udp.ts';

const text = (s: string): Buffer => Buffer.from(s, 'latin1');
type Said = readonly (readonly [Side, Buffer])[];

function stream(said: Said, fromStart = true): Finding {
  const classifier = new StreamClassifier(fromStart);
  for (const [from, bytes] of said) classifier.push(from, bytes);
  return classifier.finding;
}

function datagrams(said: Said): Finding {
  const classifier = new DatagramClassifier();
  for (const [from, bytes] of said) classifier.push(from, bytes);
  return classifier.finding;
}

const HANDSHAKE = encodeHandshake({ infoHash: HASH, peerId: Buffer.alloc(20, 'p') });
const ESCAPED = '%AA'.repeat(19);
const get = (target: string): Buffer => text(`GET ${target} HTTP/1.1\r\nHost: tracker.example\r\n\r\n`);
const pad = (name: Buffer): Buffer => Buffer.concat([name, Buffer.alloc(60)]);

test('what opens a stream is known from either side, however it is cut', () => {
  for (const [bytes, verdict, why] of [
    [HANDSHAKE, 'bittorrent', 'handshake'],
    [pad(QVOD_NAME), 'qvod', 'qvod-handshake'],
    [pad(DELIVERY_NAME), 'ms-do', 'ms-do-handshake'],
    [get('/announce?x=1'), 'tracker', 'http-announce'],
    [get('/scrape?x=1'), 'tracker', 'http-scrape'],
    [get(`/secret/announce.php?port=1&info_hash=${ESCAPED}a`), 'tracker', 'http-info-hash'],
    [get(`/a?info_hash=${ESCAPED}a&port=1`), 'tracker', 'http-info-hash'],
    [get('/a?info_hash=01234567890123456789'), 'tracker', 'http-info-hash'],
  ] as const) {
    for (const from of ['a', 'b'] as const) {
      for (const sizes of [[bytes.length], [1], [7, 1, 30], [1, 500]]) {
        const said = chunksOf(bytes, sizes).map((chunk) => [from, chunk] as const);
        assert.deepEqual(stream(said), { verdict, why }, `${bytes.toString('latin1', 0, 20)} in ${sizes}`);
      }
    }
  }
});

test('what only resembles a signature is none', () => {
  const nearly = (bytes: Buffer): Buffer => {
    const copy = Buffer.from(bytes);
    copy[19] = (copy[19] as number) ^ 1;
    return copy;
  };
  for (const bytes of [
    nearly(HANDSHAKE),
    nearly(pad(QVOD_NAME)),
    HANDSHAKE.subarray(1),
    HANDSHAKE.subarray(0, 19),
    pad(DELIVERY_NAME.subarray(0, 14)),
    get('/announcement?id=1'),
    get('/a?info_hash=%AA'),
    get(`/a?info_hash=${ESCAPED}`),
    get(`/a?info_hash=${ESCAPED}aa&port=1`),
    get(`/a?my_info_hash=${ESCAPED}a`),
    text('POST /announce?info_hash=01234567890123456789 HTTP/1.1\r\n\r\n'),
    text(`GET /a?info_hash=${ESCAPED}`),
    text(`GET /${'x'.repeat(5000)}?info_hash=${ESCAPED}a&`),
  ]) {
    assert.deepEqual(stream([['a', bytes]]), { verdict: 'other', why: 'no-signature' }, bytes.toString('latin1'));
  }
  assert.deepEqual(stream([]), { verdict: 'other', why: 'no-payload' });
});

test('a signature at the beginning of a later segment counts; in the middle of one it does not', () => {
  const before = text('CONNECT peer:6881 HTTP/1.1\r\n\r\n');
  assert.equal(
    stream([
      ['a', before],
      ['b', text('HTTP/1.1 200 OK\r\n\r\n')],
      ['a', HANDSHAKE],
    ]).verdict,
    'bittorrent',
  );
  assert.equal(stream([['a', Buffer.concat([before, HANDSHAKE])]]).verdict, 'other');
  assert.equal(
    stream([
      ['a', get('/')],
      ['a', get('/announce?a=b')],
    ]).verdict,
    'tracker',
    'a second request',
  );
});

test('bytes on both sides of a gap are not put together', () => {
  const classifier = new StreamClassifier(true);
  classifier.push('a', HANDSHAKE.subarray(0, 10));
  classifier.gap('a');
  classifier.push('a', HANDSHAKE.subarray(10));
  assert.equal(classifier.finding.verdict, 'other');
});

/** The encrypted handshake as our own two sides speak it; pads are random. */
function mseSaid(): [Side, Buffer][] {
  const table = new SkeyTable();
  table.add(HASH);
  const [a, b] = [new MseInitiator(HASH, HANDSHAKE), new MseResponder(table)];
  const first = a.start();
  const second = b.push(first);
  assert.ok(second.kind === 'more');
  const third = a.push(Buffer.concat(second.send));
  assert.ok(third.kind === 'more');
  return [
    ['a', first],
    ['b', Buffer.concat(second.send)],
    ['a', Buffer.concat(third.send)],
  ];
}

test('an encrypted handshake is guessed, nearly always, and only from its first byte', () => {
  let guessed = 0;
  for (let i = 0; i < 200; i++) {
    const said = mseSaid();
    if (stream(said).verdict === 'mse?') guessed++;
    assert.equal(stream(said, false).verdict, 'other', 'of a stream that was joined later nothing is guessed');
    assert.equal(stream(said.slice(0, 2)).verdict, 'other', 'two runs are not enough');
  }
  assert.ok(guessed >= 190, `${guessed} of 200`);
});

test('what is not random, too short or too long, TLS or Ethereum, is no encrypted handshake', () => {
  const key = randomBytes(200);
  key[0] = 0x7f;
  const said = (first: Buffer, second: Buffer = randomBytes(300), third: Buffer = randomBytes(200)): Said => [
    ['a', first],
    ['b', second],
    ['a', third],
  ];
  const rlpx = Buffer.from(key);
  rlpx.writeUInt16BE(rlpx.length - 2, 0);
  for (const [what, conversation] of [
    ['short', said(randomBytes(95))],
    ['long', said(randomBytes(609))],
    ['short answer', said(key, randomBytes(50))],
    ['text', said(text('hello world '.repeat(20)))],
    ['text answer', said(key, text('hello world '.repeat(20)))],
    ['zeros', said(Buffer.concat([key.subarray(0, 150), Buffer.alloc(3), key.subarray(0, 40)]))],
    ['text at last', said(key, randomBytes(300), text('hello world '.repeat(20)))],
    ['TLS', said(Buffer.concat([Buffer.of(0x16, 3, 1), key]))],
    ['Ethereum', said(rlpx)],
  ] as const) {
    assert.equal(stream(conversation).verdict, 'other', what);
  }
});

test('an encrypted handshake that chooses plain text ends in a handshake that is seen', () => {
  assert.equal(stream([...mseSaid(), ['b', randomBytes(30)], ['a', HANDSHAKE]]).verdict, 'bittorrent');
});

/** BEP 29. */
function utp(
  type: number,
  connectionId: number,
  seq: number,
  ack: number,
  tail: Buffer = Buffer.alloc(0),
  ext = 0,
): Buffer {
  const b = Buffer.alloc(20);
  b[0] = (type << 4) | 1;
  b[1] = ext;
  b.writeUInt16BE(connectionId, 2);
  b.writeUInt32BE(123_456, 4);
  b.writeUInt16BE(seq & 0xffff, 16);
  b.writeUInt16BE(ack & 0xffff, 18);
  return Buffer.concat([b, tail]);
}
const [DATA, STATE, SYN] = [0, 2, 4];
const BITS = Buffer.from('00080000000000000000', 'hex');

test('uTP is a SYN and its STATE, a handshake inside, or acknowledgements both ways', () => {
  const syn = utp(SYN, 700, 40_000, 0);
  assert.equal(datagrams([['a', syn]]).verdict, 'other');
  assert.deepEqual(
    datagrams([
      ['a', syn],
      ['b', utp(STATE, 700, 9, 40_000)],
    ]),
    { verdict: 'utp', why: 'utp-syn-state' },
  );
  const withBits: Said = [
    ['b', utp(SYN, 700, 40_000, 0, BITS, 2)],
    ['a', utp(STATE, 700, 9, 40_000, BITS, 2)],
  ];
  assert.equal(datagrams(withBits).why, 'utp-syn-state');
  for (const wrong of [utp(STATE, 701, 9, 40_000), utp(STATE, 700, 9, 40_001), utp(DATA, 700, 9, 40_000)]) {
    assert.equal(
      datagrams([
        ['a', syn],
        ['b', wrong],
      ]).verdict,
      'other',
    );
  }
  assert.equal(
    datagrams([
      ['a', syn],
      ['a', utp(STATE, 700, 9, 40_000)],
    ]).verdict,
    'other',
    'nobody answers himself',
  );
  assert.equal(datagrams([['b', utp(DATA, 5, 1, 1, HANDSHAKE)]]).why, 'utp-handshake');
  assert.equal(datagrams([['b', utp(DATA, 5, 1, 1, Buffer.concat([BITS, HANDSHAKE]), 2)]]).why, 'utp-handshake');

  const middle = (ids: readonly [number, number]): Said =>
    [0, 1, 2, 3].flatMap((i) => [
      ['a', utp(DATA, ids[0], 65_534 + i, 10)] as const,
      ['b', utp(STATE, ids[1], 11, 65_534 + i)] as const,
    ]);
  assert.equal(datagrams(middle([701, 700])).why, 'utp-acks');
  assert.equal(datagrams(middle([0, 0xffff])).why, 'utp-acks');
  assert.equal(datagrams(middle([700, 700])).verdict, 'other');
  assert.equal(datagrams(middle([701, 700]).slice(0, 3)).verdict, 'other');
});

test('DHT messages, announces over UDP, LSD and Qvod are known by a datagram', () => {
  const id = Buffer.alloc(20, 7);
  for (const message of [
    encode({ a: { id }, q: 'ping', t: 'aa', y: 'q' }),
    encode({ a: { bs: 1, id }, q: 'get_peers', ro: 1, t: 'aa', y: 'q' }),
    encode({ r: { id }, t: 'aa', y: 'r' }),
    encode({ ip: Buffer.alloc(6), r: { id }, t: 'aa', y: 'r' }),
    encode({ e: [201, 'no'], t: 'aa', y: 'e' }),
    encode({ a: { id, target: id }, q: 'find_node', t: 'aa', y: 'q' }).subarray(0, 60),
  ]) {
    assert.deepEqual(datagrams([['a', message]]), { verdict: 'dht', why: 'krpc' }, message.toString('latin1'));
  }
  for (const message of [
    encode({ a: { id: id.subarray(1) }, q: 'ping', t: 'aa', y: 'q' }),
    encode({ r: 1, t: 'aa', y: 'r' }),
    encode({ y: 'q', t: 'aa' }),
    encode({ a: 1, b: 2 }),
    text('d'),
    text('dns?'),
  ]) {
    assert.equal(datagrams([['a', message]]).verdict, 'other', message.toString('latin1'));
  }
  const search = text('BT-SEARCH * HTTP/1.1\r\nHost: 239.192.152.143:6771\r\n');
  assert.deepEqual(datagrams([['a', search]]), { verdict: 'lsd', why: 'lsd-search' });
  const qvod = Buffer.concat([Buffer.alloc(13), QVOD_NAME, Buffer.alloc(48)]);
  assert.equal(datagrams([['a', qvod]]).verdict, 'other', 'the length does not fit');
  qvod.writeUInt32BE(qvod.length, 0);
  assert.deepEqual(datagrams([['a', qvod]]), { verdict: 'qvod', why: 'qvod-datagram' });
});

const announce = (transactionId: number): Buffer =>
  encodeAnnounce({
    connectionId: Buffer.alloc(8, 3),
    transactionId,
    infoHash: hashOfByte(1),
    peerId: Buffer.alloc(20),
    downloaded: 0,
    left: 0,
    uploaded: 0,
    key: 1,
    port: 6881,
    urlData: '/announce',
  });
const announced = (transactionId: number): Buffer => {
  const answer = Buffer.alloc(26, 1);
  answer.writeUInt32BE(1, 0);
  answer.writeUInt32BE(transactionId, 4);
  return answer;
};

test('a UDP announce counts after a connect request, or when it is answered', () => {
  assert.deepEqual(datagrams([['a', encodeConnect(5)]]), { verdict: 'tracker', why: 'udp-connect' });
  assert.deepEqual(
    datagrams([
      ['a', encodeConnect(5)],
      ['a', announce(6)],
      ['a', encodeConnect(7)],
    ]),
    {
      verdict: 'tracker',
      why: 'udp-announce',
    },
  );
  assert.equal(datagrams([['a', announce(6)]]).verdict, 'other');
  assert.equal(
    datagrams([
      ['a', announce(6)],
      ['b', announced(6)],
    ]).why,
    'udp-announce',
  );
  assert.equal(
    datagrams([
      ['a', announce(6)],
      ['b', announced(7)],
    ]).verdict,
    'other',
  );
  assert.equal(
    datagrams([
      ['a', announce(6)],
      ['a', announced(6)],
    ]).verdict,
    'other',
  );
});

test('a flow that carries DHT and then uTP is uTP, and stays so', () => {
  const ping = encode({ a: { id: Buffer.alloc(20) }, q: 'ping', t: 'aa', y: 'q' });
  const said: Said = [
    ['a', ping],
    ['a', utp(SYN, 1, 2, 0)],
    ['b', utp(STATE, 1, 9, 2)],
    ['a', ping],
  ];
  assert.equal(datagrams(said).verdict, 'utp');
});
