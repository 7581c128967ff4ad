import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { duplexPair } from 'node:stream';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { realClock } from '#base/clock.ts';
import { silentLog } from '#base/log.ts';
import { Scope } from '#base/scope.ts';
import { BLOCK_BYTES, infoHashOf } from '#base/units.ts';
import { TestStream } from '#client/fixtures.ts';
import { FakeSeed } from '#downloader/fake-seed.ts';
import { FakeStore } from '#store/fake-store.ts';
import type { TaskShape } from '#store/task-store.ts';
import { FramedPiece } from '#wire/framed-piece.ts';
import { decodeMessage, encodeMessage, FrameSplitter } from '#wire/frames.ts';
import { HANDSHAKE_BYTES, newPeerId } from '#wire/handshake.ts';
import { oneFileTorrent } from '#wire/made-torrent.ts';
import { encodePex } from '#wire/pex.ts';
import { QvodSeeder } from '#wire/qvod/fake-seeder.ts';
import { qvodFile } from '#wire/qvod/fixtures.ts';
import { encodeQvodHandshake, newQvodPeerId } from '#wire/qvod/handshake.ts';
import { LIMITS } from './limits.ts';
import { Task } from './task.ts';
import type { Beside, Remembered, TaskWorld } from './task-world.ts';

const torrent = oneFileTorrent(6 * BLOCK_BYTES, 2 * BLOCK_BYTES);
const origin = { endpoint: { ip: '203.0.113.1', port: 6881 } };
const nothing: Remembered = {
  info: undefined,
  layers: undefined,
  beside: false,
  have: undefined,
  whole: false,
  trackers: [],
  doubtful: false,
};
const handshake = {
  infoHash: torrent.meta.infoHash,
  peerId: newPeerId(),
  extended: true,
  fast: true,
  dht: false,
  v2: false,
};

function setUp(
  t: TestContext,
  remembered: Remembered = nothing,
  over: Partial<TaskWorld> = {},
  infoHash = torrent.meta.infoHash,
) {
  const store = new FakeStore(FramedPiece);
  const seeds: FakeSeed[] = [];
  const kept = {
    info: 0,
    beside: 0,
    have: undefined as Buffer | undefined,
    gone: [] as (string | undefined)[],
    refused: [] as string[],
  };
  const world: TaskWorld = {
    clock: realClock,
    peerId: newPeerId(),
    store: (shape) => store.task(shape),
    begun: () => undefined,
    identified: () => true,
    lenders: () => [],
    dial: async () => {
      const [ours, theirs] = duplexPair();
      // A socket tells its other end that it is gone; the pair's halves only end.
      ours.on('close', () => theirs.destroy());
      theirs.on('close', () => ours.destroy());
      seeds.push(new FakeSeed(theirs, torrent, { metadata: true }));
      return ours;
    },
    askSlot: (granted) => granted(),
    withdraw: () => {},
    releaseSlot: () => {},
    bid: () => {},
    begunBytes: () => Number.POSITIVE_INFINITY,
    failed: (error) => assert.ifError(error),
    keepInfo: () => void kept.info++,
    keptBeside: () => void kept.beside++,
    metainfo: async () => undefined,
    forgetPieces: () => true,
    keepHave: (have) => {
      kept.have = Buffer.from(have);
    },
    keepTraffic: () => {},
    keepTrackers: () => {},
    found: () => {},
    refusal: () => undefined,
    told: () => {},
    dhtNode: () => {},
    lookUp: async () => {},
    isBox: () => false,
    cannotKeep: (why) => void kept.refused.push(why),
    gone: (why) => void kept.gone.push(why),
    log: silentLog,
    ...over,
  };
  const scope = new Scope((error) => assert.fail(String(error)));
  const task = new Task(infoHash, remembered, world, scope);
  t.after(async () => {
    await task.close();
    await scope.close();
  });
  return { task, store, seeds, kept };
}

/** What a client was sent, by kind of message. */
function said(stream: TestStream): { kind: string; piece?: number }[] {
  const messages: { kind: string; piece?: number }[] = [];
  const frames = new FrameSplitter(1 << 20);
  frames.push(Buffer.concat(stream.writes).subarray(HANDSHAKE_BYTES), (frame) => {
    const m = decodeMessage(frame);
    if (m.kind === 'ok') messages.push(m.value);
  });
  return messages;
}
const haves = (stream: TestStream): (number | undefined)[] =>
  said(stream).flatMap((m) => (m.kind === 'have' ? [m.piece] : []));

async function until(what: string, true_: () => boolean): Promise<void> {
  for (let i = 0; i < 500; i++) {
    if (true_()) return;
    await sleep(10);
  }
  assert.fail(`not within 5 s: ${what}`);
}

