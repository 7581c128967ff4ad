import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deflateSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { encode } from './bencode.ts';
import { chunksOf, fuzzRuns } from './fixtures.ts';
import { HttpAnswerReader } from './tracker-http.ts';

const peers = Buffer.from(Array.from({ length: 50 }, (_, i) => [10, 0, 0, i + 1, 0x1a, 0xe1]).flat());
const BODY = encode({ complete: 1, interval: 1800, peers });
const PEERS = Array.from({ length: 50 }, (_, i) => ({ ip: `10.0.0.${i + 1}`, port: 6881 }));

const chunked = (body: Buffer, size: number): Buffer =>
  Buffer.concat([
    ...chunksOf(body, [size]).flatMap((part) => [
      Buffer.from(`${part.length.toString(16)};x=y\r\n`),
      part,
      Buffer.from('\r\n'),
    ]),
    Buffer.from('0\r\n\r\n'),
  ]);
const http = (headers: string, body: Buffer): Buffer =>
  Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\n${headers}\r\n`), body]);

const gzipped = gzipSync(BODY);
const answers = {
  'stated length': http(`Content-Length: ${BODY.length}\r\n`, BODY),
  chunked: http('Transfer-Encoding: chunked\r\n', chunked(BODY, 100)),
  gzip: http(`content-encoding: gzip\r\nCONTENT-LENGTH:${gzipped.length}\r\n`, gzipped),
  'chunked gzip': http('Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n', chunked(gzipped, 7)),
  deflate: http(`Content-Encoding: deflate\r\nContent-Length: ${deflateSync(BODY).length}\r\n`, deflateSync(BODY)),
  'after an interim answer': Buffer.concat([
    Buffer.from('HTTP/1.1 100 Continue\r\n\r\n'),
    http(`Content-Length: ${BODY.length}\r\n`, BODY),
  ]),
};

for (const [how, bytes] of Object.entries(answers)) {
  test(`an answer is whole with its last byte, not before: ${how}`, () => {
    for (const portions of [[1], [1448], [20, 1, 7], [bytes.length - 1, 1]]) {
      const reader = new HttpAnswerReader();
      const parts = chunksOf(bytes, portions);
      const trailer = how.startsWith('chunked') ? 2 : 0;
      let read = 0;
      for (const part of parts) {
        if (read < bytes.length - trailer && read + part.length < bytes.length - trailer)
          assert.equal(reader.body, undefined);
        reader.push(part);
        read += part.length;
      }
      assert.deepEqual(reader.body, BODY, `portions of ${portions}`);
      assert.deepEqual(reader.peersSoFar(), PEERS);
      assert.equal(reader.broken, false);
      reader.push(Buffer.from('the next answer'));
      assert.deepEqual(reader.body, BODY);
    }
  });
}

test('an answer of no stated length ends with the connection', () => {
  const reader = new HttpAnswerReader();
  reader.push(http('Connection: close\r\n', BODY));
  assert.equal(reader.body, undefined);
  assert.deepEqual(reader.peersSoFar(), PEERS);
  reader.end();
  assert.deepEqual(reader.body, BODY);
  const cut = new HttpAnswerReader();
  cut.push(answers['stated length'].subarray(0, -1));
  cut.end();
  assert.ok(cut.broken && cut.body === undefined);
});

test('peers are there as soon as their bytes are, coded or not, and never a half one', () => {
  for (const bytes of [
    answers['stated length'],
    answers.chunked,
    http('', encode({ interval: 1, peers6: Buffer.from(Array.from({ length: 180 }, (_, i) => i + 1)) })),
  ]) {
    const reader = new HttpAnswerReader();
    let before = 0;
    for (const part of chunksOf(bytes, [10])) {
      reader.push(part);
      const now = reader.peersSoFar();
      assert.ok(now.length >= before && now.length <= before + 2);
      before = now.length;
    }
    assert.ok(before === 50 || before === 10, `${before}`);
  }
  // Compressed in two halves: what the first half holds is known before the second comes.
  const noise = Buffer.from(Array.from({ length: 600 }, (_, i) => (i * 7919) % 251));
  const long = gzipSync(encode({ interval: 1, peers: Buffer.concat([peers, noise]) }));
  const reader = new HttpAnswerReader();
  reader.push(
    http(`Content-Encoding: gzip\r\nContent-Length: ${long.length}\r\n`, long.subarray(0, long.length - 100)),
  );
  assert.deepEqual(reader.peersSoFar().slice(0, 40), PEERS.slice(0, 40));
});

test('a peer that was named stays where it is, whichever list comes first', () => {
  const six = `6:peers618:${'p'.repeat(18)}`;
  const listed = '5:peersld2:ip7:1.2.3.44:porti9eee';
  for (const body of [`d${listed}${six}e`, `d${six}${listed}e`, `d${six}5:peers6:ABCDEFe`]) {
    const reader = new HttpAnswerReader();
    const named: unknown[] = [];
    for (const part of chunksOf(http(`Content-Length: ${body.length}\r\n`, Buffer.from(body)), [9])) {
      reader.push(part);
      named.push(...reader.peersSoFar().slice(named.length));
    }
    assert.equal(named.length, 2);
    assert.notDeepEqual(named[0], named[1]);
  }
});

test('peers that come as dictionaries are found in an unfinished answer too', () => {
  const body = encode({
    interval: 1,
    peers: [
      { ip: '10.0.0.1', 'peer id': '2:ip9:4:porti9e.....', port: 5 },
      { ip: '2001:db8::2', port: 6 },
      { ip: '10.0.0.3', port: 7 },
    ],
  });
  const reader = new HttpAnswerReader();
  reader.push(http('', body.subarray(0, body.length - 8)));
  assert.deepEqual(reader.peersSoFar(), [
    { ip: '10.0.0.1', port: 5 },
    { ip: '2001:db8::2', port: 6 },
  ]);
});

test('what is no answer, too large, or explodes when unpacked is broken', () => {
  const bomb = gzipSync(Buffer.alloc(50_000_000));
  const broken: [string, Buffer][] = [
    ['not HTTP', Buffer.from('\x13BitTorrent protocol')],
    ['endless head', Buffer.concat([Buffer.from('HTTP/1.1 200 OK\r\nX: '), Buffer.alloc(20_000, 0x61)])],
    ['a length too large', http('Content-Length: 300000\r\n', Buffer.alloc(0))],
    ['no length', http('Content-Length: -5\r\n', Buffer.alloc(0))],
    ['too much until close', http('', Buffer.alloc(300_000))],
    ['too many chunks', http('Transfer-Encoding: chunked\r\n', chunked(Buffer.alloc(300_000), 1000))],
    ['no chunk size', http('Transfer-Encoding: chunked\r\n', Buffer.from('xyz\r\n'))],
    ['endless chunk line', http('Transfer-Encoding: chunked\r\n', Buffer.alloc(1000, 0x31))],
    ['unknown coding', http('Content-Encoding: br\r\nContent-Length: 3\r\n', Buffer.from('abc'))],
    ['damaged gzip', http('Content-Encoding: gzip\r\nContent-Length: 9\r\n', Buffer.from('not gzip!'))],
    ['bomb', http(`Content-Encoding: gzip\r\nContent-Length: ${bomb.length}\r\n`, bomb)],
  ];
  for (const [what, bytes] of broken) {
    const reader = new HttpAnswerReader();
    reader.push(bytes);
    assert.ok(reader.broken, what);
    assert.deepEqual(reader.peersSoFar(), [], what);
  }
});

test('a sender of single bytes cannot have the answer searched without end', () => {
  const reader = new HttpAnswerReader();
  reader.push(http('', Buffer.alloc(0)));
  for (let i = 0; i < 1100; i++) {
    reader.push(Buffer.of(0x61));
    reader.peersSoFar();
  }
  assert.ok(reader.broken);
});

test('no bytes make the reader throw', () => {
  const part = fc.constantFrom(
    'HTTP/1.1 200 OK\r\n',
    '\r\n',
    '\r\n\r\n',
    'Content-Length: 5\r\n',
    'Transfer-Encoding: chunked\r\n',
    'Content-Encoding: gzip\r\n',
    '5\r\n',
    '0\r\n',
    'hello',
    '5:peers600:',
    '\x1f\x8b\x08',
  );
  fc.assert(
    fc.property(
      fc.array(fc.oneof(part, fc.string({ maxLength: 10 })), { maxLength: 15 }),
      fc.integer({ min: 1, max: 30 }),
      fc.boolean(),
      (parts, portion, isHttp) => {
        const reader = new HttpAnswerReader();
        for (const chunk of chunksOf(Buffer.from((isHttp ? 'HTTP/1.1 200 OK\r\n' : '') + parts.join(''), 'latin1'), [
          portion,
        ])) {
          reader.push(chunk);
          reader.peersSoFar();
        }
        reader.end();
        assert.ok(reader.body !== undefined || reader.broken);
      },
    ),
    { numRuns: fuzzRuns },
  );
});
