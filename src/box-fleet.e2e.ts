/** The box as the relay of a site: a central and its broker in the internet, a terminal and a client that knows nothing of fleets behind the box. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { until } from '../scripts/cafe/servers.ts';
import { SERVER_IP } from '../scripts/cafe/topology.ts';
import type { Cafe } from '../scripts/cafe/world.ts';
import { Centre, SITE, SWARM_PORT, sha256, TRACKER } from './box-centre.ts';
import { inCafe, naming, options, snapshot, tracker } from './box-fixtures.ts';

const MIB = 1 << 20;
const LIMIT_MS = 120_000;
const ALWAYS = { prefill: { hours: [{ from: '00:00', to: '24:00' }] } };
const wanBytes = async (cafe: Cafe): Promise<number> => (await cafe.counters()).wanRxBytes;

/** How many bytes of the torrents on their way the box has. */
const taken = async (cafe: Cafe): Promise<number> => {
  const { tasks } = await cafe.daemon.snapshot();
  return Math.max(0, ...tasks.map(({ haveBytes, totalBytes }) => (haveBytes < totalBytes ? haveBytes : 0)));
};

/** By an ordinary client, which knows a tracker alone. */
async function byClient(cafe: Cafe, centre: Centre, pc: number, id: string, name: string): Promise<string> {
  const download = await cafe.download(pc, 'libtorrent', { source: await centre.torrent(id) });
  await download.complete(60);
  return sha256(await readFile(join(download.dir, name)));
}

test(
  'the box brings a distribution over the line once, for a terminal and for clients that know nothing of fleets',
  options,
  (t) =>
    inCafe(
      'fleet',
      { sizeMib: 1, wanMbit: 24, clients: ['libtorrent', 'libtorrent'], seeders: [], extras: { isolatePcs: true } },
      async (cafe) => {
        const centre = await Centre.start(cafe);
        await using _broker = centre.broker;
        await tracker(cafe, cafe.topology.inet, TRACKER, { '/announce': naming({ ip: SERVER_IP, port: SWARM_PORT }) });
        await cafe.daemon.start({ fleet: await centre.section(), ...ALWAYS });
        await centre.terminal(1);
        await until(
          'both are here',
          async () => (await centre.said()).nodes.filter((n) => n.online).length === 2,
          LIMIT_MS,
        );

        const small = await centre.publish('小.bin', 300_000);
        await centre.complete(small.id);
        assert.equal(await centre.has('小.bin'), small.sum);

        const before = await wanBytes(cafe);
        const large = await centre.publish('补丁.bin', 16 * MIB);
        await centre.complete(large.id);
        assert.equal(await centre.has('补丁.bin'), large.sum);
        assert.equal(await byClient(cafe, centre, 2, large.id, '补丁.bin'), large.sum);
        const copies = ((await wanBytes(cafe)) - before) / (16 * MIB);
        t.diagnostic(JSON.stringify({ copies }));
        assert.ok(copies < 1.12, `${copies} copies came over the line`);
        const joined = await snapshot(cafe);
        assert.ok((joined.uplink?.dayBytes ?? 0) >= 16 * MIB, 'the large one came by the manners of the line');
        assert.deepEqual(joined.fleet, { state: 'joined', name: 'box', site: SITE, whole: 2, taking: 0 });
        assert.deepEqual(
          joined.warnings.filter(({ code }) => code.startsWith('fleet')),
          [],
        );

        // A later revision of the same name, and a box that is killed in the middle of it.
        const again = await wanBytes(cafe);
        const later = await centre.publish('补丁.bin', 20 * MIB);
        await until('it is on its way', async () => (await taken(cafe)) > 3 * MIB, LIMIT_MS);
        await cafe.daemon.kill();
        await cafe.daemon.startAgain();
        await centre.complete(later.id);
        assert.equal(await centre.has('补丁.bin'), later.sum);
        const killed = ((await wanBytes(cafe)) - again) / (20 * MIB);
        t.diagnostic(JSON.stringify({ killed }));
        assert.ok(killed < 1.2, `${killed} copies came over the line of a box that was killed`);
        const replaced = await snapshot(cafe);
        assert.deepEqual(
          [replaced.fleet?.whole, replaced.fleet?.taking],
          [2, 0],
          'the earlier revision is wanted no more',
        );

        // Without a broker it is what it was: a cache, which has what came.
        await centre.broker.kill();
        await cafe.daemon.kill();
        await cafe.daemon.startAgain();
        const health = async () => (await cafe.daemon.command('GET', '/api/health')) as { ok: boolean; fleet?: string };
        await until('it steers', () => health().then(({ ok }) => ok, () => false), LIMIT_MS); // biome-ignore format: one line
        assert.equal((await health()).fleet, 'not-joined');
        assert.equal(await byClient(cafe, centre, 2, later.id, '补丁.bin'), later.sum);
        assert.equal((await cafe.daemon.stop())?.code, 0);
      },
    ),
);
