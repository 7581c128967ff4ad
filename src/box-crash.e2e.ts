/** The box dies, hangs or is stopped: the bridge goes on as a wire, and nothing of the daemon is left in the kernel. */
import assert from 'node:assert/strict';
import { kill } from 'node:process';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { TRACKER_PORT, until } from '../scripts/cafe/servers.ts';
import { seedIp, TRACKER_IP } from '../scripts/cafe/topology.ts';
import type { Cafe } from '../scripts/cafe/world.ts';
import {
  holds,
  inCafe,
  infoHashOfCafe,
  type Line,
  options,
  snapshot,
  stranger,
  strangerAtWork,
  tables,
  task,
} from './box-fixtures.ts';
import { escapedHash } from './box-strangers.ts';

const PERSISTENT = ['table bridge swarmbox_l2'];
const SEEDER = { ip: seedIp(1), port: 6881 };
const BOX = '-SB0100-';
/** As it comes, libtorrent dials a peer that it lost again after a minute. */
const REDIAL_S = 8;
const ALONE_LIMIT_S = 120;

/** Greets the seeder's endpoint from a PC, ten times a second, and remembers who answered. */
class Greeter {
  readonly greetings: Line[] = [];

  constructor(cafe: Cafe, pc: number) {
    const o = { ...SEEDER, infoHash: infoHashOfCafe(cafe), everyMs: 100, times: 3_000 };
    strangerAtWork(cafe, cafe.pc(pc), 'greet', o, (line) => this.greetings.push(line));
  }

  /** The first greeting begun after `sinceMs` that `who` answered. */
  async answered(who: (peer: string) => boolean, sinceMs: number, limitMs: number): Promise<Line> {
    const find = () => this.greetings.find((g) => Number(g.startedAtMs) >= sinceMs && who(String(g.peer ?? '')));
    await until('an answer to a greeting', async () => find() !== undefined, limitMs);
    return find() as Line;
  }
}

const byBox = (peer: string): boolean => peer === BOX;
const bySeeder = (peer: string): boolean => peer.startsWith('-LT');

test('a hung daemon lets new connections pass until it comes round; a stopped one leaves nothing', options, () =>
  inCafe('hung', { sizeMib: 1, wanMbit: 50, clients: ['aria2'], seeders: ['libtorrent'] }, async (cafe) => {
    assert.deepEqual(await tables(cafe), PERSISTENT);
    await cafe.daemon.start();
    const path = `/announce?info_hash=${escapedHash(infoHashOfCafe(cafe))}&peer_id=-XX0000-123456789012&port=6999&left=0`;
    await stranger(cafe, cafe.pc(1), 'ask', { ip: TRACKER_IP, port: TRACKER_PORT, path, maxBytes: 10_000 });
    const greeter = new Greeter(cafe, 1);
    await greeter.answered(byBox, 0, 5_000);
    // libtorrent takes one connection from an address: while the box still fetches in the greeter's name, the greeter itself would be refused.
    const fetches = async () => (await task(cafe))?.origins.some(({ state }) => state === 'up' || state === 'dialling');
    await until('a box that has fetched all and hung up', async () => (await fetches()) === false, 30_000);

    const pid = cafe.daemon.pid as number;
    kill(pid, 'SIGSTOP');
    const hungAtMs = Date.now();
    const passed = await greeter.answered(bySeeder, hungAtMs, 6_000);
    assert.ok(
      Number(passed.startedAtMs) - hungAtMs < 3_500,
      `${Number(passed.startedAtMs) - hungAtMs} ms until a connection passed`,
    );
    await sleep(1_000);
    assert.ok(
      greeter.greetings.slice(-5).every((g) => bySeeder(String(g.peer))),
      'and all after it',
    );

    kill(pid, 'SIGCONT');
    await greeter.answered(byBox, Date.now(), 5_000);
    assert.equal((await snapshot(cafe)).steering.state, 'armed');

    assert.equal((await cafe.daemon.stop())?.code, 0);
    assert.deepEqual(await tables(cafe), PERSISTENT);
    await greeter.answered(bySeeder, Date.now(), 2_000);
  }),
);

test(
  'after kill -9 in the middle of a download connections pass at once, and the client finishes by itself',
  options,
  () =>
    inCafe(
      'crash',
      { sizeMib: 8, wanMbit: 10, clients: ['libtorrent', 'aria2'], seeders: ['libtorrent', 'aria2'] },
      async (cafe) => {
        await cafe.daemon.start();
        const download = await cafe.download(1, 'libtorrent', { ways: { reconnectS: REDIAL_S } });
        const greeter = new Greeter(cafe, 2);
        await holds(cafe, 0.2);
        await greeter.answered(byBox, Date.now(), 5_000);

        const killedAtMs = Date.now();
        await cafe.daemon.kill();
        const passed = await greeter.answered(bySeeder, killedAtMs, 5_000);
        const afterMs = Number(passed.answeredAtMs) - killedAtMs;
        assert.ok(afterMs < 1_000, `${afterMs} ms until the real peer answered`);
        assert.deepEqual(await tables(cafe), PERSISTENT);
        assert.ok(download.client.progress().fraction < 0.9, 'the client was not done yet');

        await download.complete(ALONE_LIMIT_S);
        assert.deepEqual(await download.wrongFiles(), []);
        assert.deepEqual(await tables(cafe), PERSISTENT);
      },
    ),
);
