import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { startAdmin } from '#admin/fixtures.ts';
import { machineRoutes } from '#admin/routes/machine-routes.ts';
import { Bitfield } from '#base/bitfield.ts';
import { realClock } from '#base/clock.ts';
import { silentLog } from '#base/log.ts';
import { Scope } from '#base/scope.ts';
import { BLOCK_BYTES, MIB } from '#base/units.ts';
import { Index } from '#index/index.ts';
import { Loop, noLoops, temporaryFolder } from '#machine/fixtures.ts';
import { MACHINE_LIMITS } from '#machine/limits.ts';
import { pieceOf } from '#manager/fixtures.ts';
import { keepMetainfo } from '#manager/kept-metainfo.ts';
import { Store } from '#store/store.ts';
import { FramedPiece } from '#wire/framed-piece.ts';
import { oneFileTorrent } from '#wire/made-torrent.ts';
import { shapeOf } from '#wire/piece-shape.ts';
import type { Config } from './config.ts';
import { changeDisks, diskPlaces } from './disk-settings.ts';
import { machineParts, mountDisks } from './machine-parts.ts';

/** A box of real disks, a real index and real HTTP, that serves nobody. */
async function startBox(dataDir: string, settings: { disks: readonly string[] }) {
  const scope = new Scope((error) => assert.fail(String(error)));
  const config = { lan: 'lan0', wan: 'wan0', bridge: 'br0', dataDir } as Config;
  const asSet = (): Config => ({ ...config, disks: settings.disks });
  const index = Index.open(join(dataDir, 'swarmbox.db'), silentLog);
  const mounted = await mountDisks(config, realClock, silentLog, scope);
  const disks = diskPlaces(asSet(), index, (path) => mounted.mounts.idAt(path));
  const store = await Store.open(
    { disks, probeBytes: 0, cacheBytes: 0, floorBytes: 0, hashWorkers: 1 },
    FramedPiece,
    silentLog,
  );
  const machine = await machineParts(
    config,
    mounted,
    {
      clock: realClock,
      version: '0.1.0',
      store,
      index,
      living: () => undefined,
      disks: () => settings.disks,
      changeDisks: async (paths) => {
        settings.disks = paths;
        await changeDisks(asSet(), index, store, silentLog);
        return undefined;
      },
      end: () => {},
    },
    silentLog,
    scope,
  );
  const { url, close } = await startAdmin({
    routes: machineRoutes(machine),
    doors: {
      asker: ({ address, via }) => ({ kind: 'token', name: 'script', right: 'administer', address, via }),
      csrfHolds: () => true,
      mayStay: () => true,
      audit: () => {},
    },
  });
  const ask = async (method: string, path: string, body?: unknown) => {
    const sent = body === undefined ? {} : { body: JSON.stringify(body) };
    const answer = await fetch(`${url}${path}`, { method, headers: { 'content-type': 'application/json' }, ...sent });
    return { status: answer.status, json: (await answer.json()) as never };
  };
  const stop = async () => {
    await close();
    await scope.close();
    await store.close();
    index.close();
  };
  return { ask, index, store, mounted, stop };
}

/** Sparse: it takes what mkfs writes. */
const DISK_BYTES = MACHINE_LIMITS.leastDiskBytes + 64 * MIB;

test('a disk is formatted, adopted, filled from the data folder, lost with the index, and found again', {
  skip: noLoops(),
}, async (t: TestContext) => {
  using folder = temporaryFolder();
  using loop = new Loop(DISK_BYTES);
  const settings: { disks: readonly string[] } = { disks: [] };
  const box = await startBox(folder.path, settings);
  let running = box;
  t.after(() => running.stop());
  const torrent = oneFileTorrent(9 * BLOCK_BYTES - 5, BLOCK_BYTES);
  const { meta } = torrent;
  const have = new Bitfield(meta.pieceCount);
  for (let piece = 0; piece < meta.pieceCount; piece++) {
    await box.store.task(shapeOf(meta)).accept(pieceOf(torrent, piece));
    have.set(piece);
  }
  await box.store.task(shapeOf(meta)).writeMetainfo(meta.infoBytes);
  box.index.putTask({ infoHash: meta.infoHash, addedAtMs: 1e12 });
  keepMetainfo(box.index, meta);
  box.index.setHave(meta.infoHash, have.bytes);

  const { json: seen } = await box.ask('GET', '/api/disks/candidates');
  const row = (seen as { disks: { device: string; can: string }[] }).disks.find((d) => d.device === loop.device);
  assert.equal(row?.can, 'format');
  const { json: adopted } = await box.ask('POST', '/api/disks', {
    device: loop.device,
    format: true,
    typed: loop.device,
  });
  const { path } = adopted as { path: string };
  assert.deepEqual(settings.disks, [folder.path, path]);
  assert.equal(box.store.home(meta.infoHash), folder.path, 'what lay in the data folder is served');
  assert.equal((await box.ask('POST', '/api/disks/drain', { path: folder.path })).status, 200);
  const state = async () =>
    ((await box.ask('GET', '/api/disks/drains')).json as { drains: { state: string }[] }).drains[0]?.state;
  for (let i = 0; i < 500 && (await state()) !== 'empty'; i++) await sleep(20);
  assert.equal(box.store.home(meta.infoHash), path);
  const id = box.store.disks().find((disk) => disk.path === path)?.id;
  assert.equal(box.mounted.mounts.idAt(path), id);
  await box.stop();
  running = { ...box, stop: async () => {} };

  // The index is lost, and so is the mount: as after a restart of the machine.
  execFileSync('umount', [join(path, '..')]);
  assert.ok(!existsSync(path));
  for (const name of ['swarmbox.db', 'swarmbox.db-wal', 'swarmbox.db-shm'])
    rmSync(join(folder.path, name), { force: true });
  const again = await startBox(folder.path, settings);
  running = again;
  assert.equal(again.store.home(meta.infoHash), path);
  for (let piece = 0; piece < meta.pieceCount; piece++)
    assert.equal((await again.store.task(shapeOf(meta)).read(piece)).kind, 'ok');
  const { json: drains } = await again.ask('GET', '/api/disks/drains');
  assert.deepEqual(
    (drains as { drains: { path: string }[] }).drains.map((d) => d.path),
    [folder.path],
  );
  assert.equal((await again.ask('POST', '/api/disks/undrain', { path: folder.path })).status, 200);
  assert.equal((await again.ask('POST', '/api/disks/remove', { path })).status, 200);
  assert.deepEqual(settings.disks, [folder.path]);
  assert.ok(!existsSync(path), 'it is not mounted any more');
  assert.equal((await again.ask('POST', '/api/disks/remove', { path: folder.path })).status, 409);
  await again.stop();
  running = { ...again, stop: async () => {} };
});
