import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { BLOCK_BYTES } from '#base/units.ts';
import { type Encodable, encode } from './bencode.ts';
import { fuzzRuns, hashOfByte } from './fixtures.ts';
import { WIRE_LIMITS } from './limits.ts';
import { type Content, type Made, madeTorrent, wholeTree } from './made-torrent.ts';
import { type Metainfo, parseInfo, parseMetainfo, pieceSize } from './metainfo.ts';
import { layersOf, needsLayers, withLayers } from './piece-layers.ts';
import { shapeOf } from './piece-shape.ts';

const bytesOf = (length: number, seed: number): Buffer =>
  Buffer.alloc(length, createHash('sha512').update(`${seed}`).digest());
const PIECE = 2 * BLOCK_BYTES;
/** An empty file, a block and a bit, exactly two pieces, a name in two scripts, more than four pieces. */
const CONTENT: Content = [
  { path: ['a-empty'], bytes: Buffer.alloc(0) },
  { path: ['b-short'], bytes: bytesOf(BLOCK_BYTES + 5, 1) },
  { path: ['c', '电影.mkv'], bytes: bytesOf(2 * PIECE, 2) },
  { path: ['d-long'], bytes: bytesOf(4 * PIECE + BLOCK_BYTES + 7, 3) },
  { path: ['e-tiny'], bytes: bytesOf(1, 4) },
];

const read = (torrentFile: Buffer): Metainfo => {
  const parsed = parseMetainfo(torrentFile);
  return parsed.kind === 'ok' ? parsed.value : assert.fail(parsed.why);
};
const why = (
  made: Made,
  changes: Record<string, Encodable | undefined>,
  top: Record<string, Encodable> = {},
): string => {
  const parsed = parseMetainfo(encode({ info: { ...made.info, ...changes }, 'piece layers': made.layers, ...top }));
  return parsed.kind === 'bad' ? parsed.why : 'ok';
};

test('v2 alone: names, pieces that begin with their files, a root for each piece', () => {
  const { torrentFile, info } = madeTorrent('v2', CONTENT, PIECE);
  const m = read(torrentFile);
  const name = createHash('sha256').update(encode(info)).digest('hex').slice(0, 40);
  assert.deepEqual([m.version, m.infoHash, m.ids, m.pieceHashes], ['v2', name, [name], undefined]);
  assert.deepEqual([m.pieceCount, m.totalBytes], [9, CONTENT.reduce((sum, { bytes }) => sum + bytes.length, 0)]);
  assert.deepEqual(
    m.files.map((f) => [f.path.join('/'), f.firstPiece]),
    [
      ['made/a-empty', undefined],
      ['made/b-short', 0],
      ['made/c/电影.mkv', 1],
      ['made/d-long', 3],
      ['made/e-tiny', 8],
    ],
  );
  const sizes = Array.from({ length: 9 }, (_, piece) => pieceSize(m, piece));
  assert.deepEqual(sizes, [BLOCK_BYTES + 5, PIECE, PIECE, PIECE, PIECE, PIECE, PIECE, BLOCK_BYTES + 7, 1]);
  for (const piece of [-1, 9, 0.5]) assert.throws(() => pieceSize(m, piece), RangeError);
});

/** What a store would find for a piece of these bytes: the plain tree over the part that the check covers. */
const merkleOf = (bytes: Buffer, leaves: number): Buffer => wholeTree(bytes, leaves).at(-1)?.[0] as Buffer;

