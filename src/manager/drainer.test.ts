import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Bitfield } from '#base/bitfield.ts';
import type { Clock } from '#base/clock.ts';
import { silentLog } from '#base/log.ts';
import { BLOCK_BYTES } from '#base/units.ts';
import { Index } from '#index/index.ts';
import { Store } from '#store/store.ts';
import { FramedPiece } from '#wire/framed-piece.ts';
import { oneFileTorrent, type Torrent } from '#wire/made-torrent.ts';
import { shapeOf } from '#wire/piece-shape.ts';
import { Drainer } from './drainer.ts';
import { pieceOf } from './fixtures.ts';
import { keepMetainfo } from './kept-metainfo.ts';
import { LIMITS } from './limits.ts';

/** Time goes by as fast as it can, except for the wait for the next look. */
class QuickClock implements Clock {
  slept: number[] = [];
  readonly #looks: (() => void)[] = [];
  nowMs(): number {
    return 1e12;
  }
  async sleep(ms: number, signal: AbortSignal): Promise<void> {
    this.slept.push(ms);
    if (ms === LIMITS.drainLookMs)
      await new Promise<void>((resolve, reject) => {
        this.#looks.push(resolve);
        signal.addEventListener('abort', () => reject(signal.reason));
      });
    else await nextTurn(undefined, { signal });
  }
  look(): void {
    for (const go of this.#looks.splice(0)) go();
  }
}

/** Two real disks and an index. */
async function bench(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'swarmbox-drain-'));
  const [a, b] = [mkdtempSync(join(folder, 'a')), mkdtempSync(join(folder, 'b'))];
  const index = Index.open(join(folder, 'index.db'), silentLog);
  const store = await Store.open(
    { disks: [{ path: a }], probeBytes: 0, cacheBytes: 0, floorBytes: 0, hashWorkers: 1 },
    FramedPiece,
    silentLog,
  );
  const clock = new QuickClock();
  const kept: string[][] = [];
  const world = {
    clock,
    store,
    index,
    living: () => undefined,
    keep: async (paths: readonly string[]) => void kept.push([...paths]),
  };
  const drainer = new Drainer([], world, silentLog);
  t.after(async () => {
    await drainer.close();
    await store.close();
    index.close();
    rmSync(folder, { recursive: true });
  });
  const put = async (pieces: number, isKnown = true): Promise<Torrent> => {
    const torrent = oneFileTorrent(pieces * BLOCK_BYTES - 1, BLOCK_BYTES);
    const { meta } = torrent;
    const have = new Bitfield(pieces);
    for (let piece = 0; piece < pieces; piece++) {
      const accepted = await store.task(shapeOf(meta)).accept(pieceOf(torrent, piece));
      assert.equal(accepted.kind, 'durable');
      have.set(piece);
    }
    if (!isKnown) return torrent;
    index.putTask({ infoHash: meta.infoHash, addedAtMs: 1e12 });
    keepMetainfo(index, meta);
    index.setHave(meta.infoHash, have.bytes);
    return torrent;
  };
  const until = async (done: () => boolean): Promise<void> => {
    for (let turns = 0; !done(); turns++) {
      assert.ok(turns < 1e6, 'it never came to that');
      await nextTurn();
    }
  };
  return { a, b, index, store, clock, kept, drainer, put, until, world };
}

test('a disk is emptied onto the other one, and what moved is served from there', async (t) => {
  const { a, b, store, drainer, put, until, kept } = await bench(t);
  const torrents = [await put(4), await put(9), await put(1)];
  await store.addDisk({ path: b });
  const begun = await drainer.drain(a);
  assert.deepEqual([begun?.state, kept], ['draining', [[a]]]);
  const bytes = torrents.reduce((sum, { meta }) => sum + meta.totalBytes, 0);
  await until(() => drainer.views()[0]?.movedBytes === bytes);
  assert.deepEqual(drainer.views(), [{ path: a, movedBytes: bytes, leftBytes: 0, state: 'empty' }]);
  for (const { meta } of torrents) {
    assert.equal(store.home(meta.infoHash), b);
    for (let piece = 0; piece < meta.pieceCount; piece++)
      assert.equal((await store.task(shapeOf(meta)).read(piece)).kind, 'ok');
  }
  const later = await put(2);
  assert.equal(store.home(later.meta.infoHash), b, 'nothing new comes');
});

test('what finds no room stays, is told of, and moves when there is a disk for it', async (t) => {
  const { a, b, store, clock, drainer, put, until } = await bench(t);
  const torrent = await put(6);
  await drainer.drain(a);
  await until(() => (drainer.views()[0]?.leftBytes ?? 0) > 0);
  const [view] = drainer.views();
  assert.equal(view?.state, 'draining');
  assert.ok((view?.leftBytes ?? 0) >= torrent.meta.totalBytes);
  assert.equal((await store.task(shapeOf(torrent.meta)).read(5)).kind, 'ok', 'served meanwhile');
  await store.addDisk({ path: b });
  await nextTurn();
  clock.look();
  await until(() => drainer.views()[0]?.state === 'empty');
});

test('a torrent that nobody knows stays; a disk that is no more drained, or taken out, is as any other', async (t) => {
  const { a, b, store, clock, drainer, put, until, kept, world } = await bench(t);
  const { meta } = await put(3, false);
  await store.addDisk({ path: b });
  assert.equal(await drainer.drain('/no/such/disk'), undefined);
  await drainer.drain(a);
  await until(() => (drainer.views()[0]?.leftBytes ?? 0) > 0);
  assert.equal(store.home(meta.infoHash), a);
  const after = new Drainer([a], world, silentLog);
  assert.deepEqual(
    after.views().map(({ path }) => path),
    [a],
    'a restart goes on with it',
  );
  await after.close();
  assert.equal(await drainer.undrain(a), true);
  assert.equal(await drainer.undrain(a), false);
  assert.deepEqual([drainer.views(), kept.at(-1)], [[], []]);
  await store.removeDisk(b);
  assert.equal(store.home((await put(1)).meta.infoHash), a);
  await store.addDisk({ path: b });
  await drainer.drain(b);
  await store.removeDisk(b);
  clock.look();
  await until(() => drainer.views().length === 0);
});

test('no more is moved than the rate allows', async (t) => {
  const { a, b, store, clock, drainer, put, until } = await bench(t);
  await put(8);
  await store.addDisk({ path: b });
  await drainer.drain(a);
  await until(() => drainer.views()[0]?.state === 'empty');
  const waits = clock.slept.filter((ms) => ms !== LIMITS.drainLookMs && ms !== LIMITS.drainYieldMs);
  const least = (1_000 * (8 * BLOCK_BYTES - 1)) / LIMITS.drainBytesPerS;
  assert.ok(Math.abs(waits.reduce((sum, ms) => sum + ms, 0) - least) < 1e-6, `${waits}`);
});
