import assert from 'node:assert/strict';
import { type Encodable, encode } from '#wire/bencode.ts';
import { WIRE_LIMITS } from '#wire/limits.ts';
import { HASH_BYTES, heightOver, merkleRoot, proves } from '#wire/merkle.ts';
import { isNamedBy, type Metainfo, parseInfo, parseMetainfo, pieceSize } from '#wire/metainfo.ts';
import { layersOf, withLayers } from '#wire/piece-layers.ts';
import { parseNamedInfo, parseSeed } from '#wire/qvod/seed.ts';
import { assertBounded, assertUntouched } from '../invariants.ts';
import type { Random } from '../random.ts';
import type { Target } from '../target.ts';
import { BENCODE_TOKENS } from './bencode.ts';

const PIECE_LENGTHS = [16_384, 16_384, 16_384, 32_768, 1_000, 1 << 29];
const NAMES = ['a', 'b.mkv', '..', '.', '', 'a/b', 'c\\d', 'é', '\0', 'CON', 'x'.repeat(300), '\xc4\xe3\xba\xc3'];

const count = (bytes: number, pieceLength: number): number =>
  Math.min(200, Math.ceil(bytes / Math.max(1, pieceLength)));

/** A .torrent of any version, most of the time a sound one. */
function anyTorrent(random: Random): Buffer {
  const pieceLength = random.pick(PIECE_LENGTHS);
  const version = random.pick(['v1', 'v2', 'hybrid']);
  const files = Array.from({ length: 1 + random.size(5) }, (_, i) => ({
    name: random.chance(0.7) ? `f${i}` : random.pick(NAMES),
    length: random.chance(0.8) ? random.size(pieceLength * 4) : random.next(),
    root: random.bytes(32),
  }));
  const total = files.reduce((sum, file) => sum + file.length, 0);
  const pieces = random.bytes(20 * count(total, pieceLength));
  const tree = Object.fromEntries(
    files.map(({ name, length, root }) => [name, { '': { length, ...(length > 0 && { 'pieces root': root }) } }]),
  );
  const info: { [key: string]: Encodable } = {
    name: random.chance(0.8) ? 'torrent' : random.pick(NAMES),
    'piece length': pieceLength,
    ...(random.chance(0.1) && { private: 1 }),
    ...(version !== 'v1' && { 'meta version': 2, 'file tree': tree as Encodable }),
    ...(version !== 'v2' && { pieces }),
    ...(version !== 'v2' &&
      (random.chance(0.4) && version === 'v1'
        ? { length: total }
        : { files: files.map(({ name, length }) => ({ length, path: [name] })) })),
  };
  const layers = new Map(
    files
      .filter(({ length }) => length > pieceLength)
      .map(({ root, length }) => [root.toString('latin1'), random.bytes(32 * count(length, pieceLength))]),
  );
  return encode({
    announce: random.chance(0.3) ? 'http://track.qvod.com' : 'http://tracker.example/announce',
    info,
    ...(version !== 'v1' && random.chance(0.3) && { 'piece layers': layers }),
  });
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
const UNSAFE = /^\.\.?$|[/\\\x00-\x1f\x7f]/;

/** A torrent that was accepted keeps its promises. */
function assertSound(meta: Metainfo): void {
  const { pieceCount, pieceHashes, pieceRoots, ids, infoHash, infoBytes, files, name, trackers } = meta;
  assert.ok(pieceCount > 0 && pieceCount <= WIRE_LIMITS.pieces && files.length <= WIRE_LIMITS.files);
  assert.equal(pieceHashes?.length ?? pieceCount * 20, pieceCount * 20);
  assert.equal(pieceRoots?.length ?? pieceCount * HASH_BYTES, pieceCount * HASH_BYTES);
  assert.ok(ids[0] === infoHash && ids.every((id) => /^[0-9a-f]{40}$/.test(id) && isNamedBy(infoBytes, id)));
  assert.ok(trackers.length <= WIRE_LIMITS.trackers);
  for (const element of [name, ...files.flatMap(({ path }) => path)]) {
    assert.ok(element !== '' && !UNSAFE.test(element), `a path element ${JSON.stringify(element)}`);
  }
  if (pieceCount > 1000) return;
  let total = 0;
  for (let piece = 0; piece < pieceCount; piece++) total += pieceSize(meta, piece);
  assert.equal(total, meta.totalBytes);
  assert.throws(() => pieceSize(meta, pieceCount), RangeError);
}

const metainfo: Target = {
  tokens: [
    ...BENCODE_TOKENS,
    '4:info',
    '6:pieces',
    '12:piece length',
    '9:file tree',
    '6:length',
    '4:path',
    '5:files',
    '4:name',
  ],
  make: anyTorrent,
  run(input) {
    const read = assertUntouched(input, () => parseMetainfo(input));
    assert.equal(parseSeed(input).kind === 'ok', read.kind === 'ok' && read.value.pieceHashes !== undefined);
    if (read.kind === 'bad') return;
    const meta = read.value;
    assertBounded(meta, input);
    assertSound(meta);
    for (const id of meta.ids) {
      const info = parseInfo(meta.infoBytes, id);
      assert.ok(info.kind === 'ok' && info.value.infoHash === meta.infoHash && info.value.version === meta.version);
      assert.equal(parseNamedInfo(meta.infoBytes, id).kind, 'ok');
    }
    const layers = layersOf(meta);
    if (!layers) return;
    const again = withLayers({ ...meta, pieceRoots: undefined }, layers);
    assert.ok(again.kind === 'ok' && Buffer.from(meta.pieceRoots ?? []).equals(again.value.pieceRoots ?? Buffer.of()));
  },
};

/** The input is a row of nodes: each run of them is proven by the nodes beside its way to the root, and by nothing else. */
const merkle: Target = {
  maxBytes: 20 * HASH_BYTES,
  run(input, random) {
    const count = Math.floor(input.length / HASH_BYTES);
    if (count === 0) return;
    const nodes = input.subarray(0, count * HASH_BYTES);
    const height = heightOver(count);
    const width = 2 ** height;
    const full = Buffer.concat([nodes, Buffer.alloc((width - count) * HASH_BYTES)]);
    const root = merkleRoot(nodes, 0);
    assert.ok(root.equals(merkleRoot(full, 0)), 'what is missing counts as zeros');
    const level = random.below(height + 1);
    const size = 2 ** level;
    const index = random.below(width / size) * size;
    const uncles: Buffer[] = [];
    for (let at = level; at < height; at++) {
      const beside = (Math.floor(index / 2 ** at) ^ 1) * 2 ** at * HASH_BYTES;
      uncles.push(merkleRoot(full.subarray(beside, beside + 2 ** at * HASH_BYTES), 0));
    }
    const run = full.subarray(index * HASH_BYTES, (index + size) * HASH_BYTES);
    const proof = { nodes: run, level: 0, index, uncles: Buffer.concat(uncles) };
    assert.ok(proves(proof, root));
    const wrong = Buffer.from(root);
    wrong[random.below(HASH_BYTES)] = (wrong[0] as number) ^ 0xff ^ random.below(255);
    assert.equal(proves(proof, wrong), wrong.equals(root));
    const changed = Buffer.from(run);
    const at = random.below(changed.length);
    changed[at] = (changed[at] as number) ^ (1 << random.below(8));
    assert.ok(!proves({ ...proof, nodes: changed }, root));
  },
};

export const torrentTargets = { metainfo, merkle };
