import assert from 'node:assert/strict';
import { encode } from '#wire/bencode.ts';
import { hashOfByte } from '#wire/fixtures.ts';
import { parseKrpc } from '#wire/krpc.ts';
import { WIRE_LIMITS } from '#wire/limits.ts';
import { parseLink } from '#wire/links.ts';
import { encodeLsd, LSD_BATCH, parseLsd } from '#wire/lsd.ts';
import { parseQvodLink, qvodLink } from '#wire/qvod/link.ts';
import { assertBounded, assertUntouched } from '../invariants.ts';
import type { Target } from '../target.ts';
import { anyValue, BENCODE_TOKENS } from './bencode.ts';

const lsd: Target = {
  tokens: ['BT-SEARCH * HTTP/1.1\r\n', 'Infohash: ', 'Port: ', 'cookie: ', '\r\n', 'a'.repeat(40), ':', ' '],
  make: (random) =>
    encodeLsd(random.pick([4, 6]), {
      infoHashes: Array.from({ length: random.size(LSD_BATCH) }, () => hashOfByte(random.below(256))),
      port: random.below(70_000),
      ...(random.chance(0.5) && { cookie: 'c'.repeat(random.size(100)) }),
    }),
  run(input) {
    const read = assertUntouched(input, () => parseLsd(input));
    assertBounded(read, input);
    if (read.kind === 'bad' || read.value.infoHashes.length > LSD_BATCH) return;
    assert.deepEqual(parseLsd(encodeLsd(4, read.value)), read);
  },
};

const krpc: Target = {
  tokens: [
    ...BENCODE_TOKENS,
    'd1:ad2:id20:',
    'd1:rd2:id20:',
    '1:q',
    '1:y1:q',
    '1:y1:r',
    '1:t2:aa',
    '9:info_hash20:',
    '6:values',
    '5:nodes',
    '6:nodes6',
    '5:token',
    '4:port',
    '12:implied_port',
    '2:ro',
  ],
  make: (random) => {
    const id = random.bytes(random.chance(0.9) ? 20 : 19);
    const values = { values: Array.from({ length: random.size(20) }, () => random.bytes(random.pick([6, 18, 5]))) };
    const body = random.pick([
      {
        y: 'q',
        q: random.pick(['ping', 'find_node', 'get_peers', 'announce_peer', 'x']),
        a: {
          id,
          info_hash: random.bytes(20),
          target: random.bytes(20),
          port: random.below(70_000),
          token: 'tok',
          implied_port: random.below(2),
        },
      },
      {
        y: 'r',
        r: {
          id,
          nodes: random.bytes(26 * random.size(20)),
          nodes6: random.bytes(38 * random.size(9)),
          token: random.bytes(8),
          ...(random.chance(0.5) && values),
        },
      },
      { y: 'e', e: [201, 'no'] },
      { y: random.pick(['q', 'r', 'e']), a: anyValue(random, ['id', 'q']), r: anyValue(random, ['id', 'values']) },
    ]);
    return encode({ ...body, t: random.bytes(random.pick([2, 2, 4, 8, 0, 40])), ro: 1, ip: random.bytes(6) });
  },
  run(input) {
    const read = assertUntouched(input, () => parseKrpc(input));
    assertBounded(read, input);
    if (read.kind === 'bad') return;
    const { value } = read;
    assert.ok(value.transactionId.length > 0);
    if (value.kind !== 'response') return;
    assert.ok(value.nodes.length <= 2 * WIRE_LIMITS.krpcNodes);
    for (const { port } of [...value.peers, ...value.nodes.map(({ endpoint }) => endpoint)]) {
      assert.ok(port > 0 && port <= 65_535);
    }
  },
};

const links: Target = {
  tokens: [
    'magnet:?',
    'xt=urn:btih:',
    'xt=urn:btmh:1220',
    'xt.1=',
    'a'.repeat(40),
    'A'.repeat(32),
    '&tr=',
    '&dn=',
    '%',
    '%25',
    '%ff',
    'qvod://',
    '|',
    '%7c',
    'thunder://',
    'QUFodHRwOi8vYVpa',
    'bdhd://',
    'http://',
    'ftp://',
  ],
  make: (random) => {
    const hash = random.bytes(20).toString('hex');
    const inner = random.pick([
      `magnet:?xt=urn:btih:${hash}&dn=name&tr=http%3A%2F%2Ft`,
      `magnet:?xt=urn:btmh:1220${random.bytes(32).toString('hex')}`,
      `qvod://${random.size(1e9)}|${hash}|name%e4%bd|`,
      `http://a/${random.below(9)}`,
      hash,
    ]);
    if (random.chance(0.3)) return Buffer.from(`thunder://${Buffer.from(`AA${inner}ZZ`).toString('base64')}`);
    return Buffer.from(inner);
  },
  run(input) {
    for (const text of [input.toString('latin1'), input.toString('utf8')]) {
      const read = parseLink(text);
      assertBounded(read, input);
      if (read.kind === 'ok' && read.value.kind === 'torrent') {
        const { ids, infoHash, trackers, name = '' } = read.value;
        assert.ok(ids[0] === infoHash && ids.every((id) => /^[0-9a-f]{40}$/.test(id)));
        assert.ok(trackers.length <= WIRE_LIMITS.trackers && name.length <= WIRE_LIMITS.nameChars);
      }
      const qvod = parseQvodLink(text);
      if (qvod.kind === 'bad') continue;
      const again = parseQvodLink(qvodLink(qvod.value));
      assert.ok(again.kind === 'ok');
      assert.deepEqual([again.value.infoHash, again.value.sizeBytes], [qvod.value.infoHash, qvod.value.sizeBytes]);
    }
  },
};

export const discoveryTargets = { lsd, krpc, links };