for (const version of ['v1', 'hybrid', 'v2'] as const) {
  test(`${version}: every check of every piece holds for the true bytes, and the layers are the torrent file's`, () => {
    const { torrentFile, stream, layers } = madeTorrent(version, CONTENT, PIECE);
    const m = read(torrentFile);
    const shape = shapeOf(m);
    let at = 0;
    for (let piece = 0; piece < shape.pieceCount; piece++) {
      const bytes = stream.subarray(at, at + shape.sizeOf(piece));
      at += bytes.length;
      const checks = shape.checksOf(piece);
      const kinds = { v1: ['sha1'], hybrid: ['sha1', 'merkle'], v2: ['merkle'] }[version];
      assert.deepEqual(checks.map((check) => check.kind), kinds); // biome-ignore format: one line
      for (const check of checks) {
        if (check.kind !== 'merkle')
          assert.deepEqual(createHash(check.kind).update(bytes).digest(), Buffer.from(check.digest));
        else assert.deepEqual(merkleOf(bytes.subarray(0, check.dataBytes), check.leaves), Buffer.from(check.root));
      }
    }
    assert.equal(at, m.totalBytes);
    assert.equal(at, stream.length);
    if (version === 'v1') assert.equal(layersOf(m), undefined);
    else assert.deepEqual(layersOf(m), Buffer.concat([...layers.values()] as Buffer[]));
  });
}

test('an info dictionary alone has no layers; they are taken when they hash to the roots', () => {
  for (const version of ['v2', 'hybrid'] as const) {
    const whole = read(madeTorrent(version, CONTENT, PIECE).torrentFile);
    const blob = layersOf(whole) as Buffer;
    for (const id of whole.ids) {
      const alone = parseInfo(whole.infoBytes, id);
      assert.ok(alone.kind === 'ok' && needsLayers(alone.value));
      assert.deepEqual(withLayers(alone.value, blob), { kind: 'ok', value: whole });
      const lie = Buffer.from(blob);
      lie[40] = (lie[40] as number) ^ 1;
      for (const wrong of [lie, blob.subarray(1), Buffer.concat([blob, blob]), Buffer.alloc(0)]) {
        assert.equal(withLayers(alone.value, wrong).kind, 'bad');
      }
    }
  }
});

test('files of at most one piece need no layers', () => {
  const short = CONTENT.filter(({ bytes }) => bytes.length <= PIECE);
  const m = read(madeTorrent('v2', short, PIECE).torrentFile);
  const alone = parseInfo(m.infoBytes, m.infoHash);
  assert.ok(alone.kind === 'ok' && !needsLayers(alone.value));
  assert.deepEqual([layersOf(m)?.length, alone.value], [0, m]);
});

test('a name of the other version does not name the torrent', () => {
  const sha1 = (bytes: Buffer): string => createHash('sha1').update(bytes).digest('hex');
  const v2 = read(madeTorrent('v2', CONTENT, PIECE).torrentFile);
  assert.equal(parseInfo(v2.infoBytes, sha1(v2.infoBytes) as typeof v2.infoHash).kind, 'bad');
  const v1 = read(madeTorrent('v1', CONTENT, PIECE).torrentFile);
  const head = createHash('sha256').update(v1.infoBytes).digest('hex').slice(0, 40);
  assert.equal(parseInfo(v1.infoBytes, head as typeof v1.infoHash).kind, 'bad');
  assert.equal(parseInfo(v2.infoBytes, hashOfByte(1)).kind, 'bad');
});

test('a single file is called by the torrent name alone', () => {
  const one = madeTorrent('v2', [{ path: ['made'], bytes: bytesOf(5, 1) }], PIECE);
  assert.deepEqual(read(one.torrentFile).files[0]?.path, ['made']);
  const other = madeTorrent('v2', [{ path: ['x'], bytes: bytesOf(5, 1) }], PIECE);
  assert.deepEqual(read(other.torrentFile).files[0]?.path, ['made', 'x']);
});