test('knowing only the hash, it learns the metainfo, fetches every piece once and announces each to the client', async (t) => {
  const { task, seeds, kept } = setUp(t);
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
  const { task, store, kept } = setUp(t, nothing, { clock });
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
  const { task, store, seeds, kept } = setUp(t, nothing, { clock });
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
  const { task } = setUp(t, nothing, { uplink });
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
  const { task } = setUp(t, nothing, { uplink });
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
  const { task } = setUp(t, nothing, { uplink });
  task.addSources([origin]);
  task.order({ info: torrent.meta.infoBytes, layers: undefined, trackers: [] });
  await until('complete', () => task.view().state === 'complete');
  assert.deepEqual(count, { untaken: 0, prefilled: torrent.meta.totalBytes });
});

test('what is not ordered any more is not fetched any more', async (t) => {
  const { task } = setUp(t, nothing, { askSlot: () => {} });
  task.order({ info: torrent.meta.infoBytes, layers: undefined, trackers: [] });
  await until('it wants a slot', () => task.view().state === 'limited');
  task.order(undefined);
  await until('it rests', () => task.view().state === 'sleep');
});

test('of a link, only one without a tracker that may be private is looked up in the DHT before it is known', async (t) => {
  const asked: string[] = [];
  const tracker = 'http://203.0.113.9:1/passkey/announce';
  const [bare, tracked] = [[], [tracker]].map((trackers) => {
    const dial = () => Promise.reject(new Error('nobody listens'));
    const lookUp = async () => void asked.push(trackers[0] ?? 'bare');
    const { task } = setUp(t, nothing, { dial, lookUp });
    task.order({ info: undefined, layers: undefined, trackers });
    return task;
  });
  assert.ok(bare && tracked);
  await until('the DHT is asked', () => asked.length > 0);
  await sleep(LIMITS.tickMs);
  assert.deepEqual(asked, ['bare']);
});

test('a client hears of no piece before the disk has it', async (t) => {
  const { task, store } = setUp(t);
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
  const { task, seeds } = setUp(t);
  task.addSources([origin]);
  await sleep(50);
  assert.equal(seeds.length, 0);
  task.expect('http://198.51.100.10:6969/announce');
  await until('complete', () => task.view().state === 'complete');
});

test('what it remembers is served at once, and a complete task dials nobody', async (t) => {
  const first = setUp(t);
  first.task.join(new TestStream(), handshake, Buffer.alloc(0));
  first.task.addSources([origin]);
  await until('complete', () => first.task.view().state === 'complete');
  const remembered = { ...nothing, info: torrent.meta.infoBytes, have: Uint8Array.of(0b1110_0000) };
  const again = setUp(t, remembered, { store: (shape) => first.store.task(shape) });
  const stream = new TestStream();
  again.task.join(stream, handshake, Buffer.alloc(0));
  again.task.addSources([origin]);
  stream.data(encodeMessage({ kind: 'interested' }));
  stream.data(encodeMessage({ kind: 'request', piece: 1, begin: 0, length: BLOCK_BYTES }));
  await until('the block', () => said(stream).some((m) => m.kind === 'piece' && m.piece === 1));
  assert.ok(said(stream).some((m) => m.kind === 'have-all'));
  assert.equal(again.seeds.length, 0);
});

