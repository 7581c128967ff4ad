import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { realClock } from '#base/clock.ts';
import { BLOCK_BYTES } from '#base/units.ts';
import { TestStream } from '#client/fixtures.ts';
import { encodeMessage } from '#wire/frames.ts';
import { handshake, haves, nothing, origin, said, taskOf, torrent, until } from './fixtures.ts';
import { LIMITS } from './limits.ts';

test('knowing only the hash, it learns the metainfo, fetches every piece once and announces each to the client', async (t) => {
  const { task, seeds, kept } = taskOf(t);
  const stream = new TestStream();
  assert.equal(task.join(stream, handshake, Buffer.alloc(0)), undefined);
  task.addSources([origin]);
  await until('complete', () => task.view().state === 'complete');
  assert.deepEqual(haves(stream).sort(), [0, 1, 2]);
  assert.equal(new Set(seeds[0]?.requests).size, seeds[0]?.requests.length, 'no block was asked for twice');
  assert.equal(task.view().filledBytes, torrent.meta.totalBytes);
  assert.equal(kept.info, 1);
  await task.close();
  assert.deepEqual([...(kept.have ?? [])], [0b1110_0000], 'what it has is remembered');
});

test('a disk that is full for a moment costs nobody its connection', async (t) => {
  let laterMs = 0;
  const clock = { ...realClock, nowMs: () => Date.now() + laterMs };
  const { task, store, kept } = taskOf(t, nothing, { clock });
  store.faults.full = true;
  const stream = new TestStream();
  task.join(stream, handshake, Buffer.alloc(0));
  task.addSources([origin]);
  await until('a refusal', () => kept.refused.length > 0);
  store.faults.full = false;
  laterMs = LIMITS.roomWithinMs;
  await until('complete', () => task.view().state === 'complete');
  assert.equal(stream.destroyed, false);
  assert.deepEqual(haves(stream).sort(), [0, 1, 2]);
});

test('when the disk takes no more, clients that lack something are let go', async (t) => {
  let laterMs = 0;
  const clock = { ...realClock, nowMs: () => Date.now() + laterMs };
  const { task, store, seeds, kept } = taskOf(t, nothing, { clock });
  store.faults.full = true;
  const stream = new TestStream();
  task.join(stream, handshake, Buffer.alloc(0));
  task.addSources([origin]);
  await until('a refusal', () => kept.refused.length > 0);
  assert.equal(stream.destroyed, false);
  laterMs = LIMITS.roomWithinMs;
  await until('the client is let go', () => task.view().clients.length === 0);
  assert.equal(stream.destroyed, true);
  assert.equal(kept.refused[0], 'disk-full');
  assert.deepEqual(haves(stream), []);
  const asked = seeds.reduce((sum, seed) => sum + seed.requests.length, 0);
  await sleep(200);
  assert.equal(
    seeds.reduce((sum, seed) => sum + seed.requests.length, 0),
    asked,
    'nothing more is fetched',
  );
});

const idle = {
  isFreeFor: () => false,
  isSpent: false,
  block: () => {},
  leave: () => {},
  wait: () => {},
  mayFetchAhead: true,
  untaken: () => {},
  prefilled: () => {},
};

test('when the day is used up in the middle of a torrent, clients that lack something are let go', async (t) => {
  const uplink = { ...idle };
  const { task } = taskOf(t, nothing, { uplink });
  const stream = new TestStream();
  task.join(stream, handshake, Buffer.alloc(0));
  task.addSources([origin]);
  await until('fetching', () => task.view().origins.some(({ state }) => state === 'up') && task.view().totalBytes > 0);
  assert.equal(stream.destroyed, false);
  uplink.isSpent = true;
  await until('the client is let go', () => task.view().clients.length === 0);
  assert.equal(stream.destroyed, true);
  await until('it rests', () => task.view().state === 'sleep');
});

test('what an announce alone brought is waste until a client takes it', async (t) => {
  let untakenBytes = 0;
  const uplink = {
    ...idle,
    isFreeFor: () => true,
    mayFetchAhead: true,
    untaken: (bytes: number) => {
      untakenBytes += bytes;
    },
  };
  const { task } = taskOf(t, nothing, { uplink });
  task.addSources([origin]);
  task.expect('http://198.51.100.10:6969/announce');
  await until('complete', () => task.view().state === 'complete');
  assert.equal(untakenBytes, torrent.meta.totalBytes);
  const stream = new TestStream();
  task.join(stream, handshake, Buffer.alloc(0));
  await until('it is told', () => said(stream).length > 1);
  stream.data(encodeMessage({ kind: 'interested' }));
  stream.data(encodeMessage({ kind: 'request', piece: 0, begin: 0, length: BLOCK_BYTES }));
  await until('a block is taken', () => untakenBytes === torrent.meta.totalBytes - BLOCK_BYTES);
});