test('what BEP 52 forbids is refused with the reason', () => {
  const made = madeTorrent('v2', CONTENT, PIECE);
  const leaf = (file: Encodable): Encodable => ({ x: { '': file } });
  const root = Buffer.alloc(32, 7);
  assert.equal(why(made, {}), 'ok');
  assert.match(why(made, { 'meta version': 3 }), /meta version 3/);
  assert.match(why(made, { 'piece length': 8192 }), /power of two/);
  assert.match(why(made, { 'piece length': 3 * BLOCK_BYTES }), /power of two/);
  assert.match(why(made, { 'file tree': undefined }), /no file tree/);
  assert.match(why(made, { 'file tree': {} }), /no bytes/);
  assert.match(why(made, { 'file tree': { '': {} } }), /is a file/);
  assert.match(why(made, { 'file tree': { x: 1 } }), /no dictionary/);
  assert.match(why(made, { 'file tree': leaf(1) }), /both a file and a folder/);
  assert.match(why(made, { 'file tree': { x: { '': { length: 0 }, y: {} } } }), /both a file and a folder/);
  assert.match(why(made, { 'file tree': leaf({}) }), /no length/);
  assert.match(why(made, { 'file tree': leaf({ length: 1 }) }), /pieces root/);
  assert.match(why(made, { 'file tree': leaf({ length: 1, 'pieces root': Buffer.alloc(32) }) }), /pieces root/);
  assert.match(why(made, { 'file tree': leaf({ length: 1, 'pieces root': root, attr: 'p' }) }), /padding/);
  assert.match(why(made, { 'file tree': leaf({ length: 2 ** 50, 'pieces root': root }) }), /too many/);
  const unsorted = new Map([...Object.entries(made.info['file tree'] as object)].reverse());
  const bytes = encode({ info: made.info }).toString('latin1');
  const tree = encode(made.info['file tree'] as Encodable).toString('latin1');
  const turned = `d${[...unsorted].map(([k, v]) => encode(Buffer.from(k, 'latin1')).toString('latin1') + encode(v as Encodable).toString('latin1')).join('')}e`;
  const parsed = parseMetainfo(Buffer.from(bytes.replace(tree, turned), 'latin1'));
  assert.ok(parsed.kind === 'bad' && /not sorted/.test(parsed.why));
});

test('of a torrent of very many pieces v2 alone is refused, and a hybrid is v1 in all but its name', () => {
  const pieces = WIRE_LIMITS.treePieces + 1;
  const tree = { made: { '': { length: pieces * BLOCK_BYTES, 'pieces root': Buffer.alloc(32, 7) } } };
  const info = { name: 'made', 'piece length': BLOCK_BYTES, 'meta version': 2, 'file tree': tree };
  const alone = parseMetainfo(encode({ info }));
  assert.ok(alone.kind === 'bad' && /too many for v2 alone/.test(alone.why));
  const hashes = Buffer.alloc(pieces * 20);
  const m = read(encode({ info: { ...info, length: pieces * BLOCK_BYTES, pieces: hashes } }));
  assert.deepEqual([m.version, m.pieceRoots, needsLayers(m)], ['hybrid', undefined, false]);
});

test('layers that are not this torrent are refused, layers that are missing are not', () => {
  const made = madeTorrent('v2', CONTENT, PIECE);
  const [first, second] = [...made.layers] as [[string, Buffer], [string, Buffer]];
  const layered = (entries: [string, Encodable][]): string => why(made, {}, { 'piece layers': new Map(entries) });
  assert.equal(layered([first, second]), 'ok');
  assert.equal(layered([first]), 'ok');
  assert.match(layered([first, ['x'.repeat(32), second[1]]]), /no file/);
  assert.match(layered([first, [second[0], second[1].subarray(1)]]), /length/);
  assert.match(layered([first, [second[0], Buffer.alloc(second[1].length)]]), /does not hash/);
  const partial = parseMetainfo(encode({ info: made.info, 'piece layers': new Map([first]) }));
  assert.ok(partial.kind === 'ok' && needsLayers(partial.value));
});

