/** More comes than the box bears, in the middle of a download: who is served stays so, who comes passes, and it is over by itself. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { announced, Crowd, setStage } from '../scripts/avalanche/stage.ts';
import { until } from '../scripts/cafe/servers.ts';
import { pcIp, seedIp } from '../scripts/cafe/topology.ts';
import type { Cafe } from '../scripts/cafe/world.ts';
import { inCafe, logged, options, snapshot } from './box-fixtures.ts';

const LIMIT_S = 40;
/** So that the first client is still there when the second is done: 8 MiB take it twenty seconds. */
const CLIENT_MBPS = 3;

/** Flows of this PC that the box took. */
async function steeredOf(cafe: Cafe, pc: number): Promise<number> {
  const { recent } = (await snapshot(cafe)).steering;
  return recent.filter((v) => v.verdict === 'steered' && v.client?.startsWith(pcIp(pc))).length;
}

const steers = (cafe: Cafe, isSteering: boolean): Promise<void> =>
  until(
    isSteering ? 'steering' : 'no steering',
    async () => ((await snapshot(cafe)).steering.state === 'armed') === isSteering,
    LIMIT_S * 1_000,
  );

test(
  'a box that has as many clients as it bears stays out of the way of the next, and takes new ones again by itself',
  options,
  () =>
    inCafe(
      'overload',
      {
        sizeMib: 8,
        wanMbit: 50,
        clients: ['aria2', 'aria2', 'libtorrent'],
        seeders: ['libtorrent'],
        daemonConfig: { clients: 1, limits: { clientMbps: CLIENT_MBPS }, localPeer: { enabled: false } },
      },
      async (cafe) => {
        await cafe.daemon.start();
        const first = await cafe.download(1, 'aria2');
        await steers(cafe, false);
        const { steering, warnings } = await snapshot(cafe);
        assert.equal(steering.why, 'overload');
        const warning = warnings.find(({ code }) => code === 'overload');
        assert.ok(warning?.sinceMs);

        const second = await cafe.download(2, 'aria2');
        await second.complete(LIMIT_S);
        assert.deepEqual(await second.wrongFiles(), []);
        assert.equal(await steeredOf(cafe, 2), 0, 'it had its peers to itself');
        const told = (await snapshot(cafe)).warnings.find(({ code }) => code === 'overload');
        assert.ok(Number(told?.detail?.passed) > 0, 'the box tells of the flows that passed');

        const letGo = (await logged(cafe, 'client left')).filter(({ why }) => why !== 'the client closed');
        assert.deepEqual(letGo, [], 'nobody is let go');
        await first.complete(LIMIT_S);
        assert.deepEqual(await first.wrongFiles(), []);
        assert.ok((await steeredOf(cafe, 1)) > 0);

        await steers(cafe, true);
        assert.deepEqual(
          (await snapshot(cafe)).warnings.filter(({ code }) => code === 'overload'),
          [],
        );
        const third = await cafe.download(3, 'libtorrent');
        await third.complete(LIMIT_S);
        assert.deepEqual(await third.wrongFiles(), []);
        assert.ok((await steeredOf(cafe, 3)) > 0, 'new clients are served again');
      },
    ),
);

const CROWD = { clients: 400, seconds: 0.4, borne: 100, answeredWithinMs: 20_000 } as const;
/** Flows that are diverted while the word how many may be is on its way to the kernel. */
const ON_THE_WAY = 30;

test(
  'of a crowd that comes at once as many are served as the box bears, and the others have their peers to themselves',
  options,
  () =>
    inCafe(
      'crowd',
      {
        sizeMib: 1,
        wanMbit: 50,
        clients: ['aria2'],
        seeders: ['libtorrent'],
        daemonConfig: { clients: CROWD.borne, localPeer: { enabled: false } },
      },
      async (cafe) => {
        await cafe.daemon.start();
        const torrents = await setStage(cafe, 4);
        await announced(cafe, torrents);
        const crowd = new Crowd(cafe, torrents, CROWD.clients, CROWD.seconds);
        await crowd.here(CROWD.answeredWithinMs);
        const { byBox, byOrigin, refused } = crowd.fares;
        assert.deepEqual([byBox + byOrigin, refused], [CROWD.clients, 0]);
        assert.ok(byBox > 0 && byBox <= CROWD.borne, `${byBox} are served`);
        const spliced = (await logged(cafe, 'spliced')).length;
        assert.ok(spliced <= ON_THE_WAY, `${spliced} were spliced`);
        await crowd.go();
      },
    ),
);

/** SYNs reach the box, and it says nothing: as when the queue before its listener is full. */
const DEAF = `table ip deaf {
  chain in { type filter hook input priority 0; iifname "br0" tcp flags & (syn|ack) == syn drop; }
}`;

test('a connection that the box did not answer in time reaches its peer as soon as nothing is steered', options, () =>
  inCafe(
    'deaf',
    {
      sizeMib: 1,
      wanMbit: 50,
      clients: ['aria2', 'aria2'],
      seeders: ['libtorrent'],
      daemonConfig: { localPeer: { enabled: false } },
    },
    async (cafe) => {
      const { box } = cafe.topology;
      await cafe.daemon.start();
      await (await cafe.download(1, 'aria2')).complete(LIMIT_S);
      const { recent } = (await snapshot(cafe)).steering;
      const ip = seedIp(1);
      const seeder = recent.find(({ verdict, endpoint }) => verdict === 'steered' && endpoint.startsWith(`${ip}:`));
      const port = seeder?.endpoint.slice(ip.length + 1);
      assert.ok(port);
      await box.run(['nft', '-f', '-'], DEAF);
      const dialling = cafe.probe(2, 'connect', ip, port);
      const isDiverted = async () =>
        (await box.run(['nft', 'list', 'set', 'bridge', 'swarmbox', 'flows4'])).includes(pcIp(2));
      await until('the SYN at the box', isDiverted, 10_000);
      const pid = cafe.daemon.pid as number;
      process.kill(pid, 'SIGSTOP');
      try {
        const { ok, why } = await dialling;
        assert.ok(ok, `${why}`);
      } finally {
        process.kill(pid, 'SIGCONT');
      }
    },
  ),
);
