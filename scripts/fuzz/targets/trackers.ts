import assert from 'node:assert/strict';
import { deflateSync, gzipSync } from 'node:zlib';
import { endpointKey } from '#base/endpoint.ts';
import { encode } from '#wire/bencode.ts';
import { hashOfByte } from '#wire/fixtures.ts';
import { WIRE_LIMITS } from '#wire/limits.ts';
import {
  announceUrl,
  HttpAnswerReader,
  parseAnnounceAnswer,
  parseAnnounceRequest,
  parseScrapeRequest,
} from '#wire/tracker-http.ts';
import {
  encodeAnnounce,
  encodeConnect,
  isConnectRequest,
  parseConnectAnswer,
  parseUdpAnnounceAnswer,
  parseUdpAnnounceRequest,
  parseUdpScrapeRequest,
} from '#wire/tracker-udp.ts';
import { assertBounded, assertSameHoweverCut, assertUntouched, cut } from '../invariants.ts';
import type { Random } from '../random.ts';
import type { Target } from '../target.ts';
import { anyValue, BENCODE_TOKENS } from './bencode.ts';

const EVENTS = ['started', 'stopped', 'completed'] as const;

const trackerRequest: Target = {
  tokens: [
    'GET ',
    '/announce?',
    '/scrape?',
    'info_hash=',
    '%',
    '%00',
    '%aA',
    '&',
    '=',
    '?',
    ' HTTP/1.1\r\n',
    'port=',
    'left=',
    'event=',
  ],
  make: (random) => {
    const tracker = random.pick([
      'http://t/announce',
      'http://t/key/announce.php?pass=1',
      'http://t/scrape',
      'http://t/a#b',
    ]);
    const o = { infoHash: hashOfByte(random.below(256)), peerId: random.bytes(20), port: random.below(70_000) };
    const amounts = { uploaded: random.next(), downloaded: 0, left: random.next() };
    const url = announceUrl(tracker, { ...o, ...amounts, ...(random.chance(0.5) && { event: random.pick(EVENTS) }) });
    return Buffer.from(`GET ${url.slice('http://t'.length)} HTTP/1.1\r\nHost: t\r\n\r\n`, 'latin1');
  },
  run(input, random) {
    const whole = assertUntouched(input, () => parseAnnounceRequest(input));
    assertBounded(whole, input);
    if (whole.kind === 'ok') assert.ok(whole.value.port <= 65_535 && /^[0-9a-f]{40}$/.test(whole.value.infoHash));
    const scrape = parseScrapeRequest(input);
    assertBounded(scrape, input);
    assert.ok(whole.kind === 'bad' || scrape.kind === 'bad', 'it cannot be both');
    if (scrape.kind === 'ok') assert.ok(scrape.value.length <= WIRE_LIMITS.scrapeHashes);
    const part = parseAnnounceRequest(input.subarray(0, random.below(input.length + 1)));
    if (part.kind === 'bad') return;
    assert.ok(whole.kind === 'ok', 'the beginning of a request says no more than the whole');
    assert.deepEqual([part.value.infoHash, part.value.port], [whole.value.infoHash, whole.value.port]);
  },
};

function anyAnswerBody(random: Random): Buffer {
  const peers = random.chance(0.7)
    ? random.bytes(6 * random.size(60))
    : Array.from({ length: random.size(5) }, () => ({
        ip: random.pick(['1.2.3.4', '2001:db8::1', 'host', '']),
        port: random.below(70_000),
      }));
  return encode({
    interval: random.size(5000),
    peers,
    ...(random.chance(0.3) && { peers6: random.bytes(18 * random.size(10)) }),
    ...(random.chance(0.1) && { 'failure reason': 'no' }),
    ...(random.chance(0.1) && { x: anyValue(random, ['peers', 'ip', 'port']) }),
  });
}

function anyAnswer(random: Random): Buffer {
  let body = anyAnswerBody(random);
  const head = ['HTTP/1.1 200 OK'];
  if (random.chance(0.3)) {
    body = gzipSync(body);
    head.push('Content-Encoding: gzip');
  } else if (random.chance(0.1)) {
    body = deflateSync(random.chance(0.2) ? Buffer.alloc(400_000) : body);
    head.push('Content-Encoding: deflate');
  }
  if (random.chance(0.4)) {
    head.push('Transfer-Encoding: chunked');
    const chunks = cut(body, random)
      .filter((chunk) => chunk.length > 0)
      .map((chunk) => Buffer.concat([Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, Buffer.from('\r\n')]));
    body = Buffer.concat([...chunks, Buffer.from('0\r\n\r\n')]);
  } else if (random.chance(0.7)) head.push(`Content-Length: ${body.length}`);
  if (random.chance(0.1)) head.unshift('HTTP/1.1 100 Continue\r\n');
  return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), body]);
}

