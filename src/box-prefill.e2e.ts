/** A torrent that the operator drops into the box's folder: fetched in its hours with nobody there, and then nobody needs the line for it. */
import assert from 'node:assert/strict';
import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { DHT_NODES, DHT_PORT } from '../scripts/cafe/dht.ts';
import { TRACKER_URLS, until } from '../scripts/cafe/servers.ts';
import type { Cafe } from '../scripts/cafe/world.ts';
import { holds, inCafe, logged, options, snapshot, wanDuring } from './box-fixtures.ts';

const PIECE_BYTES = 256 * 1024;
const OPEN = { prefill: { hours: [{ from: '00:00', to: '24:00' }] }, uplink: { mbps: 10 } };
const LIMIT_S = 60;

/** Hours that are over, or far away. */
function shut(): { prefill: object } {
  const hour = (new Date().getHours() + 12) % 24;
  const time = (h: number) => `${String(h % 24).padStart(2, '0')}:00`;
  return { prefill: { hours: [{ from: time(hour), to: time(hour + 1) }] } };
}

/** The file as it is, and this over it; then SIGHUP. */
async function reconfigure(cafe: Cafe, over: object): Promise<void> {
  const path = join(cafe.dir, 'box/config.json');
  const file = JSON.parse(await readFile(path, 'utf8')) as object;
  await writeFile(path, JSON.stringify({ ...file, ...over }));
  process.kill(cafe.daemon.pid as number, 'SIGHUP');
}

const orders = async (cafe: Cafe) => (await snapshot(cafe)).prefill?.orders ?? [];
const reads = (cafe: Cafe, folder: string) => readdir(join(cafe.daemon.dataDir, 'prefill', folder));

async function droppedByDay(cafe: Cafe): Promise<void> {
  const folder = join(cafe.daemon.dataDir, 'prefill');
  await until('the folder', async () => (await readdir(folder).catch(() => [])).length === 2, 10_000);
  await copyFile(cafe.payload.torrentPath, join(folder, '明天的补丁.torrent'));
  await writeFile(join(folder, 'broken.torrent'), 'no torrent');
  await until('it is taken', async () => (await reads(cafe, 'taken')).includes('明天的补丁.torrent'), 15_000);
  const wan = await wanDuring(cafe, () => sleep(8_000));
  assert.ok(wan < PIECE_BYTES, `${wan} bytes came in by day`);
  const [order] = await orders(cafe);
  assert.deepEqual([order?.infoHash, order?.why], [cafe.payload.infoHash, 'window-shut']);
}

async function fetchedByNight(cafe: Cafe): Promise<void> {
  await reconfigure(cafe, OPEN);
  await holds(cafe, 0.3);
  const [begun] = await orders(cafe);
  assert.equal(begun?.why, 'prefill');
  assert.ok((begun.haveBytes ?? 0) < cafe.payload.totalBytes, 'something is still to be fetched');
  assert.equal((await cafe.daemon.stop())?.code, 0);
  await cafe.daemon.start(OPEN);
  await until('it is whole', async () => (await orders(cafe))[0]?.why === 'whole', LIMIT_S * 1000);
  const { uplink, totals } = await snapshot(cafe);
  const { totalBytes } = cafe.payload;
  assert.ok(totals.filledBytes <= totalBytes + PIECE_BYTES, `the box fetched ${totals.filledBytes} of ${totalBytes}`);
  assert.equal(totals.servedBytes, 0);
  assert.ok((uplink?.dayPrefillBytes ?? 0) >= totalBytes - PIECE_BYTES, 'it counts as pre-filled');
}

async function badFileChangesNothing(cafe: Cafe): Promise<void> {
  await reconfigure(cafe, { uplink: { mbps: 'fast' } });
  const told = async () => (await logged(cafe, 'cannot use the new configuration')).at(-1);
  await until('the mistake is told', async () => (await told()) !== undefined, 10_000);
  assert.match(String((await told())?.why), /"uplink" must be an object whose "mbps" is a number of Mbit\/s/);
  assert.equal((await snapshot(cafe)).uplink?.allowedBytesPerS, (OPEN.uplink.mbps * 1e6) / 8);
}

test(
  'a torrent dropped by day is fetched at night across a restart, and then served to a client without the line',
  options,
  (t) =>
    inCafe(
      'prefill',
      { sizeMib: 8, pieceKib: 256, wanMbit: 20, clients: ['libtorrent'], seeders: ['libtorrent'] },
      async (cafe) => {
        await cafe.daemon.start(shut());
        await droppedByDay(cafe);
        await fetchedByNight(cafe);
        await badFileChangesNothing(cafe);
        const wan = await wanDuring(cafe, async () => {
          const client = await cafe.download(1, 'libtorrent');
          await client.complete(LIMIT_S);
          assert.deepEqual(await client.wrongFiles(), []);
        });
        t.diagnostic(JSON.stringify({ totalBytes: cafe.payload.totalBytes, wan }));
        assert.ok(wan < 0.05 * cafe.payload.totalBytes, `${wan} bytes came in for what was pre-filled`);
        assert.deepEqual((await reads(cafe, 'refused')).sort(), ['broken.torrent', 'broken.torrent.why']);
        assert.equal((await cafe.daemon.stop())?.code, 0);
      },
    ),
);

const bootstrap = DHT_NODES.ipv4.slice(0, 3).map((ip) => `${ip}:${DHT_PORT}`);
const links = [
  { what: 'with a tracker and a v2 name', extras: { version: 'v2' }, trackers: [TRACKER_URLS.http] },
  { what: 'with neither a tracker nor anybody on the LAN', extras: { dht: true }, trackers: [] },
] as const;
for (const { what, extras, trackers } of links)
  test(`a link ${what} is enough`, options, () =>
    inCafe(
      'prelink',
      {
        sizeMib: 4,
        wanMbit: 20,
        clients: ['libtorrent'],
        seeders: ['libtorrent'],
        extras,
        daemonConfig: { dht: { bootstrap }, ...OPEN },
      },
      async (cafe) => {
        const folder = join(cafe.daemon.dataDir, 'prefill');
        await mkdir(folder, { recursive: true });
        await writeFile(join(folder, '课程.magnet'), `# 周一\r\n${cafe.magnetWith(trackers)}\r\n`);
        await cafe.daemon.start();
        await until('it is whole', async () => (await orders(cafe))[0]?.why === 'whole', LIMIT_S * 1000);
        const [order] = await orders(cafe);
        assert.deepEqual([order?.name, order?.totalBytes], [cafe.payload.name, cafe.payload.totalBytes]);
        assert.equal((await cafe.daemon.stop())?.code, 0);
      },
    ),
  );
