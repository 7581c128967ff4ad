/** Who opted out, and what the operator wants left alone, goes over the bridge as if the box were not there. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ExplainView } from '#admin/contract.ts';
import { pcIp, seedIp } from '../scripts/cafe/topology.ts';
import type { Cafe } from '../scripts/cafe/world.ts';
import { divertedFrames, inCafe, options, snapshot } from './box-fixtures.ts';

const LIMIT_S = 90;

async function fetchOn(cafe: Cafe, pc: number): Promise<void> {
  const download = await cafe.download(pc, 'aria2');
  await download.complete(LIMIT_S);
  assert.deepEqual(await download.wrongFiles(), []);
  await download.remove();
}

test(
  'nothing is learned or steered of a client that opted out, nor to an endpoint that is never steered',
  options,
  () =>
    inCafe(
      'opt-out',
      { sizeMib: 2, wanMbit: 100, clients: ['aria2', 'aria2'], seeders: ['libtorrent'] },
      async (cafe) => {
        const localPeer = { enabled: false, port: 6881 };
        await cafe.daemon.start({ localPeer, optOut: [`${pcIp(1)}/32`] });
        await fetchOn(cafe, 1);
        const { steering, tasks } = await snapshot(cafe);
        assert.deepEqual([steering.endpoints, steering.recent, tasks], [0, [], []]);
        assert.equal(await divertedFrames(cafe), 0);
        const [told] = (await cafe.daemon.get(
          `/api/explain?client=${pcIp(1)}&endpoint=${seedIp(1)}:6881`,
        )) as ExplainView[];
        assert.deepEqual([told?.verdict, told?.why], ['passed', 'opted-out']);
        await fetchOn(cafe, 2);
        assert.ok((await divertedFrames(cafe)) > 0, 'another client is served');
        await cafe.daemon.stop();

        // The tracker names the seeder, and the router, behind which the PCs are.
        await cafe.daemon.start({ localPeer, neverSteer: ['203.0.113.0/24', '192.0.2.2'] });
        await fetchOn(cafe, 1);
        assert.equal(await divertedFrames(cafe), 0);
        assert.equal((await snapshot(cafe)).steering.endpoints, 0);
      },
    ),
);