test('what the operator orders is fetched whole though nobody is here, and is no waste', async (t) => {
  const count = { untaken: 0, prefilled: 0 };
  const add = (to: keyof typeof count) => (bytes: number) => {
    count[to] += bytes;
  };
  const uplink = { ...idle, isFreeFor: () => true, untaken: add('untaken'), prefilled: add('prefilled') };
  const { task } = taskOf(t, nothing, { uplink });
  task.addSources([origin]);
  task.order({ info: torrent.meta.infoBytes, layers: undefined, trackers: [] });
  await until('complete', () => task.view().state === 'complete');
  assert.deepEqual(count, { untaken: 0, prefilled: torrent.meta.totalBytes });
});

test('what is not ordered any more is not fetched any more', async (t) => {
  const { task } = taskOf(t, nothing, { askSlot: () => {} });
  task.order({ info: torrent.meta.infoBytes, layers: undefined, trackers: [] });
  await until('it wants a slot', () => task.view().state === 'limited');
  task.order(undefined);
  await until('it rests', () => task.view().state === 'sleep');
});

test('a client hears of no piece before the disk has it', async (t) => {
  const { task, store } = taskOf(t);
  const disk = Promise.withResolvers<void>();
  store.faults.pause = () => disk.promise;
  const stream = new TestStream();
  task.join(stream, handshake, Buffer.alloc(0));
  task.addSources([origin]);
  await until('all blocks are here', () => task.view().filledBytes === torrent.meta.totalBytes);
  await sleep(50);
  assert.deepEqual(haves(stream), []);
  disk.resolve();
  await until('the haves', () => haves(stream).length === 3);
});

test('without a client and without an announce nothing is fetched; an announce is enough', async (t) => {
  const { task, seeds } = taskOf(t);
  task.addSources([origin]);
  await sleep(50);
  assert.equal(seeds.length, 0);
  task.expect('http://198.51.100.10:6969/announce');
  await until('complete', () => task.view().state === 'complete');
});

test('what it remembers is served at once, and a complete task dials nobody', async (t) => {
  const first = taskOf(t);
  first.task.join(new TestStream(), handshake, Buffer.alloc(0));
  first.task.addSources([origin]);
  await until('complete', () => first.task.view().state === 'complete');
  const remembered = { ...nothing, info: torrent.meta.infoBytes, have: Uint8Array.of(0b1110_0000) };
  const again = taskOf(t, remembered, { store: (shape) => first.store.task(shape) });
  const stream = new TestStream();
  again.task.join(stream, handshake, Buffer.alloc(0));
  again.task.addSources([origin]);
  stream.data(encodeMessage({ kind: 'interested' }));
  stream.data(encodeMessage({ kind: 'request', piece: 1, begin: 0, length: BLOCK_BYTES }));
  await until('the block', () => said(stream).some((m) => m.kind === 'piece' && m.piece === 1));
  assert.ok(said(stream).some((m) => m.kind === 'have-all'));
  assert.equal(again.seeds.length, 0);
});

test('after an unclean stop it re-checks before it fetches, and finds what the index did not know', async (t) => {
  const first = taskOf(t);
  first.task.join(new TestStream(), handshake, Buffer.alloc(0));
  first.task.addSources([origin]);
  await until('complete', () => first.task.view().state === 'complete');
  const remembered = { ...nothing, info: torrent.meta.infoBytes, have: Uint8Array.of(0), doubtful: true };
  const again = taskOf(t, remembered, { store: (shape) => first.store.task(shape) });
  again.task.join(new TestStream(), handshake, Buffer.alloc(0));
  again.task.addSources([origin]);
  await again.task.rechecked();
  await until('complete', () => again.task.view().state === 'complete');
  assert.equal(again.task.view().filledBytes, 0);
});

test('a torrent that policy refuses lets its clients go and leaves', async (t) => {
  const { task, kept } = taskOf(t, nothing, { refusal: () => 'private' });
  const stream = new TestStream();
  task.join(stream, handshake, Buffer.alloc(0));
  task.addSources([origin]);
  await until('gone', () => kept.gone.length > 0);
  assert.deepEqual(kept.gone, ['private']);
  assert.equal(stream.destroyed, true);
  assert.equal(task.join(new TestStream(), handshake, Buffer.alloc(0)), 'overload');
});

test('clients that get nothing, from a box that gets nothing, are let go', async (t) => {
  let laterMs = 0;
  const clock = { ...realClock, nowMs: () => Date.now() + laterMs };
  const dial = () => Promise.reject(new Error('nobody listens'));
  const known = { ...nothing, info: torrent.meta.infoBytes, have: Uint8Array.of(0b1000_0000) };
  const { task, kept } = taskOf(t, known, { clock, dial });
  const stream = new TestStream();
  task.join(stream, handshake, Buffer.alloc(0));
  laterMs = LIMITS.stalledMs - 3_000;
  await sleep(1_200);
  assert.equal(stream.destroyed, false);
  laterMs = LIMITS.stalledMs;
  await until('gone', () => kept.gone.length > 0);
  assert.deepEqual([kept.gone, stream.destroyed], [['stalled'], true]);
});
