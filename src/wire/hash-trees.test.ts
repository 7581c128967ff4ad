import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BLOCK_BYTES } from '#base/units.ts';
import { fuzzRuns } from './fixtures.ts';
import type { HashRange } from './hash-messages.ts';
import { HashTrees } from './hash-trees.ts';
import { LayerFetch } from './layer-fetch.ts';
import { type Content, madeTorrent, wholeTree } from './made-torrent.ts';
import { type Metainfo, parseMetainfo } from './metainfo.ts';
import { layersOf } from './piece-layers.ts';

const PIECE = 2 * BLOCK_BYTES;
const bytes = (length: number, seed: number): Buffer => {
  const all = Buffer.alloc(length + 4);
  for (let at = 0; at < length; at += BLOCK_BYTES) all.writeUInt32BE(seed * 1e6 + at / BLOCK_BYTES, at);
  return all.subarray(0, length);
};
const metaOf = (content: Content, pieceLength = PIECE): Metainfo => {
  const parsed = parseMetainfo(madeTorrent('v2', content, pieceLength).torrentFile);
  assert.ok(parsed.kind === 'ok');
  return parsed.value;
};
const CONTENT: Content = [
  { path: ['a'], bytes: bytes(11 * PIECE + BLOCK_BYTES + 9, 1) },
  { path: ['b'], bytes: bytes(PIECE, 2) },
  { path: ['c'], bytes: bytes(2 * PIECE, 3) },
];
const meta = metaOf(CONTENT);
const trees = new HashTrees(meta);
const [a, b, c] = meta.rooted.map((file) => Buffer.from(file.piecesRoot)) as [Buffer, Buffer, Buffer];
const range = (r: Partial<HashRange>): HashRange => ({
  piecesRoot: a,
  baseLayer: 1,
  index: 0,
  length: 2,
  proofLayers: 0,
  ...r,
});

test('a range comes with the uncles that BEP 52 wants, as in the tree written out whole', () => {
  const levels = wholeTree(CONTENT[0]?.bytes as Buffer);
  const height = levels.length - 1;
  assert.equal(height, 5);
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 1, max: 5 }),
      fc.nat(),
      fc.nat(),
      (base, k, at, up) => {
        const above = height - base;
        const length = 2 ** Math.min(k, above);
        const index = (at % (2 ** above / length)) * length;
        const proofLayers = up % above;
        const hashes: Buffer[] = (levels[base] as Buffer[]).slice(index, index + length);
        // Each proof layer above the base whose sibling cannot be computed from the range adds it.
        for (let layer = 1; layer <= proofLayers; layer++) {
          const node = Math.floor(index / 2 ** layer);
          if (2 ** layer >= length) hashes.push((levels[base + layer] as Buffer[])[node ^ 1] as Buffer);
        }
        const got = trees.answer(range({ baseLayer: base, index, length, proofLayers }));
        assert.deepEqual(got, Buffer.concat(hashes));
      },
    ),
    { numRuns: 500 },
  );
});

test('what cannot be answered from the piece layer, or makes no sense, is rejected', () => {
  assert.ok(trees.answer(range({})));
  for (const wrong of [
    { piecesRoot: Buffer.alloc(32) },
    { piecesRoot: b },
    { baseLayer: 0 },
    { baseLayer: 5 },
    { baseLayer: 0xffff_ffff },
    { length: 0 },
    { length: 1 },
    { length: 3 },
    { length: 32 },
    { length: 1024 },
    { length: 0x8000_0000 },
    { index: 1 },
    { index: 16 },
    { index: 0xffff_fffe },
    { proofLayers: 4 },
    { proofLayers: 0xffff_ffff },
    { piecesRoot: c, proofLayers: 1 },
  ]) {
    assert.equal(trees.answer(range(wrong)), undefined, JSON.stringify(wrong));
  }
});

const LIMITS = { window: 2, stallMs: 1_000, refusedMs: 5_000 };
const answered = (fetch: LayerFetch<string>, asked: readonly HashRange[], from = trees): string[] =>
  asked.map((r) => fetch.hashes(r, from.answer(r) as Buffer).kind);

test('layers are fetched portion by portion, and are the ones of the torrent file', () => {
  const fetch = new LayerFetch<string>(meta, LIMITS);
  const first = fetch.ask('p', 0);
  assert.deepEqual(
    first.map((r) => [r.baseLayer, r.index, r.length, r.proofLayers]),
    [
      [1, 0, 16, 3],
      [1, 0, 2, 0],
    ],
  );
  assert.deepEqual(fetch.ask('p', 500), [], 'its window is full');
  assert.deepEqual(fetch.ask('q', 500), [], 'all is asked for');
  assert.deepEqual(answered(fetch, first.slice(0, 1)), ['more']);
  const last = fetch.hashes(first[1] as HashRange, trees.answer(first[1] as HashRange) as Buffer);
  assert.deepEqual(last, { kind: 'done', blob: layersOf(meta) });
});

