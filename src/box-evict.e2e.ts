/** A box whose disk becomes full: what is asked for least goes, clients notice nothing, and what went is fetched again. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { makePayload, type Payload } from '../scripts/cafe/payload.ts';
import { scrape, TRACKER_URLS, until } from '../scripts/cafe/servers.ts';
import type { Cafe, CafeOptions } from '../scripts/cafe/world.ts';
import { LoopDisk } from '../scripts/disks/loop-disk.ts';
import { inCafe, logged, options, outside, snapshot, task, wanDuring } from './box-fixtures.ts';

const MIB = 1024 * 1024;
const LIMIT_S = 60;
/** Half of what the disk can hold, and more than half of that: the second torrent does not fit without the first one going. */
const DISK_BYTES = 256 * MIB;
const SIZE_MIB = 84;

const cafeWith = (disk: LoopDisk): CafeOptions => ({
  sizeMib: SIZE_MIB,
  wanMbit: 400,
  clients: ['libtorrent', 'libtorrent', 'libtorrent', 'libtorrent'],
  seeders: ['libtorrent', 'libtorrent'],
  daemonConfig: { disks: [disk.path], floorMiB: 8, cacheMiB: 8 },
});

/** Another torrent, which a seeder of the cafe has instead of the first. */
async function second(cafe: Cafe): Promise<Payload> {
  const dir = join(cafe.dir, 'second');
  await mkdir(dir);
  const trackers = Object.values(TRACKER_URLS);
  const payload = await makePayload({ dir, totalBytes: SIZE_MIB * MIB, pieceBytes: MIB, seed: 'another', trackers });
  await cafe.tracker.admit(payload.infoHash);
  const { child } = await outside(cafe, 1, { source: payload.torrentPath, dir, seed: true });
  const named = async () => (await scrape(cafe.topology.inet, TRACKER_URLS.http, payload.infoHash)) === 1;
  await until('the seeder of the second torrent', named, 20_000, child);
  return payload;
}

async function fetched(cafe: Cafe, pc: number, payload: Payload, limitS = LIMIT_S): Promise<void> {
  const download = await cafe.download(pc, 'libtorrent', { payload });
  await download.complete(limitS);
  assert.deepEqual(await download.wrongFiles(), [], `PC ${pc}`);
  await download.remove();
}

test('a full disk gives up what is asked for least, and no client is worse off', options, async () => {
  using disk = new LoopDisk(DISK_BYTES);
  await inCafe('evict', cafeWith(disk), async (cafe) => {
    await cafe.daemon.start();
    await fetched(cafe, 1, cafe.payload);
    const { infoHash, totalBytes } = cafe.payload;
    await until('the first torrent whole', async () => (await task(cafe))?.state === 'complete', 20_000);
    const other = await second(cafe);
    await fetched(cafe, 2, other);
    const evicted = async () => (await logged(cafe, 'evicted')).map((line) => line.infoHash);
    await until('room to be made', async () => (await evicted()).length > 0, 20_000);
    const [box] = (await snapshot(cafe)).disks;
    assert.ok(box && box.freeBytes > 0.3 * box.usableBytes, `${box?.freeBytes} of ${box?.usableBytes} are free`);

    // Whatever went, nobody gets a wrong byte, and who wants it has it.
    const wan = await wanDuring(cafe, async () => {
      await fetched(cafe, 3, other);
      await fetched(cafe, 4, cafe.payload);
    });
    assert.ok(wan > 0.2 * totalBytes, `only ${wan} bytes came in although something had gone`);
    assert.equal((await cafe.daemon.stop())?.code, 0);
    await cafe.daemon.start();
    assert.deepEqual(await logged(cafe, 'piece-rotted'), []);
    assert.deepEqual(await logged(cafe, 'piece not read'), [], 'no piece was promised that was not there');
    assert.ok(existsSync(join(disk.path, 'swarmbox', infoHash)));
  });
});

/** Of each client's, so that it lacks most of the torrent for most of a minute. */
const CLIENT_MBPS = 12;
const SLOW_LIMIT_S = 240;

test('what one slow client lacks goes for what two lack: it is told, and gets all the same', options, async () => {
  using disk = new LoopDisk(DISK_BYTES);
  await inCafe('evict-lacked', cafeWith(disk), async (cafe) => {
    await cafe.daemon.start();
    await fetched(cafe, 1, cafe.payload);
    const other = await second(cafe);
    assert.equal((await cafe.daemon.stop())?.code, 0);
    await cafe.daemon.start({ limits: { clientMbps: CLIENT_MBPS } });
    let isDone = false;
    const slow = fetched(cafe, 2, cafe.payload, SLOW_LIMIT_S).finally(() => {
      isDone = true;
    });
    await until('the slow client', async () => ((await task(cafe))?.clients.length ?? 0) > 0, 30_000);
    const both = Promise.all([3, 4].map((pc) => fetched(cafe, pc, other, SLOW_LIMIT_S)));
    const went = async () => (await logged(cafe, 'evicted')).filter((l) => l.infoHash === cafe.payload.infoHash);
    await until('something that the slow client lacks to go', async () => isDone || (await went()).length > 0, 60_000);
    assert.equal(isDone, false);
    await Promise.all([slow, both]);
    assert.deepEqual(await logged(cafe, 'piece not read'), [], 'no piece was promised that was not there');
    assert.deepEqual(await logged(cafe, 'evict-failed'), []);
  });
});
