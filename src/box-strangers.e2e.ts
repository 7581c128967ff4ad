/** What is no BitTorrent crosses the box untouched, even where a tracker has named it as a peer. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { HTTP_PORT, HTTP_URL, httpFileSha1 } from '../scripts/cafe/servers.ts';
import { SERVER_IP } from '../scripts/cafe/topology.ts';
import type { Cafe } from '../scripts/cafe/world.ts';
import {
  divertedFrames,
  inCafe,
  infoHashOfCafe,
  naming,
  options,
  server,
  snapshot,
  stranger,
  tracker,
} from './box-fixtures.ts';
import { escapedHash } from './box-strangers.ts';

/** On the box's WAN side, before any address translation: a server here sees whom the client is. */
const BEYOND = '192.168.77.1';
const TRACKER = { ip: BEYOND, port: 6970 };
const BYTES = 300_000;

const ask = (cafe: Cafe): Promise<unknown> => {
  const path = `/announce?info_hash=${escapedHash(infoHashOfCafe(cafe))}&peer_id=-XX0000-123456789012&port=6999&left=0`;
  return stranger(cafe, cafe.pc(1), 'ask', { ...TRACKER, path, maxBytes: 10_000 });
};

async function verdicts(cafe: Cafe, endpoint: string): Promise<string[]> {
  return (await snapshot(cafe)).steering.recent.filter((v) => v.endpoint === endpoint).map((v) => v.verdict);
}

test(
  'an ordinary download is never steered; a service on a steered endpoint is spliced once, then passed',
  options,
  () =>
    inCafe('others', { sizeMib: 1, wanMbit: 50, clients: ['aria2'], seeders: ['aria2'] }, async (cafe) => {
      await cafe.daemon.start();
      const { router } = cafe.topology;

      const seen = await cafe.probe(1, 'http', HTTP_URL);
      assert.equal(seen.sha1, httpFileSha1());
      assert.equal(await divertedFrames(cafe), 0);
      assert.deepEqual(await verdicts(cafe, `${SERVER_IP}:${HTTP_PORT}`), []);
      assert.equal((await snapshot(cafe)).totals.passedBytes, 0);

      const services = [
        { ip: BEYOND, port: 7001, first: 'client' },
        { ip: BEYOND, port: 7002, first: 'server' },
      ] as const;
      const endpoints = [...services, { ip: SERVER_IP, port: HTTP_PORT }];
      await tracker(cafe, router, TRACKER, { '/announce': naming(...endpoints) });
      for (const service of services) await server(cafe, router, 'echo', service);
      await ask(cafe);

      for (const { ip, port, first } of services) {
        const endpoint = `${ip}:${port}`;
        assert.deepEqual(await verdicts(cafe, endpoint), ['learned']);
        const before = await divertedFrames(cafe);
        for (const round of ['spliced', 'passed'] as const) {
          const [talk] = await stranger(cafe, cafe.pc(1), 'talk', { ip, port, first, bytes: BYTES });
          assert.equal(talk?.same, true, `${round}, ${first} speaks first: every byte came back`);
          assert.match(String(talk?.me), /^192\.168\.77\.101:\d+$/);
          assert.equal(talk?.seen, talk?.me, `${round}: the server saw the client's own address and port`);
          if (round === 'spliced') assert.ok((await divertedFrames(cafe)) > before, 'the box had that one');
          await sleep(200); // the splice's last frames
          if (round === 'spliced') continue;
          assert.deepEqual(await verdicts(cafe, endpoint), ['spliced', 'learned'], 'one splice, and no verdict since');
        }
      }
      const diverted = await divertedFrames(cafe);
      for (const { ip, port, first } of services)
        assert.equal((await stranger(cafe, cafe.pc(1), 'talk', { ip, port, first, bytes: BYTES }))[0]?.same, true);
      assert.equal(await divertedFrames(cafe), diverted, 'the bridge carried both');
      const { passedBytes } = (await snapshot(cafe)).totals;
      assert.ok(passedBytes > 4 * BYTES && passedBytes < 4 * BYTES + 1_000, `spliced: ${passedBytes} bytes`);

      // A web server that a tracker names, as in a tracker's revenge: the first download is spliced, the next is bridged.
      for (const round of ['spliced', 'passed'])
        assert.equal((await cafe.probe(1, 'http', HTTP_URL)).sha1, httpFileSha1(), round);
      assert.deepEqual(await verdicts(cafe, `${SERVER_IP}:${HTTP_PORT}`), ['spliced', 'learned']);
      assert.equal((await cafe.daemon.stop())?.code, 0);
    }),
);
