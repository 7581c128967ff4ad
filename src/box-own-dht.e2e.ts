/** The box's own DHT node among real ones: it finds the swarm of a torrent that it holds in part, when nobody else can tell. */
import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { DHT_NODES, DHT_PORT } from '../scripts/cafe/dht.ts';
import { holds, inCafe, infoHashOfCafe, logged, options, snapshot, task } from './box-fixtures.ts';

const LIMIT_S = 120;
const bootstrap = DHT_NODES.ipv4.slice(0, 3).map((ip) => `${ip}:${DHT_PORT}`);

test('what the box has in part it completes from peers that only the DHT names', options, () =>
  inCafe(
    'dht',
    {
      sizeMib: 6,
      wanMbit: 8,
      clients: ['libtorrent', 'libtorrent'],
      extras: { dht: true, isolatePcs: true },
      daemonConfig: { dht: { bootstrap } },
    },
    async (cafe) => {
      await cafe.daemon.start();
      const begun = await cafe.download(1, 'libtorrent');
      await holds(cafe, 0.2);
      await begun.client.kill();
      await cafe.daemon.stop();
      // With its index the box forgets every peer and tracker; what lies on the disk it knows again.
      for (const end of ['', '-wal', '-shm']) await rm(join(cafe.daemon.dataDir, `swarmbox.db${end}`), { force: true });
      await cafe.daemon.start();
      await holds(cafe, 0.1);
      const before = (await task(cafe))?.haveBytes ?? 0;
      assert.ok(before < cafe.payload.totalBytes, 'something is still to be fetched');

      const source = await cafe.torrentWith('lsd', []);
      const rest = await cafe.download(2, 'libtorrent', { source, ways: { lsd: true, dht: false, utp: false } });
      await rest.complete(LIMIT_S);
      assert.deepEqual(await rest.wrongFiles(), []);
      assert.ok((await logged(cafe, 'dht')).some((line) => line.what === 'looks peers up'));
      const whole = (await snapshot(cafe)).tasks.find((t) => t.infoHash === infoHashOfCafe(cafe));
      assert.equal(whole?.state, 'complete');
      assert.equal((await cafe.daemon.stop())?.code, 0);
    },
  ),
);
