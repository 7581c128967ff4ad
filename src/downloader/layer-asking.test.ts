import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Bitfield } from '#base/bitfield.ts';
import { BLOCK_BYTES } from '#base/units.ts';
import { madeTorrent, oneFileTorrent, type Torrent } from '#wire/made-torrent.ts';
import { parseInfo, parseMetainfo } from '#wire/metainfo.ts';
import { layersOf, withLayers } from '#wire/piece-layers.ts';
import { Downloader } from './downloader.ts';
import type { SeedHabits } from './fake-seed.ts';
import { settle, TestWorld } from './fixtures.ts';

const PIECE = 2 * BLOCK_BYTES;
const { content } = oneFileTorrent(9 * PIECE + 777, PIECE);
const FILES = [
  { path: ['a'], bytes: content.subarray(0, 5 * PIECE + 333) },
  { path: ['b'], bytes: content.subarray(5 * PIECE, 5 * PIECE + 20_000) },
  { path: ['c'], bytes: content.subarray(6 * PIECE) },
];
function torrentOf(version: 'hybrid' | 'v2'): Torrent {
  const made = madeTorrent(version, FILES, PIECE);
  const parsed = parseMetainfo(made.torrentFile);
  assert.ok(parsed.kind === 'ok');
  return { meta: parsed.value, content: made.stream };
}

/** A download that knows the info dictionary and lacks the layers. */
function begin(torrent: Torrent, seeds: Record<number, SeedHabits>): { world: TestWorld; d: Downloader } {
  const world = new TestWorld(torrent);
  const alone = parseInfo(torrent.meta.infoBytes, torrent.meta.infoHash);
  assert.ok(alone.kind === 'ok');
  world.layerless = alone.value;
  for (const [port, habits] of Object.entries(seeds)) world.seeds.set(Number(port), habits);
  const d = new Downloader(world, undefined, () => 0.5);
  d.start();
  d.addSources(Object.keys(seeds).map((port) => world.source(Number(port))));
  return { world, d };
}

async function pass(world: TestWorld, seconds: number, done = (): boolean => false): Promise<void> {
  for (let i = 0; i < seconds * 4 && !done(); i++) {
    await settle(8);
    world.clock.advance(250);
  }
}

test('layers are fetched from whoever has them, a liar is banned, and the v2 torrent is filled', async () => {
  const torrent = torrentOf('v2');
  const { world, d } = begin(torrent, { 1: { hashes: 'lie' }, 2: {}, 3: { hashes: 'ignore' } });
  await pass(world, 6);
  assert.equal(world.layers, undefined);
  assert.equal(d.status().origins.find((o) => o.endpoint.port === 1)?.state, 'banned');
  world.seeds.set(4, { hashes: 'answer' });
  d.addSources([world.source(4)]);
  await pass(world, 20, () => world.layers !== undefined);
  assert.deepEqual(world.layers, layersOf(torrent.meta));
  for (const { seed } of world.sessions) assert.equal(seed.infoHash, torrent.meta.infoHash, 'dialled by its v2 name');
  const alone = parseInfo(torrent.meta.infoBytes, torrent.meta.infoHash);
  const blob = world.layers ?? Buffer.alloc(0);
  const whole = alone.kind === 'ok' ? withLayers(alone.value, blob) : alone;
  assert.ok(whole.kind === 'ok');
  d.setShape(whole.value, new Bitfield(whole.value.pieceCount));
  await pass(world, 10, () => world.complete);
  assert.ok(world.content().equals(torrent.content));
  await d.close();
  await settle();
});

test('of a hybrid only origins that say that they know v2 are asked', async () => {
  const { world, d } = begin(torrentOf('hybrid'), { 1: { hashes: 'answer' }, 2: { hashes: 'answer', v2: true } });
  await pass(world, 3);
  const asked = world.sessions.map(({ port, seed }) => [port, seed.hashRequests.length > 0]);
  assert.deepEqual(asked, [
    [1, false],
    [2, true],
  ]);
  assert.deepEqual(world.layers, layersOf(world.torrent.meta));
  await d.close();
  await settle();
});

test('an origin that answers to the v2 name of a hybrid is asked', async () => {
  const torrent = torrentOf('hybrid');
  const [, v2] = torrent.meta.ids;
  assert.ok(v2);
  const { world, d } = begin({ ...torrent, meta: { ...torrent.meta, infoHash: v2 } }, { 1: { hashes: 'answer' } });
  await pass(world, 3);
  assert.deepEqual(world.layers, layersOf(torrent.meta));
  await d.close();
  await settle();
});

test('nothing is asked when nothing is missing', async () => {
  const { world, d } = begin(torrentOf('v2'), { 1: { hashes: 'answer' } });
  world.layerless = undefined;
  await pass(world, 3);
  assert.ok(world.sessions.length > 0);
  for (const { seed } of world.sessions) assert.deepEqual(seed.hashRequests, []);
  await d.close();
  await settle();
});