test('long layers are asked for in runs of 512 with their uncles', () => {
  const long = metaOf([{ path: ['x'], bytes: bytes(1_100 * BLOCK_BYTES, 9) }], BLOCK_BYTES);
  const fetch = new LayerFetch<string>(long, { ...LIMITS, window: 9 });
  const asked = fetch.ask('p', 0);
  assert.deepEqual(
    asked.map((r) => [r.index, r.length, r.proofLayers]),
    [
      [0, 512, 10],
      [512, 512, 10],
      [1024, 512, 10],
    ],
  );
  const from = new HashTrees(long);
  assert.equal(from.answer(asked[2] as HashRange)?.length, (512 + 2) * 32);
  assert.deepEqual(answered(fetch, asked, from), ['more', 'more', 'done']);
});

test('a stalled portion goes to another peer, a refused one too, and a lie is told from both', () => {
  const fetch = new LayerFetch<string>(meta, LIMITS);
  const [first, second] = fetch.ask('p', 0) as [HashRange, HashRange];
  assert.deepEqual(fetch.ask('q', 1_000), [first, second], 'stalled');
  fetch.rejected('p', first, 1_000);
  assert.deepEqual(fetch.ask('r', 1_100), [], 'what q was asked is not taken back by p');
  fetch.rejected('q', first, 1_100);
  assert.deepEqual(fetch.ask('q', 1_200), [], 'q is left alone for a while');
  assert.deepEqual(fetch.ask('r', 1_200), [first]);
  fetch.leave('q');
  assert.deepEqual(fetch.ask('s', 1_200), [second]);
  const lie = Buffer.from(trees.answer(first) as Buffer);
  lie[3] = (lie[3] as number) ^ 1;
  assert.equal(fetch.hashes(first, lie).kind, 'liar');
  assert.deepEqual(fetch.ask('p', 1_300), [], 'p stalled');
  assert.deepEqual(fetch.ask('s', 1_300), [first]);
  assert.equal(fetch.hashes(first, Buffer.concat([trees.answer(first) as Buffer, lie.subarray(0, 32)])).kind, 'liar');
  assert.deepEqual(fetch.ask('s', 1_400), [first]);
  assert.deepEqual(answered(fetch, [first, second]), ['more', 'done']);
  assert.equal(fetch.hashes(first, lie).kind, 'more', 'it is had already');
  assert.deepEqual(fetch.ask('s', 9_000), []);
});

test('an answer that comes late counts, and is not asked for again', () => {
  const fetch = new LayerFetch<string>(meta, LIMITS);
  const [first, second] = fetch.ask('p', 0) as [HashRange, HashRange];
  assert.deepEqual(fetch.ask('p', 2_000), [], 'it stalls, and is left alone');
  assert.deepEqual(answered(fetch, [first]), ['more']);
  assert.deepEqual(fetch.ask('q', 2_000), [second]);
  assert.deepEqual(answered(fetch, [second]), ['done']);
});

test('any tree is fetched from a peer that has it, whatever the order of its answers', () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 40 * BLOCK_BYTES }), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(sizes, fc.nat(3), fc.nat(), fc.boolean(), (lengths, log, turn, twins) => {
      const made = metaOf(
        [...lengths, ...(twins ? lengths.slice(0, 1) : [])].map((length, i) => ({
          path: [`f${i}`],
          bytes: bytes(length, 10 + (i % lengths.length)),
        })),
        BLOCK_BYTES * 2 ** log,
      );
      const from = new HashTrees(made);
      const fetch = new LayerFetch<string>(made, { ...LIMITS, window: 99 });
      const asked = fetch.ask('p', 0);
      const order = asked.map((_, i) => asked[(i + turn) % asked.length] as HashRange);
      const steps = order.map((r) => fetch.hashes(r, from.answer(r) as Buffer));
      const done = steps.at(-1);
      if (done) assert.deepEqual(done, { kind: 'done', blob: layersOf(made) });
      else assert.equal(layersOf(made)?.length, 0);
    }),
    { numRuns: 100 },
  );
});

test('no request and no answer makes either side throw', () => {
  const u32 = fc.oneof(fc.nat(40), fc.integer({ min: 0, max: 0xffff_ffff }));
  const stray = fc.record({
    piecesRoot: fc.constantFrom(a, b, c, Buffer.alloc(32)),
    baseLayer: u32,
    index: u32,
    length: u32,
    proofLayers: u32,
  });
  fc.assert(
    fc.property(stray, fc.uint8Array({ maxLength: 700 }), (r, body) => {
      const answer = trees.answer(r);
      assert.ok(answer === undefined || answer.length <= (512 + 40) * 32);
      const fetch = new LayerFetch<string>(meta, LIMITS);
      const [first] = fetch.ask('p', 0) as [HashRange];
      assert.notEqual(fetch.hashes(r, Buffer.from(body)).kind, 'done');
      assert.notEqual(fetch.hashes(first, Buffer.from(body)).kind, 'done');
    }),
    { numRuns: fuzzRuns },
  );
});
