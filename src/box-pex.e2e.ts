/** Peer exchange (BEP 11) with a real peer: who has nothing yet names the one who has it all, and the box fetches from that one. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { endpointKey } from '#base/endpoint.ts';
import { until } from '../scripts/cafe/servers.ts';
import { pcIp, SERVER_IP, seedIp } from '../scripts/cafe/topology.ts';
import type { Cafe } from '../scripts/cafe/world.ts';
import { inCafe, naming, options, outside, snapshot, task, tracker, withTracker } from './box-fixtures.ts';

const LIMIT_S = 90;
/** libtorrent dials a peer that did not answer again after a minute. */
const REDIAL_MS = 120_000;
const TRACKER = { ip: SERVER_IP, port: 6970 };
const WHOLE = { ip: seedIp(1), port: 6881 };
const SLOW = { ip: seedIp(2), port: 6881 };
/** Nothing but trackers and peers tells of peers. */
const PEERS_ONLY = { dht: false, lsd: false, utp: false } as const;
/** What comes to the slow one, of 14 MiB: nearly nothing in the time of the test. */
const SLOW_LINE = 'tc qdisc add dev seed2 root tbf rate 128kbit burst 16kb latency 100ms';

/** One machine has the torrent, the other is connected to it and gets next to nothing. */
async function swarm(cafe: Cafe): Promise<void> {
  const { torrentPath: source, dir } = cafe.payload;
  await cafe.killSeeders();
  await cafe.topology.inet.run(SLOW_LINE.split(' '));
  // Dialled before it has looked at its files it would hang up.
  await (await outside(cafe, 1, { source, dir, seed: true, ways: PEERS_ONLY })).done;
  const slow = await outside(cafe, 2, { source, dir: join(cafe.dir, 'slow'), seed: false, ways: PEERS_ONLY });
  await until('the two are connected', async () => slow.progress().rateBytesPerS > 0, REDIAL_MS, slow.child);
}

test('a peer that only another peer names is fetched from, and steered', options, () =>
  inCafe(
    'pex',
    {
      sizeMib: 14,
      // The download outlasts by far what a client needs to be told, and to dial.
      wanMbit: 6,
      clients: ['libtorrent', 'libtorrent'],
      seeders: ['libtorrent', 'libtorrent'],
      daemonConfig: { localPeer: { enabled: false, port: 6881 } },
    },
    async (cafe) => {
      await swarm(cafe);
      await cafe.daemon.start();
      await tracker(cafe, cafe.topology.inet, TRACKER, { '/announce': naming(SLOW) });
      const source = await withTracker(cafe, `http://${endpointKey(TRACKER)}/announce`, 'slow');
      const first = await cafe.download(1, 'libtorrent', { source, ways: PEERS_ONLY });
      const isOrigin = async () =>
        (await task(cafe))?.origins.some((o) => o.endpoint === endpointKey(WHOLE) && o.state === 'up') === true;
      await until('the box is connected to the one that nobody named to it', isOrigin, REDIAL_MS);
      // The first may have been told of the swarm a moment too early, and would hear the rest in a minute.
      const second = await cafe.download(2, 'libtorrent', { source, ways: PEERS_ONLY });
      for (const download of [first, second]) {
        await download.complete(LIMIT_S);
        assert.deepEqual(await download.wrongFiles(), []);
      }

      const { steering, totals } = await snapshot(cafe);
      const told = steering.recent.filter((v) => v.endpoint === endpointKey(WHOLE)).reverse();
      const said = told.map((v) => `${v.client ?? 'everybody'}: ${v.verdict} ${v.why}`);
      assert.ok(
        told.some((v) => v.client === pcIp(2) && v.verdict === 'steered'),
        `the box heard of it, and told the client: ${said.join(', ')}`,
      );
      assert.ok(totals.filledBytes >= 0.95 * cafe.payload.totalBytes, `the box fetched ${totals.filledBytes} bytes`);
      assert.ok(totals.servedBytes >= 2 * 0.95 * cafe.payload.totalBytes, `the box gave ${totals.servedBytes} bytes`);
    },
  ),
);
