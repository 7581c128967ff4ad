import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fuzzRuns, hashOfByte } from './fixtures.ts';
import { type Link, parseLink } from './links.ts';
import { parseQvodLink, qvodLink } from './qvod/link.ts';

const HASH = hashOfByte(0xab);
const HEX = HASH.toUpperCase();

function read(text: string): Link {
  const link = parseLink(text);
  assert.equal(link.kind, 'ok', `${text}: ${link.kind === 'bad' && link.why}`);
  return (link as { value: Link }).value;
}
const wrap = (link: string | Buffer): string =>
  `thunder://${Buffer.concat([Buffer.from('AA'), Buffer.from(link), Buffer.from('ZZ')]).toString('base64')}`;

test('a Qvod link is read as people paste it: with a site, unfinished, escaped in UTF-8 or GBK', () => {
  const film = { sizeBytes: 734_003_200, infoHash: HASH, name: '[www.site.com]你好.rmvb' };
  const gbk = '[www.site.com]%C4%E3%BA%C3.rmvb';
  const utf8 = '[www.site.com]%E4%BD%A0%E5%A5%BD.rmvb';
  const head = `qvod://734003200|${HEX}`;
  const forms = [
    `${head}|[www.site.com]你好.rmvb|`,
    `${head}|[www.site.com]你好.rmvb`,
    `  ${head}|[www.site.com]你好.rmvb|\n`,
    `${head}|${gbk}|`,
    `${head}|${utf8}|`,
    `qvod%3A%2F%2F734003200%7C${HEX}%7C${encodeURIComponent('[www.site.com]你好.rmvb')}%7C`,
    `${head}|[www.site.com]你好.rmvb|what a site appended`,
  ];
  for (const form of forms) assert.deepEqual(parseQvodLink(form), { kind: 'ok', value: film }, form);
  assert.deepEqual(parseQvodLink(`qvod://5|${HASH}|`), {
    kind: 'ok',
    value: { sizeBytes: 5, infoHash: HASH, name: '' },
  });
});

test('what is no Qvod link is refused', () => {
  const wrong = [
    `qvod://${HASH}|5|x|`,
    `qvod://5|${HASH.slice(1)}|x|`,
    `qvod://0|${HASH}|x|`,
    `qvod://9999999999999999|${HASH}|x|`,
    'qvod://',
    `5|${HASH}|x|`,
  ];
  for (const link of wrong) assert.equal(parseQvodLink(link).kind, 'bad', link);
});

test('a built Qvod link reads back', () => {
  const name = fc.string({ maxLength: 60, unit: 'grapheme' }).filter((s) => !/[|%\n\r]/.test(s) && s === s.trim());
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2 ** 50 }), name, (sizeBytes, title) => {
      const link = { sizeBytes, infoHash: HASH, name: title };
      assert.deepEqual(parseQvodLink(qvodLink(link)), { kind: 'ok', value: link });
    }),
  );
});

test('one reader takes a magnet, a Qvod link, a bare hash, and what Xunlei wrapped around them', () => {
  const magnet = `magnet:?xt=urn:btih:${HASH}&dn=A`;
  const qvod = `qvod://7|${HEX}|A|`;
  for (const link of [magnet, wrap(magnet)])
    assert.deepEqual(read(link), {
      kind: 'torrent',
      written: 'magnet',
      infoHash: HASH,
      ids: [HASH],
      name: 'A',
      trackers: [],
    });
  for (const link of [qvod, wrap(qvod), `${wrap(qvod)}/`])
    assert.deepEqual(read(link), {
      kind: 'torrent',
      written: 'qvod',
      infoHash: HASH,
      ids: [HASH],
      name: 'A',
      sizeBytes: 7,
      trackers: [],
    });
  assert.deepEqual(read(` ${HEX} `), { kind: 'torrent', written: 'hash', infoHash: HASH, ids: [HASH], trackers: [] });
  assert.deepEqual(read(wrap(Buffer.from('http://h/\xc4\xe3.iso', 'latin1'))), {
    kind: 'address',
    url: 'http://h/你.iso',
  });
  assert.equal(parseLink(wrap(wrap(magnet))).kind, 'bad', 'wrapped once, not for ever');
  assert.equal(parseLink('thunder://QUFa').kind, 'bad');
});

test('the kin of Qvod are recognised by name, and nothing is claimed of them', () => {
  const kin = {
    [`bdhd://1|${'a'.repeat(32)}|n|`]: /百度/,
    [`jjhd://20000|${HASH}|n`]: /吉吉/,
    'xfplay://dna=x|dx=5|mz=n|zx=y': /先锋/,
    'ftp://a.gbl.114s.com:20320/1234/n.rmvb': /西瓜/,
    'xg://a.gbl.114s.com:20320/1234/n.rmvb': /西瓜/,
  };
  for (const [link, system] of Object.entries(kin)) {
    const known = read(link);
    assert.ok(known.kind === 'no-known-wire' && system.test(known.system), link);
  }
  assert.equal(read('ftp://notgbl.114s.com.example/x').kind, 'address');
});

test('no text makes the reader throw or answer at length', () => {
  const soup = fc
    .array(
      fc.oneof(
        fc.constantFrom('qvod://', 'thunder://', 'magnet:?xt=urn:btih:', 'bdhd://', HASH, '|', '%7C', '%C4', 'QUE='),
        fc.string({ maxLength: 12 }),
      ),
      { maxLength: 8 },
    )
    .map((parts) => parts.join(''));
  fc.assert(
    fc.property(soup, (text) => {
      const link = parseLink(text);
      if (link.kind === 'ok' && link.value.kind === 'torrent') assert.match(link.value.infoHash, /^[0-9a-f]{40}$/);
    }),
    { numRuns: fuzzRuns },
  );
  assert.equal(parseLink(`qvod://1|${HASH}|${'x'.repeat(70_000)}|`).kind, 'bad');
});
