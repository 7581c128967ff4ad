import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { duplexPair } from 'node:stream';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { realClock } from '#base/clock.ts';
import { BLOCK_BYTES, infoHashOf } from '#base/units.ts';
import { TestStream } from '#client/fixtures.ts';
import type { TaskShape } from '#store/task-store.ts';
import { encodeMessage } from '#wire/frames.ts';
import { QvodSeeder } from '#wire/qvod/fake-seeder.ts';
import { qvodFile } from '#wire/qvod/fixtures.ts';
import { encodeQvodHandshake, newQvodPeerId } from '#wire/qvod/handshake.ts';
import { handshake, haves, nothing, origin, said, taskOf, torrent, until } from './fixtures.ts';
import { LIMITS } from './limits.ts';
import type { Beside, TaskWorld } from './task-world.ts';

/** A torrent that is held whole and whose metainfo is being read from the disk until `read` is called. */
async function loading(t: TestContext, over: Partial<TaskWorld> = {}) {
  const first = taskOf(t);
  first.task.join(new TestStream(), handshake, Buffer.alloc(0));
  first.task.addSources([origin]);
  await until('complete', () => first.task.view().state === 'complete');
  const { promise, resolve } = Promise.withResolvers<Beside | undefined>();
  const remembered = { ...nothing, beside: true, have: Uint8Array.of(0b1110_0000), whole: true };
  const store = (shape: TaskShape) => first.store.task(shape);
  const again = taskOf(t, remembered, { store, metainfo: () => promise, ...over });
  return { ...again, read: resolve, kept: again.kept, firstKept: first.kept };
}
const beside: Beside = { info: torrent.meta.infoBytes, layers: undefined };

test('metainfo that lies beside the pieces is read before a client is greeted, and the greeting lacks nothing', async (t) => {
  const { task, read, seeds, kept, firstKept } = await loading(t);
  assert.equal(firstKept.beside, 1, 'written there, it need not be kept elsewhere');
  const early = Buffer.concat([
    encodeMessage({ kind: 'interested' }),
    encodeMessage({ kind: 'request', piece: 1, begin: 0, length: BLOCK_BYTES }),
  ]);
  const [stream, left] = [new TestStream(), new TestStream()];
  for (const client of [stream, left]) assert.equal(task.join(client, handshake, early), undefined);
  left.gone();
  assert.deepEqual([task.clients, task.whole, task.loading], [1, true, true]);
  task.addSources([origin]);
  await sleep(20);
  assert.deepEqual([stream.writes, seeds.length], [[], 0], 'nothing is said, nothing fetched');
  read(beside);
  await until('the block', () => said(stream).some((m) => m.kind === 'piece' && m.piece === 1));
  assert.equal(said(stream)[0]?.kind, 'have-all');
  assert.deepEqual([left.writes, task.clients, task.loading], [[], 1, false]);
  assert.deepEqual([seeds.length, kept.info, kept.beside], [0, 0, 0], 'it is kept where it is');
});

test('metainfo that cannot be read any more is learned as for the first time, and the pieces are still had', async (t) => {
  for (const found of [undefined, { ...beside, info: Buffer.from('garbage') }]) {
    const { task, read, kept } = await loading(t);
    const stream = new TestStream();
    task.join(stream, handshake, Buffer.alloc(0));
    task.addSources([origin]);
    read(found);
    await until('complete', () => task.view().state === 'complete');
    assert.deepEqual([task.view().filledBytes, kept.info], [0, 1]);
    assert.equal(kept.beside, 0, 'nor written elsewhere: it may lie on a disk that is away');
    await until('announced', () => haves(stream).length === 3);
  }
});

test('a disk that does not answer keeps nobody waiting for long, and a torrent refused meanwhile greets nobody', async (t) => {
  let laterMs = 0;
  const hung = await loading(t, { clock: { ...realClock, nowMs: () => Date.now() + laterMs } });
  const waiting = new TestStream();
  hung.task.join(waiting, handshake, Buffer.alloc(0));
  laterMs = LIMITS.metainfoWithinMs;
  await until('gone', () => hung.kept.gone.length > 0);
  assert.deepEqual([hung.kept.gone, waiting.destroyed], [['no-metainfo'], true]);
  hung.read(beside);

  const refused = await loading(t, { refusal: () => 'private' });
  const stream = new TestStream();
  refused.task.join(stream, handshake, Buffer.alloc(0));
  refused.read(beside);
  await until('refused', () => refused.kept.gone.length > 0);
  assert.deepEqual([refused.kept.gone, stream.destroyed, stream.writes], [['private'], true, []]);
});

test('a torrent whose metainfo names it but cannot be served lets its clients go at once', (t) => {
  const info = Buffer.from('d9:file treede12:meta versioni2e4:name1:x12:piece lengthi16384ee');
  const infoHash = infoHashOf(createHash('sha256').update(info).digest().subarray(0, 20));
  const { kept } = taskOf(t, { ...nothing, info }, {}, infoHash);
  assert.deepEqual(kept.gone, ['unsupported']);
});

test('a torrent whose metainfo nobody gives lets its clients go after a while', async (t) => {
  let laterMs = 0;
  const clock = { ...realClock, nowMs: () => Date.now() + laterMs };
  const dial = () => Promise.reject(new Error('nobody listens'));
  const { task, kept } = taskOf(t, nothing, { clock, dial });
  const stream = new TestStream();
  task.join(stream, handshake, Buffer.alloc(0));
  await sleep(20);
  assert.equal(stream.destroyed, false);
  laterMs = LIMITS.metainfoWithinMs;
  await until('gone', () => kept.gone.length > 0);
  assert.deepEqual([kept.gone, stream.destroyed], [['no-metainfo'], true]);
});

test('what a Qvod peer says of its file is kept once a piece has proved it, and a wrong piece length is not', async (t) => {
  const file = qvodFile(torrent.content, 2 * BLOCK_BYTES);
  const infoHash = infoHashOf(file.hash);
  // The same piece hashes over pieces of half the length.
  const halves = file.seed
    .toString('latin1')
    .replace(`lengthi${6 * BLOCK_BYTES}e`, `lengthi${3 * BLOCK_BYTES}e`)
    .replace(`lengthi${2 * BLOCK_BYTES}e`, `lengthi${BLOCK_BYTES}e`);
  for (const seed of [file.seed, Buffer.from(halves, 'latin1')]) {
    const dial = async () => {
      const [ours, theirs] = duplexPair();
      ours.on('close', () => theirs.destroy());
      theirs.on('close', () => ours.destroy());
      new QvodSeeder(theirs, { ...file, seed });
      return ours;
    };
    const { task, kept } = taskOf(t, nothing, { dial }, infoHash);
    const peerId = newQvodPeerId(Buffer.from('QVOD0052'));
    const qvodHello = encodeQvodHandshake({ infoHash, peerId });
    const hands = { ...handshake, infoHash, peerId, extended: false, fast: false, qvodHello };
    assert.equal(task.join(new TestStream(), hands, Buffer.alloc(0)), undefined);
    task.addSources([{ ...origin, qvodHello }]);
    const isHonest = seed === file.seed;
    await until(isHonest ? 'complete' : 'the origin is banned', () =>
      isHonest ? task.whole : task.view().origins.some((o) => o.state === 'banned'),
    );
    assert.equal(task.view().pieceCount, 3, 'it was believed, for want of anything better');
    assert.equal(kept.info, isHonest ? 1 : 0);
  }
});