test('a hybrid whose two parts do not describe the same files is refused', () => {
  const made = madeTorrent('hybrid', CONTENT, PIECE);
  const list = made.info.files as { attr?: string; length: number; path: string[] }[];
  const changed = (at: number, change: object): Encodable => list.map((f, i) => (i === at ? { ...f, ...change } : f));
  const named = list.findIndex((f) => f.path[0] === 'd-long');
  const pad = list.findIndex((f) => f.attr === 'p');
  assert.equal(why(made, {}), 'ok');
  assert.match(why(made, { files: changed(named, { path: ['other'] }) }), /calls one file/);
  assert.match(why(made, { files: changed(named, { length: 3 }) }), /two lengths/);
  assert.match(why(made, { files: changed(pad, { attr: 'x' }) }), /calls one file/);
  assert.match(why(made, { files: changed(pad, { length: 1 }) }), /two places/);
  assert.match(why(made, { files: list.slice(0, -1) }), /only the v2 part/);
  assert.match(why(made, { files: [...list, { length: 1, path: ['more'] }] }), /only the v1 part/);
  assert.match(why(made, { files: [...list, { length: PIECE, path: ['pad'], attr: 'p' }] }), /longer than its files/);
  assert.match(why(made, { pieces: Buffer.alloc(20) }), /piece hashes/);
});

test('the last file of a hybrid may be padded or not', () => {
  const made = madeTorrent('hybrid', CONTENT, PIECE);
  const files = [...(made.info.files as Encodable[]), { attr: 'p', length: PIECE - 1, path: ['.pad', 'x'] }];
  const m = read(encode({ info: { ...made.info, files }, 'piece layers': made.layers }));
  assert.equal(m.totalBytes, 9 * PIECE);
  assert.deepEqual(m.files.at(-1), { path: ['made', '.pad', 'x'], lengthBytes: PIECE - 1 });
  const last = shapeOf(m).checksOf(8)[1];
  assert.ok(last?.kind === 'merkle' && last.dataBytes === 1 && last.leaves === 1);
});

test('no v2 torrent makes the reader throw, and one that it takes can be asked about every piece', () => {
  const value: fc.Arbitrary<Encodable | undefined> = fc.oneof(
    fc.maxSafeInteger(),
    fc.constantFrom<Encodable | undefined>(undefined, '', 'x', [], {}, { '': {} }, { a: { '': { length: 3 } } }),
    fc.constantFrom<Encodable>({ a: { '': { length: 3, 'pieces root': 'r'.repeat(32) } } }),
    fc.constantFrom<Encodable>([{ length: 3, path: ['a'] }], [{ attr: 'p', length: 5, path: ['a'] }]),
  );
  const keys = ['name', 'piece length', 'pieces', 'length', 'files', 'meta version', 'file tree', 'private'];
  const twist = fc.record({
    version: fc.constantFrom('v2' as const, 'hybrid' as const),
    changes: fc.dictionary(fc.constantFrom(...keys), value, { maxKeys: 2 }),
    flips: fc.array(fc.tuple(fc.nat(1500), fc.nat(255)), { maxLength: 2 }),
  });
  const short: Content = CONTENT.map(({ path, bytes }) => ({ path, bytes: bytes.subarray(0, BLOCK_BYTES * 3) }));
  const made = { v2: madeTorrent('v2', short), hybrid: madeTorrent('hybrid', short) };
  let taken = 0;
  fc.assert(
    fc.property(twist, ({ version, changes, flips }) => {
      const { info, layers } = made[version];
      const bytes = encode({ info: { ...info, ...changes }, 'piece layers': layers });
      for (const [at, to] of flips) if (at < bytes.length) bytes[at] = to;
      const parsed = parseMetainfo(bytes);
      if (parsed.kind === 'bad') return;
      taken++;
      const m = parsed.value;
      let sum = 0;
      for (let piece = 0; piece < Math.min(m.pieceCount, 100); piece++) sum += pieceSize(m, piece);
      if (m.pieceCount <= 100) assert.equal(sum, m.totalBytes);
      assert.throws(() => pieceSize(m, m.pieceCount), RangeError);
      assert.ok(m.pieceRoots === undefined || m.pieceRoots.length === m.pieceCount * 32);
    }),
    { numRuns: fuzzRuns },
  );
  assert.ok(taken > 50, `only ${taken} of the twisted torrents were taken`);
});
