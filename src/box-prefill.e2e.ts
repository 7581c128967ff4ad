/** A torrent that the operator drops into the box's folder: fetched in its hours with nobody there, and then nobody needs the line for it. */
import assert from 'node:assert/strict';
import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { DHT_NODES, DHT_PORT } from '../scripts/cafe/dht.ts';
import { makePayload } from '../scripts/cafe/payload.ts';
import { TRACKER_URLS, until } from '../scripts/cafe/servers.ts';
import type { Cafe } from '../scripts/cafe/world.ts';
import { holds, inCafe, logged, options, outside, snapshot, wanDuring } from './box-fixtures.ts';

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

type How = 'SIGTERM' | 'SIGKILL';

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

async function fetchedByNight(cafe: Cafe, how: How): Promise<void> {
  await reconfigure(cafe, OPEN);
  await holds(cafe, 0.3);
  const [begun] = await orders(cafe);
  assert.equal(begun?.why, 'prefill');
  assert.ok((begun.haveBytes ?? 0) < cafe.payload.totalBytes, 'something is still to be fetched');
  if (how === 'SIGKILL') await cafe.daemon.kill();
  else assert.equal((await cafe.daemon.stop())?.code, 0);
  await cafe.daemon.start(OPEN);
  await until('it is whole', async () => (await orders(cafe))[0]?.why === 'whole', LIMIT_S * 1000);
  const { uplink, totals } = await snapshot(cafe);
  const { totalBytes } = cafe.payload;
  assert.ok(totals.filledBytes <= totalBytes + PIECE_BYTES, `the box fetched ${totals.filledBytes} of ${totalBytes}`);
  assert.equal(totals.servedBytes, 0);
  // A killed box has forgotten some seconds of its books.
  const { dayBytes = 0, dayPrefillBytes = 0 } = uplink ?? {};
  assert.ok(dayPrefillBytes > 0 && dayPrefillBytes >= dayBytes - PIECE_BYTES, 'it counts as pre-filled');
}

async function badFileChangesNothing(cafe: Cafe): Promise<void> {
  await reconfigure(cafe, { uplink: { mbps: 'fast' } });
  const told = async () => (await logged(cafe, 'cannot use the new configuration')).at(-1);
  await until('the mistake is told', async () => (await told()) !== undefined, 10_000);
  assert.match(String((await told())?.why), /"uplink.mbps" must be a number of Mbit\/s/);
  assert.equal((await snapshot(cafe)).uplink?.allowedBytesPerS, (OPEN.uplink.mbps * 1e6) / 8);
}

for (const how of ['SIGTERM', 'SIGKILL'] as const)
  test(
    `a torrent dropped by day is fetched at night across a ${how}, and served to a client without the line`,
    options,
    (t) =>
      inCafe(
        'prefill',
        { sizeMib: 8, pieceKib: 256, wanMbit: 20, clients: ['libtorrent'], seeders: ['libtorrent'] },
        async (cafe) => {
          await cafe.daemon.start(shut());
          await droppedByDay(cafe);
          await fetchedByNight(cafe, how);
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

const OTHER_BYTES = 24 << 20;

/** Two torrents, each with a seeder of its own: the cafe's is being pre-filled, a client wants the other. */
async function clientBesidePrefill(cafe: Cafe): Promise<{ ordered: number; wanted: number }> {
  const dir = join(cafe.dir, 'other');
  const made = { dir, totalBytes: OTHER_BYTES, pieceBytes: PIECE_BYTES, seed: 'other', trackers: [TRACKER_URLS.http] };
  const other = await makePayload(made);
  await cafe.tracker.admit(other.infoHash);
  await cafe.killSeeders();
  await outside(cafe, 1, { source: cafe.payload.torrentPath, dir: cafe.payload.dir, seed: true });
  await outside(cafe, 2, { source: other.torrentPath, dir, seed: true });
  await mkdir(join(cafe.daemon.dataDir, 'prefill'), { recursive: true });
  await copyFile(cafe.payload.torrentPath, join(cafe.daemon.dataDir, 'prefill/a.torrent'));
  await cafe.daemon.start();
  const had = async (): Promise<{ ordered: number; wanted: number }> => {
    const { tasks } = await snapshot(cafe);
    const of = (infoHash: string) => tasks.find((t) => t.infoHash === infoHash)?.haveBytes ?? 0;
    return { ordered: of(cafe.payload.infoHash), wanted: of(other.infoHash) };
  };
  await until('it is begun', async () => (await had()).ordered > 8 * PIECE_BYTES, 30_000);
  const download = await cafe.download(1, 'libtorrent', { payload: other, source: other.torrentPath });
  const seen: { ordered: number; wanted: number }[] = [];
  const isWhole = async (): Promise<boolean> => {
    const now = await had();
    // What comes once the client has it all is no longer beside it.
    if (now.wanted > 0 && now.wanted < OTHER_BYTES) seen.push(now);
    return now.wanted === OTHER_BYTES;
  };
  await until('it has it all', isWhole, 90_000);
  const [first, last] = [seen[0], seen.at(-1)];
  assert.ok(first && last, 'it was seen while it came');
  await download.complete(LIMIT_S);
  assert.deepEqual(await download.wrongFiles(), []);
  return { ordered: last.ordered - first.ordered, wanted: last.wanted - first.wanted };
}

test('while a client fetches, what is being pre-filled hardly goes on', options, (t) =>
  inCafe(
    'prefirst',
    {
      sizeMib: 48,
      pieceKib: 256,
      wanMbit: 16,
      clients: ['libtorrent'],
      seeders: ['libtorrent', 'libtorrent'],
      daemonConfig: { prefill: OPEN.prefill },
    },
    async (cafe) => {
      const came = await clientBesidePrefill(cafe);
      t.diagnostic(JSON.stringify(came));
      assert.ok(came.ordered < came.wanted / 2, `${came.ordered} bytes came for nobody, ${came.wanted} for a client`);
    },
  ),
);
