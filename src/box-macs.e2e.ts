/** An address may come to another machine, and a router may be replaced: the box answers the MACs that are there now. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HTTP_URL, TRACKER_URLS6 } from '../scripts/cafe/servers.ts';
import { inCafe, options, snapshot } from './box-fixtures.ts';

const LIMIT_S = 60;
const extras = { pcFamilies: [['ipv4'], ['ipv6']], tracker6: true } as const;
/** The kernel looks again at a pair of MACs that it knows after two seconds; at another pair at once. */
const NEW_PC = '02:00:00:00:00:77';
const NEW_ROUTER = '02:00:00:00:00:78';

test('a new network card and a new router are served as the old ones were, IPv4 and IPv6', options, () =>
  inCafe(
    'macs',
    { sizeMib: 4, wanMbit: 20, seeders: ['libtorrent'], clients: ['libtorrent', 'libtorrent'], extras },
    async (cafe) => {
      await cafe.daemon.start();
      const { router } = cafe.topology;
      const sources = [cafe.payload.torrentPath, await cafe.torrentWith('ipv6', [TRACKER_URLS6.http])];
      // Both PCs have opened connections: their MACs and the router's are known.
      assert.ok((await cafe.probe(1, 'http', HTTP_URL)).ok);
      assert.ok((await cafe.probe(2, 'http', TRACKER_URLS6.http)).ms >= 0);
      const learned = await cafe.topology.box.run(['nft', 'list', 'table', 'bridge', 'swarmbox_l2']);
      const macs = learned.match(/: ([0-9a-f]{2}:){5}[0-9a-f]{2}/g) ?? [];
      assert.equal(macs.length, 4, 'two MACs of each PC and of its router');

      await router.ip(`link set lan address ${NEW_ROUTER}`);
      for (const pc of [1, 2])
        await cafe.pc(pc).ip(`link set eth0 address ${NEW_PC.slice(0, -1)}${pc}`, 'neigh flush dev eth0');
      await router.ip('neigh flush dev lan');
      for (const [i, source] of sources.entries()) {
        const before = (await snapshot(cafe)).totals.servedBytes;
        const download = await cafe.download(i + 1, 'libtorrent', { source });
        await download.complete(LIMIT_S);
        assert.deepEqual(await download.wrongFiles(), []);
        await download.remove();
        const { totals } = await snapshot(cafe);
        assert.ok(
          totals.servedBytes - before >= 0.9 * cafe.payload.totalBytes,
          `PC ${i + 1}: ${totals.servedBytes - before}`,
        );
      }
    },
  ),
);
