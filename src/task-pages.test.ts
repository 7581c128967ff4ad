import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { doorsFor, startAdmin } from '#admin/fixtures.ts';
import { realClock } from '#base/clock.ts';
import { silentLog } from '#base/log.ts';
import { Scope } from '#base/scope.ts';
import type { InfoHash } from '#base/units.ts';
import { Index } from '#index/index.ts';
import { nobodyThere, openToAll } from '#manager/fixtures.ts';
import { keepMetainfo } from '#manager/kept-metainfo.ts';
import { Manager } from '#manager/manager.ts';
import { Store } from '#store/store.ts';
import { FramedPiece } from '#wire/framed-piece.ts';
import { madeTorrent } from '#wire/made-torrent.ts';
import { type Metainfo, parseMetainfo, pieceSize } from '#wire/metainfo.ts';
import { shapeOf } from '#wire/piece-shape.ts';
import type { Config } from './config.ts';
import { openPrefill } from './prefilling.ts';
import { openDecisions, openTaskPages } from './task-pages.ts';

const BLOCK = 16_384;
const files = [
  { path: ['流浪地球', '正片.mkv'], bytes: Buffer.alloc(3 * BLOCK, 3) },
  { path: ['流浪地球', 'note.txt'], bytes: Buffer.alloc(BLOCK, 5) },
];
const made = madeTorrent('v1', files);
const metaOf = (file: Buffer): Metainfo => {
  const read = parseMetainfo(file);
  assert.ok(read.kind === 'ok');
  return read.value;
};
const meta = metaOf(made.torrentFile);
const { infoHash } = meta;
const other = madeTorrent('v1', [{ path: ['x'], bytes: Buffer.alloc(9_000, 9) }]);

function pieceOf(index: number): FramedPiece {
  const size = pieceSize(meta, index);
  const piece = FramedPiece.allocate(index, size);
  for (let at = 0; at < size; at += BLOCK)
    piece.putBlock(
      at,
      made.stream.subarray(index * meta.pieceLength + at, index * meta.pieceLength + Math.min(at + BLOCK, size)),
    );
  return piece;
}

