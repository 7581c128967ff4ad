/** A disk is pulled out of a box that serves from it: clients go on, nothing is wrong, and the disk is used again when it is back. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { HTTP_URL, until } from '../scripts/cafe/servers.ts';
import type { Cafe } from '../scripts/cafe/world.ts';
import { LoopDisk } from '../scripts/disks/loop-disk.ts';
import { inCafe, options, snapshot, wanDuring } from './box-fixtures.ts';

const LIMIT_S = 90;
const DISK_BYTES = 256 * 1024 * 1024;
/** The box looks at its disks every five seconds. */
const NOTICED_MS = 15_000;

async function fetchOn(cafe: Cafe, pc: number): Promise<void> {
  const download = await cafe.download(pc, 'libtorrent');
  await download.complete(LIMIT_S);
  assert.deepEqual(await download.wrongFiles(), [], `PC ${pc}`);
  await download.remove();
}

const states = async (cafe: Cafe) => (await snapshot(cafe)).disks.map(({ state }) => state);

test('a disk is pulled out of a box that serves from it, and put back', options, async () => {
  using one = new LoopDisk(DISK_BYTES);
  using other = new LoopDisk(DISK_BYTES);
  const disks = [one, other];
  const daemonConfig = { disks: disks.map(({ path }) => path), floorMiB: 8, cacheMiB: 2 };
  const clients = ['libtorrent', 'libtorrent', 'libtorrent'] as const;
  await inCafe('disks', { sizeMib: 12, wanMbit: 20, clients, daemonConfig }, async (cafe) => {
    await cafe.daemon.start();
    assert.deepEqual(await states(cafe), ['good', 'good']);
    await fetchOn(cafe, 1);
    const { infoHash, totalBytes } = cafe.payload;
    const homes = disks.filter(({ path }) => existsSync(join(path, 'swarmbox', infoHash)));
    assert.equal(homes.length, 1);
    const [home] = homes as [LoopDisk];

    const second = fetchOn(cafe, 2);
    await sleep(100);
    const pid = cafe.daemon.pid as number;
    home.pullFrom(pid);
    await second;
    await until('the box to notice', async () => (await states(cafe)).includes('gone'), NOTICED_MS);
    assert.ok(
      (await snapshot(cafe)).warnings.some(({ code, detail }) => code === 'disk-gone' && detail?.path === home.path),
    );
    assert.ok((await cafe.probe(1, 'http', HTTP_URL)).ok, 'ordinary traffic');

    home.giveBackTo(pid);
    await until('the disk to be back', async () => !(await states(cafe)).includes('gone'), NOTICED_MS);
    const whole = async () => (await snapshot(cafe)).tasks.every(({ state }) => state === 'complete');
    await until('its pieces to be found', whole, NOTICED_MS);
    const wan = await wanDuring(cafe, () => fetchOn(cafe, 3));
    assert.ok(wan < 0.1 * totalBytes, `${wan} bytes came in for what lies on a disk`);
    assert.equal((await cafe.daemon.stop())?.code, 0);
  });
});
