import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { realClock } from '#base/clock.ts';
import { silentLog } from '#base/log.ts';
import { BLOCK_BYTES, type InfoHash } from '#base/units.ts';
import { TestStream } from '#client/fixtures.ts';
import { Budget } from '#client/rate-limits.ts';
import { Index } from '#index/index.ts';
import { DECIDED } from '#index/listing.ts';
import { type ListFilter, TaskSearch } from '#index/task-search.ts';
import { FakeStore } from '#store/fake-store.ts';
import { FramedPiece } from '#wire/framed-piece.ts';
import { newPeerId } from '#wire/handshake.ts';
import { oneFileTorrent } from '#wire/made-torrent.ts';
import { shapeOf } from '#wire/piece-shape.ts';
import { Decisions } from './decisions.ts';
import { nobodyThere, openToAll, pieceOf } from './fixtures.ts';
import { keepMetainfo } from './kept-metainfo.ts';
import { type Arriving, Manager } from './manager.ts';
import { Operator, type OperatorAction } from './operator.ts';
import { Rechecks } from './rechecks.ts';

const PIECES = 4;
const made = oneFileTorrent(BLOCK_BYTES * PIECES, BLOCK_BYTES);
const { infoHash } = made.meta;
const OTHER = 'b'.repeat(40) as InfoHash;

const arriving = (): Arriving => ({
  client: { ip: '192.168.1.5', port: 40_000 },
  endpoint: { ip: '203.0.113.1', port: 6881 },
  handshake: { infoHash, peerId: newPeerId(), extended: true, fast: true, dht: false, v2: false },
  early: Buffer.alloc(0),
  stream: new TestStream(),
});

type Over = { text?: string; settings?: { pin: InfoHash[]; block: InfoHash[] }; writes?: boolean };

/** A manager with one whole torrent in the index and the store, and an operator. */
async function house(t: TestContext, over: Over = {}) {
  const dir = mkdtempSync(join(tmpdir(), 'operator-'));
  const index = Index.open(join(dir, 'index.db'), silentLog);
  const store = new FakeStore(FramedPiece);
  index.putTask({ infoHash, addedAtMs: 1 });
  keepMetainfo(index, made.meta);
  const pieces = store.task(shapeOf(made.meta));
  for (let i = 0; i < PIECES; i++) assert.equal((await pieces.accept(pieceOf(made, i))).kind, 'durable');
  index.setHave(infoHash, Buffer.of(0xf0));
  const disk = { text: over.text, writes: over.writes ?? true, home: '/a' as string | undefined };
  const keep = async (text: string): Promise<boolean> => {
    if (disk.writes) disk.text = text;
    return disk.writes;
  };
  const names = (id: InfoHash) => index.names(id);
  const decisions = new Decisions(over.text, over.settings ?? { pin: [], block: [] }, { names, keep });
  const storeLike = {
    task: store.task.bind(store),
    async *onDisk() {},
    metainfo: async (id: InfoHash) => store.diskOf(id),
    freeBytes: async () => Number.MAX_SAFE_INTEGER,
    home: () => disk.home,
  };
  const manager = new Manager(
    { ...openToAll, blocks: (id) => decisions.of(id).blocked === true },
    {
      ...nobodyThere(),
      store: storeLike,
      index,
      budget: new Budget({}, realClock),
      limitOf: (id) => decisions.limitOf(id),
    },
    silentLog,
  );
  const world = { clock: realClock, index, store: storeLike, living: (id: InfoHash) => manager.living(id) };
  const rechecks = new Rechecks(world, silentLog);
  const cancelled: InfoHash[] = [];
  const cancelOrder = (id: InfoHash): void => void cancelled.push(id);
  const operator = new Operator({ ...world, manager, decisions, rechecks, cancelOrder, log: silentLog });
  t.after(async () => {
    await rechecks.close();
    await manager.close();
    index.close();
    rmSync(dir, { recursive: true });
  });
  const act = (action: OperatorAction, ids: readonly InfoHash[] = [infoHash]) => operator.act(ids, action);
  const isStored = async (i: number): Promise<boolean> =>
    (await store.task(shapeOf(made.meta)).verify(i)).kind === 'ok';
  return { index, store, manager, decisions, rechecks, operator, act, disk, cancelled, isStored };
}

const DONE = { done: 1, refused: [] };

test('a dropped torrent is forgotten, its bytes go, its client is let go and passes, and the list of orders knows', async (t) => {
  const { manager, index, act, cancelled, isStored } = await house(t);
  const client = arriving();
  assert.deepEqual(manager.claim(client), { kind: 'taken' });
  await manager.living(infoHash)?.rechecked();
  assert.deepEqual(await act({ do: 'drop' }), DONE);
  assert.ok((client.stream as TestStream).destroyed);
  assert.equal(manager.living(infoHash), undefined);
  assert.equal(index.task(infoHash)?.haveCount, 0);
  assert.equal(await isStored(0), false);
  assert.deepEqual(cancelled, [infoHash]);
  assert.deepEqual(manager.claim(arriving()), { kind: 'pass', why: 'removed' });
});

test('a torrent at rest is dropped without being woken; one that is pinned, unknown, or on a disk that is away is not', async (t) => {
  const { manager, index, act, disk, isStored } = await house(t);
  assert.deepEqual(await act({ do: 'pin' }), DONE);
  const pinned = { done: 0, refused: [{ infoHash, why: 'pinned' }] };
  assert.deepEqual(await act({ do: 'drop' }), pinned);
  assert.deepEqual(await act({ do: 'unpin' }), DONE);
  disk.home = undefined;
  assert.deepEqual(await act({ do: 'drop' }), { done: 0, refused: [{ infoHash, why: 'disk-gone' }] });
  assert.equal(index.task(infoHash)?.haveCount, PIECES);
  disk.home = '/a';
  assert.deepEqual(await act({ do: 'drop' }, [infoHash, OTHER]), {
    done: 1,
    refused: [{ infoHash: OTHER, why: 'unknown-torrent' }],
  });
  assert.equal(manager.views().length, 0);
  assert.equal(await isStored(2), false);
});