/** A box of real parts with a torrent of which the first two pieces are there. */
async function box(t: TestContext, right: 'look' | 'operate' = 'operate') {
  const dataDir = mkdtempSync(join(tmpdir(), 'swarmbox-pages-'));
  const config = {
    dataDir,
    ...openToAll,
    pin: [],
    dht: { enabled: true, bootstrap: [] },
    prefill: { hours: [], dayShare: 1 },
  } as unknown as Config;
  const scope = new Scope((error) => assert.fail(String(error)));
  const index = Index.open(join(dataDir, 'swarmbox.db'), silentLog);
  const store = await Store.open<FramedPiece>(
    {
      disks: [{ path: dataDir, id: undefined }],
      volatileDir: undefined,
      cacheBytes: 1 << 20,
      floorBytes: 0,
      hashWorkers: 1,
    },
    FramedPiece,
    silentLog,
  );
  index.putTask({ infoHash, addedAtMs: 1, trackers: ['http://tracker.example/announce'] });
  keepMetainfo(index, meta);
  for (const i of [0, 1]) assert.equal((await store.task(shapeOf(meta)).accept(pieceOf(i))).kind, 'durable');
  index.setHave(infoHash, Buffer.of(0b1100_0000));
  index.heats.visited(infoHash, Date.now());
  index.addTraffic(infoHash, 700, 300, Date.now());
  const decisions = await openDecisions(config, index, silentLog);
  const blocks = (id: InfoHash): boolean => decisions.of(id).blocked === true;
  const manager = new Manager({ ...openToAll, blocks }, { ...nobodyThere(), store, index }, silentLog);
  const uplink = { isSpentFor: () => false };
  const prefill = openPrefill(config, { index, manager, uplink, store, overloaded: () => false }, silentLog);
  const { routes } = openTaskPages({ index, store, manager, prefill, decisions }, silentLog, scope);
  const audit: unknown[] = [];
  const doors = {
    ...doorsFor(right),
    asker: () => ({ kind: 'token' as const, name: 'script', right, address: '127.0.0.1', via: 'plain' as const }),
    audit: (row: unknown) => void audit.push(row),
  };
  const { url, close } = await startAdmin({ doors, routes });
  t.after(async () => {
    await close();
    await prefill.close();
    await scope.close();
    await manager.close();
    await store.close();
    index.close();
    rmSync(dataDir, { recursive: true });
  });
  // biome-ignore lint/suspicious/noExplicitAny: what the server sends is looked at field by field
  const ask = async (method: string, path: string, body?: unknown): Promise<{ status: number; answer: any }> => {
    const answer = await fetch(`${url}${path}`, {
      method,
      ...(body !== undefined && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
    return { status: answer.status, answer: await answer.json() };
  };
  return { ask, audit, dataDir, clock: realClock };
}

test('a torrent is found in the list, looked at, pinned, and dropped', async (t) => {
  const { ask, audit, dataDir } = await box(t);
  const list = await ask('GET', `/api/tasks?search=${encodeURIComponent(meta.name.slice(0, 2))}&sort=served&limit=10`);
  assert.equal(list.status, 200, JSON.stringify(list.answer));
  assert.deepEqual([list.answer.matching, list.answer.total, list.answer.rows[0].infoHash], [1, 1, infoHash]);
  const { answer: detail } = await ask('GET', `/api/tasks/${infoHash}`);
  assert.deepEqual(
    [
      detail.name,
      detail.pieceCount,
      detail.pieceMap,
      detail.clientMap,
      detail.haveBytes,
      detail.disks,
      detail.trackers,
    ],
    [meta.name, meta.pieceCount, '9900', '', 2 * BLOCK, [dataDir], ['http://tracker.example/announce']],
  );
  assert.deepEqual(
    detail.files.map((file: { sizeBytes: number; haveBytes: number }) => [file.sizeBytes, file.haveBytes]),
    [
      [3 * BLOCK, 2 * BLOCK],
      [BLOCK, 0],
    ],
  );
  assert.equal(detail.heat.length, 1);
  assert.deepEqual([detail.heat[0].clients, detail.heat[0].servedBytes], [1, 700]);
  const act = (action: object) => ask('POST', '/api/tasks/actions', { infoHashes: [infoHash.toUpperCase()], action });
  assert.deepEqual((await act({ do: 'pin' })).answer, { done: 1, refused: [] });
  assert.match(readFileSync(join(dataDir, 'decisions.json'), 'utf8'), new RegExp(`${infoHash}.*pinned`));
  assert.deepEqual((await act({ do: 'drop' })).answer, { done: 0, refused: [{ infoHash, why: 'pinned' }] });
  assert.equal((await ask('GET', '/api/tasks?filter=pinned')).answer.matching, 1);
  await act({ do: 'unpin' });
  assert.deepEqual((await act({ do: 'drop' })).answer, { done: 1, refused: [] });
  assert.equal((await ask('GET', '/api/tasks')).answer.matching, 0);
  assert.equal((await ask('GET', `/api/tasks/${'0'.repeat(40)}`)).status, 404);
  assert.equal((await ask('GET', '/api/tasks/nonsense')).status, 404);
  assert.equal(audit.length, 4);
  assert.equal((await act({ do: 'limit', mbps: 0 })).status, 422);
  assert.equal((await ask('POST', '/api/tasks/actions', { infoHashes: [], action: { do: 'pin' } })).status, 422);
});

test('orders are added by link and file, listed, moved and taken back; a refusal says which', async (t) => {
  const { ask } = await box(t);
  const link = `magnet:?xt=urn:btih:${'a'.repeat(40)}&dn=%E7%89%87`;
  const added = await ask('POST', '/api/orders', { link, when: 'window' });
  assert.deepEqual(added, { status: 200, answer: { infoHash: 'a'.repeat(40), name: '片', already: false } });
  assert.equal((await ask('POST', '/api/orders', { link, when: 'window' })).answer.already, true);
  const file = other.torrentFile.toString('base64');
  const second = (await ask('POST', '/api/orders', { torrent: file, when: 'window' })).answer.infoHash;
  const orders = async () =>
    (await ask('GET', '/api/orders')).answer.orders.map((o: { infoHash: string }) => o.infoHash);
  assert.deepEqual(await orders(), ['a'.repeat(40), second]);
  assert.equal((await ask('POST', `/api/orders/${second}/move`, { to: 'front' })).status, 200);
  assert.deepEqual(await orders(), [second, 'a'.repeat(40)]);
  assert.equal((await ask('GET', '/api/tasks?filter=prefill')).answer.matching, 1, 'of the link nothing is known yet');
  assert.equal((await ask('DELETE', `/api/orders/${second}`)).status, 200);
  assert.equal((await ask('DELETE', `/api/orders/${second}`)).status, 404);
  const why = async (sent: object) => (await ask('POST', '/api/orders', { ...sent, when: 'now' })).answer.why;
  assert.equal(await why({ link: 'ftp://example.org/not-a-torrent' }), 'not-a-link');
  assert.equal(await why({ torrent: 'AAAA' }), 'not-a-torrent');
  assert.equal(await why({ link: `qvod://100|${'B'.repeat(40)}|x|` }), 'no-origin');
  await ask('POST', '/api/tasks/actions', { infoHashes: ['c'.repeat(40)], action: { do: 'block' } });
  assert.equal(await why({ link: 'c'.repeat(40) }), 'blocked');
});

test('whoever may only look changes nothing', async (t) => {
  const { ask } = await box(t, 'look');
  assert.equal((await ask('GET', '/api/tasks')).status, 200);
  const action = { infoHashes: [infoHash], action: { do: 'drop' } };
  assert.equal((await ask('POST', '/api/tasks/actions', action)).status, 403);
  assert.equal((await ask('POST', '/api/orders', { link: 'a'.repeat(40), when: 'now' })).status, 403);
  assert.equal((await ask('GET', `/api/tasks/${infoHash}`)).answer.haveBytes, 2 * BLOCK);
});

test('a file of decisions that is none is moved aside, not overwritten', async (t) => {
  const dataDir = mkdtempSync(join(tmpdir(), 'swarmbox-decisions-'));
  const index = Index.open(join(dataDir, 'swarmbox.db'), silentLog);
  t.after(() => {
    index.close();
    rmSync(dataDir, { recursive: true });
  });
  writeFileSync(join(dataDir, 'decisions.json'), '{"version":1,"torr');
  const decisions = await openDecisions({ dataDir, pin: [], block: [] } as unknown as Config, index, silentLog);
  assert.deepEqual(decisions.all(), []);
  assert.equal(await decisions.change([infoHash], { pinned: true }), 'kept');
  assert.match(readFileSync(join(dataDir, 'decisions.json'), 'utf8'), /pinned/);
  const again = await openDecisions({ dataDir, pin: [], block: [] } as unknown as Config, index, silentLog);
  assert.equal(again.isPinned(infoHash), true);
});
