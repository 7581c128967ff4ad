import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { infoHashBytes } from '#base/units.ts';
import { encode } from './bencode.ts';
import { fuzzRuns, hashOfByte } from './fixtures.ts';
import { announceUrl, parseAnnounceAnswer, parseAnnounceRequest } from './tracker-http.ts';

const request = (target: string, rest = ' HTTP/1.1\r\nHost: t\r\n\r\n'): ReturnType<typeof parseAnnounceRequest> =>
  parseAnnounceRequest(Buffer.from(`GET ${target}${rest}`, 'latin1'));
const hash = hashOfByte(0xab);
const HASH_QUERY = `info_hash=${'%AB'.repeat(20)}`;

test('an announce is read whatever its path and its order', () => {
  const whole = { kind: 'ok', value: { infoHash: hash, port: 6881, leftBytes: 12, event: 'started' } };
  for (const target of [
    `/announce?${HASH_QUERY}&peer_id=x&port=6881&left=12&event=started`,
    `/0123456789abcdef/announce.php?event=started&left=12&port=6881&${HASH_QUERY}`,
    `http://tracker.example/a?passkey=1&${HASH_QUERY}&port=6881&left=12&event=started`,
  ]) {
    assert.deepEqual(request(target), whole, target);
  }
  assert.deepEqual(request(`/a?${HASH_QUERY}&port=1&event=paused&left=abc`), {
    kind: 'ok',
    value: { infoHash: hash, port: 1 },
  });
});

test('a request line that is cut short is read without the parameter that was cut', () => {
  assert.deepEqual(request(`/a?${HASH_QUERY}&port=68`, ''), { kind: 'bad', why: 'the request names no port' });
  assert.deepEqual(request(`/a?${HASH_QUERY}&port=68&left=1`, ''), { kind: 'ok', value: { infoHash: hash, port: 68 } });
});

test('what is no announce is refused', () => {
  for (const target of [
    '/',
    '/announce',
    `/scrape?${HASH_QUERY}&port=1`,
    `/scrape.php?${HASH_QUERY}&port=1`,
    '/a?info_hash=%AB&port=1',
    `/a?${HASH_QUERY}`,
    `/a?${HASH_QUERY}&port=65536`,
    `/a?${HASH_QUERY}&port=-1`,
    `/a?${HASH_QUERY}&port=1e3`,
  ]) {
    assert.equal(request(target).kind, 'bad', target);
  }
  assert.equal(parseAnnounceRequest(Buffer.from(`POST /a?${HASH_QUERY}&port=1 HTTP/1.1\r\n`)).kind, 'bad');
});

test('the URL that we announce to is read back by ourselves, for any info-hash and tracker', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 20, maxLength: 20 }),
      fc.constantFrom('http://t/announce', 'http://t/x?key=1'),
      (id, tracker) => {
        const infoHash = Buffer.from(id).toString('hex') as typeof hash;
        const url = announceUrl(tracker, {
          infoHash,
          peerId: Buffer.from(id).reverse(),
          port: 9,
          uploaded: 1,
          downloaded: 2,
          left: 3,
          event: 'stopped',
          numwant: 50,
        });
        const parsed = new URL(url);
        assert.deepEqual(request(parsed.pathname + parsed.search), {
          kind: 'ok',
          value: { infoHash, port: 9, leftBytes: 3, event: 'stopped' },
        });
        assert.equal(parsed.searchParams.get('compact'), '1');
        assert.equal(parsed.searchParams.get('numwant'), '50');
        if (tracker.includes('?')) assert.equal(parsed.searchParams.get('key'), '1');
      },
    ),
  );
  const url = announceUrl('http://t/a#x', {
    infoHash: hash,
    peerId: infoHashBytes(hash),
    port: 1,
    uploaded: 0,
    downloaded: 0,
    left: 0,
  });
  assert.match(url, /^http:\/\/t\/a\?info_hash=%ab/);
});

const answer = (value: Parameters<typeof encode>[0]): ReturnType<typeof parseAnnounceAnswer> =>
  parseAnnounceAnswer(encode(value));

test('peers come compact, as dictionaries and as IPv6, and are spelt as sockets spell them', () => {
  const peers = Buffer.from('0a0000021ae1' + '0a000003' + '0000', 'hex');
  const peers6 = Buffer.from('20010db80000000000000000000000010050', 'hex');
  assert.deepEqual(answer({ interval: 1800, complete: 5, incomplete: 6, peers, peers6 }), {
    kind: 'ok',
    value: {
      intervalS: 1800,
      complete: 5,
      incomplete: 6,
      peers: [
        { ip: '10.0.0.2', port: 6881 },
        { ip: '2001:db8::1', port: 80 },
      ],
    },
  });
  const list = [
    { ip: '10.0.0.9', port: 1, 'peer id': 'x' },
    { ip: '2001:DB8:0::1', port: 2 },
    { ip: '::ffff:10.0.0.8', port: 3 },
    { ip: 'host.example', port: 4 },
    { ip: '10.0.0.1', port: 0 },
    { ip: '10.0.0.1', port: 65_536 },
    { port: 5 },
  ];
  const read = answer({ interval: 1, peers: list });
  assert.ok(read.kind === 'ok');
  assert.deepEqual(read.value.peers, [
    { ip: '10.0.0.9', port: 1 },
    { ip: '2001:db8::1', port: 2 },
    { ip: '10.0.0.8', port: 3 },
  ]);
});

test('a refusal has the words of the tracker and no peers', () => {
  assert.deepEqual(answer({ 'failure reason': 'no', peers: 'x' }), { kind: 'ok', value: { peers: [], failure: 'no' } });
  const long = answer({ 'failure reason': 'n'.repeat(1000) });
  assert.ok(long.kind === 'ok' && long.value.failure?.length === 200);
  assert.equal(answer('hello').kind, 'bad');
  assert.equal(answer({ hello: 1 }).kind, 'bad');
});

test('the number of peers is bounded', () => {
  const read = answer({ interval: 1, peers: Buffer.alloc(6 * 5000, 1) });
  assert.ok(read.kind === 'ok' && read.value.peers.length === 2000);
});

test('no bytes make the readers throw', () => {
  const part = fc.constantFrom(
    'd',
    'e',
    '5:peers',
    '6:peers6',
    '6:',
    '12:',
    'l',
    '2:ip',
    '4:port',
    'i80e',
    '8:interval',
    '\xff\xff',
    'GET ',
    '/a?',
    'info_hash=',
    '%',
    '%zz',
    '&',
    'port=1',
    ' ',
  );
  const soup = fc.array(part, { maxLength: 30 }).map((parts) => Buffer.from(parts.join(''), 'latin1'));
  fc.assert(
    fc.property(fc.oneof(soup, fc.uint8Array({ maxLength: 80 })), (bytes) => {
      parseAnnounceAnswer(bytes);
      parseAnnounceRequest(bytes);
    }),
    { numRuns: fuzzRuns },
  );
});