test('a blocked torrent lets its clients go, passes by every path, and is served again when it is not blocked', async (t) => {
  const { manager, act, decisions } = await house(t);
  const client = arriving();
  manager.claim(client);
  assert.deepEqual(await act({ do: 'block' }), DONE);
  assert.ok((client.stream as TestStream).destroyed);
  assert.deepEqual(manager.claim(arriving()), { kind: 'pass', why: 'blocked' });
  assert.equal(manager.order(infoHash), 'blocked');
  assert.equal(manager.announceable(infoHash), false);
  assert.equal(decisions.isBlocked(infoHash), true);
  assert.deepEqual(await act({ do: 'unblock' }), DONE);
  assert.deepEqual(manager.claim(arriving()), { kind: 'taken' });
});

test('what is decided outlives process and index, and is in the list; what cannot be kept has never been', async (t) => {
  const first = await house(t);
  assert.deepEqual(await first.act({ do: 'pin' }), DONE);
  assert.deepEqual(await first.act({ do: 'limit', mbps: 8 }), DONE);
  assert.deepEqual(await first.act({ do: 'block' }, [OTHER]), DONE);
  const text = first.disk.text as string;
  // The second house has an index of its own.
  const second = await house(t, { text });
  assert.deepEqual(second.decisions.of(infoHash), { pinned: true, limitMbps: 8 });
  assert.equal(second.decisions.isBlocked(OTHER), true);
  assert.deepEqual(second.decisions.bits(infoHash), DECIDED.pinned | DECIDED.limited);
  const search = new TaskSearch(second.index.path);
  const listed = (filter: ListFilter): InfoHash[] =>
    search
      .ask({ search: '', filter, sort: 'added', order: 'up', offset: 0, limit: 9 }, 1)
      .rows.map((row) => row.infoHash);
  assert.deepEqual([listed('pinned'), listed('limited'), listed('blocked')], [[infoHash], [infoHash], []]);
  second.disk.writes = false;
  assert.deepEqual(await second.act({ do: 'unpin' }), { done: 0, refused: [{ infoHash, why: 'not-written' }] });
  assert.equal(second.decisions.isPinned(infoHash), true);
  second.disk.writes = true;
  assert.deepEqual(await second.act({ do: 'unpin' }), DONE);
  assert.deepEqual(await second.act({ do: 'limit' }), DONE);
  assert.deepEqual(second.decisions.of(infoHash), {});
  assert.deepEqual(await second.act({ do: 'block' }, [OTHER]), DONE);
  assert.deepEqual([listed('pinned'), listed('limited'), listed('blocked')], [[], [], [OTHER]]);
  search.close();
});

test('what the settings say is not taken back here', async (t) => {
  const { act, decisions } = await house(t, { settings: { pin: [infoHash], block: [OTHER] } });
  assert.deepEqual(await act({ do: 'unpin' }), { done: 0, refused: [{ infoHash, why: 'by-settings' }] });
  assert.deepEqual(await act({ do: 'unblock' }, [OTHER]), {
    done: 0,
    refused: [{ infoHash: OTHER, why: 'by-settings' }],
  });
  assert.deepEqual(await act({ do: 'drop' }), { done: 0, refused: [{ infoHash, why: 'pinned' }] });
  assert.ok(decisions.isPinned(infoHash) && decisions.isBlocked(OTHER));
});

test('a torrent that the settings pin is found as such when it comes later, too', async (t) => {
  const later = oneFileTorrent(BLOCK_BYTES, BLOCK_BYTES);
  const { index } = await house(t, { settings: { pin: [later.meta.infoHash], block: [] } });
  const search = new TaskSearch(index.path);
  t.after(() => search.close());
  const pinned = () =>
    search
      .ask({ search: '', filter: 'pinned', sort: 'added', order: 'up', offset: 0, limit: 9 }, 1)
      .rows.map((row) => row.infoHash);
  assert.deepEqual(pinned(), []);
  index.putTask({ infoHash: later.meta.infoHash, addedAtMs: 2 });
  keepMetainfo(index, later.meta);
  assert.deepEqual(pinned(), [later.meta.infoHash]);
});

test('a limit of its own holds for the clients that are there, too, and they stay', async (t) => {
  const { act, manager, decisions } = await house(t);
  const client = arriving();
  manager.claim(client);
  assert.equal(decisions.limitOf(infoHash), undefined);
  assert.deepEqual(await act({ do: 'limit', mbps: 4 }), DONE);
  assert.equal(decisions.limitOf(infoHash), 4);
  assert.equal((client.stream as TestStream).destroyed, false);
});

test('a re-check reads every piece, finds what has rotted, and says how far it is', async (t) => {
  const { index, store, act, rechecks } = await house(t);
  store.damage(infoHash, 2);
  assert.deepEqual(await act({ do: 'recheck' }), DONE);
  for (let i = 0; i < 500 && rechecks.of(infoHash)?.endedAtMs === undefined; i++) await sleep(10);
  const { endedAtMs, ...view } = rechecks.of(infoHash) ?? {};
  assert.ok(endedAtMs);
  assert.deepEqual(view, { doneBytes: made.meta.totalBytes, totalBytes: made.meta.totalBytes, badPieces: 1 });
  assert.equal(index.task(infoHash)?.haveCount, PIECES - 1);
});