/** A torrent that is held whole and whose metainfo is being read from the disk until `read` is called. */
async function loading(t: TestContext, over: Partial<TaskWorld> = {}) {
  const first = setUp(t);
  first.task.join(new TestStream(), handshake, Buffer.alloc(0));
  first.task.addSources([origin]);
  await until('complete', () => first.task.view().state === 'complete');
  const { promise, resolve } = Promise.withResolvers<Beside | undefined>();
  const remembered = { ...nothing, beside: true, have: Uint8Array.of(0b1110_0000), whole: true };
  const store = (shape: TaskShape) => first.store.task(shape);
  const again = setUp(t, remembered, { store, metainfo: () => promise, ...over });
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

test('after an unclean stop it re-checks before it fetches, and finds what the index did not know', async (t) => {
  const first = setUp(t);
  first.task.join(new TestStream(), handshake, Buffer.alloc(0));
  first.task.addSources([origin]);
  await until('complete', () => first.task.view().state === 'complete');
  const remembered = { ...nothing, info: torrent.meta.infoBytes, have: Uint8Array.of(0), doubtful: true };
  const again = setUp(t, remembered, { store: (shape) => first.store.task(shape) });
  again.task.join(new TestStream(), handshake, Buffer.alloc(0));
  again.task.addSources([origin]);
  await again.task.rechecked();
  await until('complete', () => again.task.view().state === 'complete');
  assert.equal(again.task.view().filledBytes, 0);
});

test('peers that a client names are learned for it and dialled; machines of the LAN and the box itself are not', async (t) => {
  const dialled = new Set<string>();
  const told: [string, number][] = [];
  const known = { ...nothing, info: torrent.meta.infoBytes };
  const { task } = setUp(t, known, {
    dial: async ({ endpoint }) => {
      dialled.add(endpoint.ip);
      throw new Error('nobody listens');
    },
    told: (client, endpoints) => void told.push([client, endpoints.length]),
    isBox: ({ ip }) => ip === '203.0.113.99',
  });
  const stream = new TestStream();
  task.join(stream, handshake, Buffer.alloc(0));
  const ips = ['203.0.113.7', '203.0.113.99', '192.168.1.9'];
  const added = ips.map((ip) => ({ endpoint: { ip, port: 6881 }, flags: 0 }));
  stream.data(encodeMessage({ kind: 'extended', id: 2, payload: encodePex({ added, dropped: [] }) }));
  await until('dialled', () => dialled.size > 0);
  await sleep(20);
  assert.deepEqual([...dialled], ['203.0.113.7']);
  assert.deepEqual(told, [[stream.remote.ip, 1]]);
});

test('with hardly any origin its peers are looked up in the DHT; not those of a private torrent (BEP 27)', async (t) => {
  for (const isPrivate of [false, true]) {
    let laterMs = 0;
    let lookedUp = 0;
    const info = Buffer.concat([
      torrent.meta.infoBytes.subarray(0, -1),
      Buffer.from(isPrivate ? '7:privatei1ee' : 'e'),
    ]);
    const infoHash = infoHashOf(createHash('sha1').update(info).digest());
    const { task } = setUp(
      t,
      { ...nothing, info },
      {
        clock: { ...realClock, nowMs: () => Date.now() + laterMs },
        lookUp: async (found) => {
          lookedUp++;
          found([origin.endpoint, { ip: '192.168.1.9', port: 6881 }]);
        },
      },
      infoHash,
    );
    task.join(new TestStream(), { ...handshake, infoHash }, Buffer.alloc(0));
    await until('down', () => task.view().state === 'down');
    laterMs = 4_000;
    if (isPrivate) await sleep(2_200);
    else await until('complete', () => task.view().state === 'complete');
    assert.equal(lookedUp, isPrivate ? 0 : 1);
  }
});

test('a torrent that policy refuses lets its clients go and leaves', async (t) => {
  const { task, kept } = setUp(t, nothing, { refusal: () => 'private' });
  const stream = new TestStream();
  task.join(stream, handshake, Buffer.alloc(0));
  task.addSources([origin]);
  await until('gone', () => kept.gone.length > 0);
  assert.deepEqual(kept.gone, ['private']);
  assert.equal(stream.destroyed, true);
  assert.equal(task.join(new TestStream(), handshake, Buffer.alloc(0)), 'overload');
});

test('a torrent whose metainfo names it but cannot be served lets its clients go at once', (t) => {
  const info = Buffer.from('d9:file treede12:meta versioni2e4:name1:x12:piece lengthi16384ee');
  const infoHash = infoHashOf(createHash('sha256').update(info).digest().subarray(0, 20));
  const { kept } = setUp(t, { ...nothing, info }, {}, infoHash);
  assert.deepEqual(kept.gone, ['unsupported']);
});

test('a torrent whose metainfo nobody gives lets its clients go after a while', async (t) => {
  let laterMs = 0;
  const clock = { ...realClock, nowMs: () => Date.now() + laterMs };
  const dial = () => Promise.reject(new Error('nobody listens'));
  const { task, kept } = setUp(t, nothing, { clock, dial });
  const stream = new TestStream();
  task.join(stream, handshake, Buffer.alloc(0));
  await sleep(20);
  assert.equal(stream.destroyed, false);
  laterMs = LIMITS.metainfoWithinMs;
  await until('gone', () => kept.gone.length > 0);
  assert.deepEqual([kept.gone, stream.destroyed], [['no-metainfo'], true]);
});

test('clients that get nothing, from a box that gets nothing, are let go', async (t) => {
  let laterMs = 0;
  const clock = { ...realClock, nowMs: () => Date.now() + laterMs };
  const dial = () => Promise.reject(new Error('nobody listens'));
  const known = { ...nothing, info: torrent.meta.infoBytes, have: Uint8Array.of(0b1000_0000) };
  const { task, kept } = setUp(t, known, { clock, dial });
  const stream = new TestStream();
  task.join(stream, handshake, Buffer.alloc(0));
  laterMs = LIMITS.stalledMs - 3_000;
  await sleep(1_200);
  assert.equal(stream.destroyed, false);
  laterMs = LIMITS.stalledMs;
  await until('gone', () => kept.gone.length > 0);
  assert.deepEqual([kept.gone, stream.destroyed], [['stalled'], true]);
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
    const { task, kept } = setUp(t, nothing, { dial }, infoHash);
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
