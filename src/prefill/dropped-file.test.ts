import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { madeTorrent } from '#wire/made-torrent.ts';
import { kindOf, readDropped } from './dropped-file.ts';
import { LIMITS } from './limits.ts';

const HASH = 'a'.repeat(40);
const links = (text: string, encoding: BufferEncoding = 'utf8') => readDropped('magnet', Buffer.from(text, encoding));
const file = { path: ['课程 视频.mp4'], bytes: Buffer.alloc(40_000, 7) };

test('files are told apart by their ending, in either case', () => {
  assert.deepEqual(['补丁.torrent', 'X.TORRENT', 'a.magnet', 'a.torrent.part', 'torrent', 'a.txt'].map(kindOf), [
    'torrent',
    'torrent',
    'magnet',
    undefined,
    undefined,
    undefined,
  ]);
});

for (const version of ['v1', 'v2', 'hybrid'] as const)
  test(`a ${version} torrent file is one torrent, with all its names`, () => {
    const { torrentFile } = madeTorrent(version, [file]);
    const { wanted, bad } = readDropped('torrent', torrentFile);
    assert.deepEqual([wanted.length, bad], [1, []]);
    assert.equal(wanted[0]?.ids.length, version === 'hybrid' ? 2 : 1);
    assert.equal(wanted[0]?.meta?.version, version);
  });

test('a file of links is read line by line; what cannot be had is told with its line', () => {
  const v2 = `magnet:?xt=urn:btmh:1220${'b'.repeat(64)}`;
  const text = `# tomorrow\r\n\r\nmagnet:?xt=urn:btih:${HASH}&dn=%E6%B8%B8%E6%88%8F&tr=udp://t:1&tr=wss://t\r\n${v2}\nnonsense\nhttp://a.example/b.iso\nbdhd://x`;
  const { wanted, bad } = links(text);
  assert.deepEqual(
    wanted.map(({ ids, name, trackers }) => ({ ids, name, trackers })),
    [
      { ids: [HASH], name: '游戏', trackers: ['udp://t:1'] },
      { ids: ['b'.repeat(40)], name: '', trackers: [] },
    ],
  );
  assert.deepEqual(
    bad.map((why) => why.slice(0, 7)),
    ['line 5:', 'line 6:', 'line 7:'],
  );
});

test('Qvod links keep their kind, and their names in GBK', () => {
  const gbk = Buffer.concat([Buffer.from(`qvod://1000|${HASH}|`), Buffer.from('c4e3bac3', 'hex'), Buffer.from('|\n')]);
  const { wanted, bad } = readDropped('magnet', gbk);
  assert.deepEqual([wanted[0]?.byPieces, wanted[0]?.name, bad], [true, '你好', []]);
});

test("Notepad's marks in front are no part of a link", () => {
  const link = `magnet:?xt=urn:btih:${HASH}`;
  assert.equal(links(`\uFEFF${link}`).wanted.length, 1);
  assert.equal(links(`\uFEFF${link}`, 'utf16le').wanted.length, 1);
  assert.equal(readDropped('magnet', Buffer.from(`\uFEFF${link}`, 'utf16le').swap16()).wanted.length, 1);
});

test('too many links, none, and too many bytes are told', () => {
  const many = links(`${HASH}\n`.repeat(LIMITS.links + 1));
  assert.deepEqual([many.wanted.length, many.bad.length], [LIMITS.links, 1]);
  assert.match(String(links('# nothing\n').bad), /no link/);
  assert.match(String(links('').bad), /empty/);
  assert.match(String(readDropped('torrent', Buffer.alloc(LIMITS.torrentBytes + 1)).bad), /larger than 16 MiB/);
});

test('whatever is dropped, it is either wanted or told of, within bounds', () => {
  const { torrentFile } = madeTorrent('hybrid', [file]);
  const cut = fc.nat(torrentFile.length).map((n) => torrentFile.subarray(0, n));
  const flipped = fc.tuple(fc.nat(torrentFile.length - 1), fc.nat(255)).map(([at, byte]) => {
    const bytes = Buffer.from(torrentFile);
    bytes[at] = byte;
    return bytes;
  });
  const word = fc.constantFrom(
    'magnet:?xt=urn:btih:',
    HASH,
    'qvod://',
    '9|',
    '&tr=udp://t',
    '\n',
    '#',
    'thunder://',
    '\r',
  );
  const words = fc.array(fc.oneof(word, fc.string()), { maxLength: 20 }).map((w) => Buffer.from(w.join('')));
  const bytes = fc.oneof(fc.uint8Array({ maxLength: 400 }), cut, flipped, words);
  fc.assert(
    fc.property(fc.constantFrom('torrent', 'magnet'), bytes, (kind, given) => {
      const { wanted, bad } = readDropped(kind, given);
      assert.ok(wanted.length + bad.length > 0);
      for (const { ids, name, trackers } of wanted) {
        assert.ok(ids.length > 0 && ids.every((id) => /^[0-9a-f]{40}$/.test(id)));
        assert.ok(name.length <= LIMITS.nameChars && trackers.length <= LIMITS.trackers);
      }
    }),
    { numRuns: 500 },
  );
});