/** An answer in more pieces is not searched after each: who asks for ever is told nothing more. */
const SEARCHED_CHUNKS = 500;

const trackerAnswer: Target = {
  tokens: [
    ...BENCODE_TOKENS,
    'HTTP/1.1 ',
    '\r\n',
    '\r\n\r\n',
    'Content-Length: ',
    'Transfer-Encoding: chunked\r\n',
    'Content-Encoding: gzip\r\n',
    '5:peers',
    '6:peers6',
    '8:interval',
    '0\r\n',
  ],
  make: anyAnswer,
  run(input, random) {
    assertUntouched(input, () =>
      assertSameHoweverCut(input, random, (chunks) => {
        const reader = new HttpAnswerReader();
        const isSearched = chunks.length <= SEARCHED_CHUNKS;
        let named: string[] = [];
        for (const chunk of chunks) {
          reader.push(chunk);
          if (!isSearched) continue;
          // Whoever holds the segments back goes on from where it was.
          const now = reader.peersSoFar().map(endpointKey);
          assert.deepEqual(now.slice(0, named.length), named, 'peers that were named stay where they are');
          named = now;
        }
        reader.end();
        const { body, broken } = reader;
        const peers = new Set(reader.peersSoFar().map(endpointKey));
        assert.ok((body?.length ?? 0) <= WIRE_LIMITS.httpAnswerBytes && peers.size <= WIRE_LIMITS.answerPeers);
        const answer = body && parseAnnounceAnswer(body);
        if (answer?.kind !== 'ok') return { body: body?.toString('latin1'), broken };
        assertBounded(answer, body ?? input);
        for (const peer of answer.value.peers) assert.ok(peers.has(endpointKey(peer)), 'a peer was never named');
        return { body: body?.toString('latin1'), broken };
      }),
    );
  },
};

const trackerUdp: Target = {
  tokens: ['\0\0\x04\x17\x27\x10\x19\x80', '\0\0\0\0', '\0\0\0\x01', '\0\0\0\x02', '\0\0\0\x03', '\x02\x09/announce'],
  make: (random) => {
    if (random.chance(0.2)) return encodeConnect(random.next());
    if (random.chance(0.4)) {
      const head = Buffer.alloc(20);
      head.writeUInt32BE(random.below(4), 0);
      return Buffer.concat([head, random.bytes(random.size(400))]);
    }
    return encodeAnnounce({
      connectionId: random.bytes(8),
      transactionId: random.next(),
      infoHash: hashOfByte(1),
      peerId: random.bytes(20),
      downloaded: 0,
      left: random.next(),
      uploaded: 0,
      key: random.next(),
      port: random.below(65_536),
      ...(random.chance(0.5) && { event: random.pick(EVENTS) }),
      ...(random.chance(0.5) && { urlData: `/a?${'x'.repeat(random.size(600))}` }),
    });
  },
  run(input) {
    assertUntouched(input, () => {
      const request = parseUdpAnnounceRequest(input);
      assertBounded(request, input);
      const scrape = parseUdpScrapeRequest(input);
      if (scrape.kind === 'ok') assert.ok(request.kind === 'bad' && scrape.value.length <= WIRE_LIMITS.scrapeHashes);
      for (const family of [4, 6] as const) {
        const answer = parseUdpAnnounceAnswer(input, family);
        assertBounded(answer, input);
        if (answer.kind === 'ok') assert.ok(answer.value.peers.length <= input.length / 6);
      }
      const connected = parseConnectAnswer(input);
      if (connected.kind === 'ok') assert.equal(connected.value.connectionId.length, 8);
      if (isConnectRequest(input)) assert.equal(request.kind, 'bad', 'it cannot be both');
    });
  },
};

export const trackerTargets = {
  'tracker-request': trackerRequest,
  'tracker-answer': trackerAnswer,
  'tracker-udp': trackerUdp,
};
