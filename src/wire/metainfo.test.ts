import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Encodable } from './bencode.ts';
import { encode } from './bencode.ts';
import { fuzzRuns, hashOfByte } from './fixtures.ts';
import { parseInfo, parseMetainfo, pieceSize } from './metainfo.ts';

const info = { length: 40_000, name: 'film.mkv', 'piece length': 16_384, pieces: Buffer.alloc(60, 1) };
const torrent = (changes: { [key: string]: Encodable | undefined }, top: { [key: string]: Encodable } = {}): Buffer =>
  encode({ info: { ...info, ...changes }, ...top });
const why = (bytes: Buffer): string => {
  const read = parseMetainfo(bytes);
  return read.kind === 'bad' ? read.why : 'ok';
};

test('a single file: shape, hashes, trackers', () => {
  const lists = {
    announce: 'http://a/ann',
    'announce-list': [
      ['udp://b', 'http://a/ann'],
      ['udp://b', 'udp://c'],
    ],
  };
  const read = parseMetainfo(torrent({ private: 1 }, lists));
  assert.ok(read.kind === 'ok');
  const m = read.value;
  assert.deepEqual(
    [m.version, m.name, m.isPrivate, m.pieceLength, m.pieceCount, m.totalBytes],
    ['v1', 'film.mkv', true, 16_384, 3, 40_000],
  );
  assert.deepEqual(m.files, [{ path: ['film.mkv'], lengthBytes: 40_000 }]);
  assert.deepEqual(m.trackers, ['udp://b', 'http://a/ann', 'udp://c']);
  assert.deepEqual(m.pieceHashes, new Uint8Array(60).fill(1));
  assert.deepEqual([m.ids, m.rooted, m.pieceRoots], [[m.infoHash], [], undefined]);
  assert.deepEqual(
    [0, 1, 2].map((i) => pieceSize(m, i)),
    [16_384, 16_384, 7_232],
  );
  assert.throws(() => pieceSize(m, 3), RangeError);
});

test('the info-hash is taken over the bytes as they came, whatever their order', () => {
  const bytes = Buffer.from(
    'd4:infod4:name1:x6:lengthi1e12:piece lengthi1e6:pieces20:aaaaaaaaaaaaaaaaaaaaee',
    'latin1',
  );
  const read = parseMetainfo(Buffer.concat([bytes, Buffer.from('\n')]));
  assert.ok(read.kind === 'ok');
  assert.equal(read.value.infoBytes.toString('latin1'), bytes.toString('latin1', 7, bytes.length - 1));
  const again = parseInfo(read.value.infoBytes, read.value.infoHash);
  assert.deepEqual(again, read);
});

test('an info dictionary with another hash is refused before it is read', () => {
  const read = parseMetainfo(torrent({}));
  assert.ok(read.kind === 'ok');
  assert.equal(parseInfo(read.value.infoBytes, hashOfByte(1)).kind, 'bad');
  assert.equal(parseInfo(Buffer.concat([read.value.infoBytes, Buffer.of(0)]), read.value.infoHash).kind, 'bad');
});

test('paths lose what a file system would act on, names prefer their UTF-8 spelling', () => {
  const files = [
    { length: 1, path: ['..', '..', 'etc', 'passwd'] },
    { length: 1, path: ['/abs\\x', '.', ''] },
    { length: 1, path: [''] },
    { length: 39_997, path: ['b\u0000d'], 'path.utf-8': ['gut'] },
  ];
  const read = parseMetainfo(torrent({ length: undefined, files, name: '\xff', 'name.utf-8': 'Größe' }));
  assert.ok(read.kind === 'ok');
  assert.deepEqual(
    read.value.files.map((f) => f.path.join('/')),
    ['Größe/etc/passwd', 'Größe/_abs_x', 'Größe/_', 'Größe/gut'],
  );
  assert.equal(read.value.totalBytes, 40_000);
});

test('what cannot be a torrent is refused with the reason', () => {
  assert.equal(why(torrent({})), 'ok');
  assert.match(why(torrent({ name: undefined })), /no name/);
  assert.match(why(torrent({ name: '..' })), /no name/);
  assert.match(why(torrent({ 'piece length': 0 })), /piece length/);
  assert.match(why(torrent({ 'piece length': -16_384 })), /piece length/);
  assert.match(why(torrent({ 'piece length': 2 ** 40 })), /too large/);
  assert.match(why(torrent({ length: 0, pieces: '' })), /no bytes/);
  assert.match(why(torrent({ length: -1 })), /no length/);
  assert.match(why(torrent({ pieces: Buffer.alloc(59) })), /piece hashes/);
  assert.match(why(torrent({ pieces: Buffer.alloc(80) })), /piece hashes/);
  assert.match(why(torrent({ pieces: undefined })), /piece hashes/);
  assert.match(why(torrent({ length: 2 ** 52 })), /too many/);
  assert.match(
    why(
      torrent({
        files: [
          { length: 2 ** 53 - 1, path: ['a'] },
          { length: 2 ** 53 - 1, path: ['b'] },
        ],
      }),
    ),
    /2\^53/,
  );
  assert.match(why(torrent({ files: [{ length: 40_000 }] })), /path/);
  assert.match(why(torrent({ files: ['x'] })), /no dictionary/);
  assert.match(why(encode({ announce: 'x' })), /no info/);
  assert.match(why(encode('x')), /no info/);
});

test('no bytes make the reader throw', () => {
  const value: fc.Arbitrary<Encodable | undefined> = fc.oneof(
    fc.maxSafeInteger(),
    fc.string({ maxLength: 5 }),
    fc.constant(undefined),
    fc.constant([]),
    fc.constant({}),
    fc.constant([{ path: [1], length: 3 }]),
    fc.constant([{ path: ['a'], attr: 'l', 'symlink path': 4 }]),
  );
  const keys = ['name', 'name.utf-8', 'piece length', 'pieces', 'length', 'files', 'private'] as const;
  const twisted = fc
    .record({
      changes: fc.dictionary(fc.constantFrom(...keys), value),
      at: fc.nat(200),
      to: fc.nat(255),
      flip: fc.boolean(),
    })
    .map(({ changes, at, to, flip }) => {
      const bytes = torrent(changes, { announce: 'http://t' });
      if (flip && at < bytes.length) bytes[at] = to;
      return bytes;
    });
  fc.assert(
    fc.property(fc.oneof(twisted, fc.uint8Array({ maxLength: 60 })), (bytes) => {
      const read = parseMetainfo(bytes);
      if (read.kind === 'bad') return;
      const m = read.value;
      assert.equal(m.pieceHashes?.length, m.pieceCount * 20);
      assert.ok(m.totalBytes > (m.pieceCount - 1) * m.pieceLength && m.totalBytes <= m.pieceCount * m.pieceLength);
      for (const { path } of m.files) for (const part of path) assert.ok(!/^\.{0,2}$|[/\\\0]/.test(part), part);
    }),
    { numRuns: fuzzRuns },
  );
});
