/** Several LAN subnets on one wire: the box has an address in one of them at most, and serves the clients of all. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pcIp } from '../scripts/cafe/topology.ts';
import { inCafe, options, snapshot, wanDuring } from './box-fixtures.ts';

const LIMIT_S = 90;

test('PCs of two subnets behind one bridge are served alike, from the same pieces', options, () => {
  const other = { net: '10.20.30' };
  const lans = [undefined, other, undefined, other];
  const clients = ['libtorrent', 'libtorrent', 'aria2', 'aria2'] as const;
  return inCafe('nets', { sizeMib: 4, wanMbit: 20, clients, lans }, async (cafe) => {
    await cafe.daemon.start();
    const { totalBytes } = cafe.payload;
    const wan = await wanDuring(cafe, async () => {
      // Cold in the second subnet, so that the box dials the seeders in the name of a client there.
      for (const pc of [2, 1, 4, 3]) {
        const served = (await snapshot(cafe)).totals.servedBytes;
        const download = await cafe.download(pc, clients[pc - 1] as (typeof clients)[number]);
        await download.complete(LIMIT_S);
        assert.deepEqual(await download.wrongFiles(), [], `PC ${pc}`);
        const { totals, steering } = await snapshot(cafe);
        assert.ok(totals.servedBytes - served >= totalBytes, `PC ${pc}: ${totals.servedBytes - served} bytes served`);
        const ip = pcIp(pc, lans[pc - 1]);
        assert.ok(
          steering.recent.some((v) => v.verdict === 'steered' && v.client?.startsWith(ip)),
          `PC ${pc} at ${ip} was steered`,
        );
      }
    });
    assert.ok(wan <= 1.3 * totalBytes, `${wan} bytes came in for four downloads of ${totalBytes}`);
  });
});
