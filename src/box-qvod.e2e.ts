/** Qvod clients are served by the box, cold and warm; what only looks like BitTorrent passes, and is called by its name. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { execPath } from 'node:process';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { fileOf } from '../scripts/cafe/clients/qvod-peer.ts';
import type { Place } from '../scripts/cafe/net.ts';
import type { Child } from '../scripts/cafe/processes.ts';
import { until } from '../scripts/cafe/servers.ts';
import { seedIp } from '../scripts/cafe/topology.ts';
import type { Cafe } from '../scripts/cafe/world.ts';
import {
  inCafe,
  infoHashOfCafe,
  type Line,
  naming,
  options,
  server,
  snapshot,
  stranger,
  tracker,
  wanDuring,
} from './box-fixtures.ts';
import { escapedHash } from './box-strangers.ts';

const PEER = { ip: seedIp(1), port: 21_113 };
const FILE = { seed: 'a film', bytes: 5 * 1024 * 1024 + 777 };
/** The seeder's own peer id: who else answers is the box. */
const SEEDER = 'QVOD0052AAAA5EED0000';
/** The daemon writes down what it learned every ten seconds. */
const REMEMBERED_MS = 11_000;
const CLIENT = 'QVOD0052AAAAC11E4700';

const script = fileURLToPath(new URL('../scripts/cafe/clients/qvod-peer.ts', import.meta.url));
const argvOf = (program: string, o: object): string[] => [execPath, script, program, JSON.stringify(o)];

async function qvod(cafe: Cafe, pc: number, program: string, link: string): Promise<Line> {
  let line: Line = {};
  const child = cafe.spawn(cafe.pc(pc), argvOf(program, { ...PEER, link }), (text) => {
    line = JSON.parse(text) as Line;
  });
  const exit = await child.exited;
  assert.equal(exit.code, 0, `${program}: ${await child.tail()}`);
  return line;
}

async function seeder(cafe: Cafe, callers: Line[]): Promise<Child> {
  let ready = false;
  const place = cafe.topology.seeds[0] as Place;
  const child = cafe.spawn(place, argvOf('seed', { ...FILE, ...PEER, ip: '0.0.0.0' }), (line) => {
    if (line === 'ready') ready = true;
    else callers.push(JSON.parse(line) as Line);
  });
  await until('the Qvod seeder', async () => ready, 20_000, child);
  return child;
}

const verdicts = async (cafe: Cafe, endpoint: string): Promise<string[]> =>
  (await snapshot(cafe)).steering.recent.filter((v) => v.endpoint === endpoint).map((v) => `${v.verdict} ${v.why}`);

test('a Qvod client is served through the box, and a second one when the seeder is dead', options, () =>
  inCafe('qvod', { sizeMib: 1, wanMbit: 20, clients: ['aria2', 'aria2'], seeders: ['aria2'] }, async (cafe) => {
    await cafe.daemon.start();
    const file = fileOf(FILE);
    const want = createHash('sha1').update(file.content).digest('hex');
    const endpoint = `${PEER.ip}:${PEER.port}`;
    const callers: Line[] = [];
    const seed = await seeder(cafe, callers);

    // Nobody names a Qvod peer in a tracker that can be read: the first handshake passes, and teaches.
    assert.equal((await qvod(cafe, 1, 'knock', file.link)).by, SEEDER);
    await until('the box to answer', async () => (await qvod(cafe, 1, 'knock', file.link)).by !== SEEDER, 20_000);

    let cold: Line = {};
    const coldWan = await wanDuring(cafe, async () => {
      cold = await qvod(cafe, 1, 'fetch', file.link);
    });
    assert.deepEqual(
      { complete: cold.complete, sha1: cold.sha1, offences: cold.offences },
      { complete: true, sha1: want, offences: '' },
    );
    assert.match(String(cold.by), /^QVOD0052[0-9A-F]{12}$/);
    assert.notEqual(cold.by, SEEDER);
    assert.ok(coldWan < 1.15 * FILE.bytes, `cold: ${coldWan} bytes came in for ${FILE.bytes}`);
    const seen = (await verdicts(cafe, endpoint)).reverse();
    assert.equal(seen[0], 'learned qvod-handshake');
    assert.ok(seen.slice(1).every((v) => v === 'steered qvod-handshake') && seen.length > 1, seen.join(', '));
    const [view] = (await snapshot(cafe)).tasks;
    assert.equal(view?.infoHash, file.hash.toString('hex'));
    assert.equal(view?.name, '你好');
    assert.equal(view?.haveBytes, FILE.bytes);

    await seed.stop();
    assert.ok(
      callers.every((c) => c.caller === CLIENT || c.caller === ''),
      'the seeder heard its client’s own words',
    );
    assert.ok(
      callers.every((c) => String(c.offences) === ''),
      JSON.stringify(callers),
    );

    let warm: Line = {};
    const warmWan = await wanDuring(cafe, async () => {
      warm = await qvod(cafe, 2, 'fetch', file.link);
    });
    assert.deepEqual({ complete: warm.complete, sha1: warm.sha1 }, { complete: true, sha1: want });
    assert.ok(warmWan < 0.05 * FILE.bytes, `warm: ${warmWan} bytes came in`);

    await sleep(REMEMBERED_MS);
    assert.equal((await cafe.daemon.stop())?.code, 0);
    await cafe.daemon.start();
    const again = await qvod(cafe, 2, 'fetch', file.link);
    assert.deepEqual({ complete: again.complete, sha1: again.sha1 }, { complete: true, sha1: want }, 'after a restart');
    assert.equal((await cafe.daemon.stop())?.code, 0);
  }),
);

test('Qvod over UDP and Windows’ own swarm pass, told of by name', options, () =>
  inCafe('named', { sizeMib: 1, wanMbit: 20, clients: ['aria2'], seeders: ['aria2'] }, async (cafe) => {
    await cafe.daemon.start();
    const file = fileOf({ ...FILE, bytes: 20_000 });
    await seeder(cafe, []);
    assert.equal((await qvod(cafe, 1, 'datagram', file.link)).same, true);
    assert.deepEqual(await verdicts(cafe, `${PEER.ip}:${PEER.port}`), ['passed qvod']);

    // Delivery Optimization on an endpoint that a tracker names as a peer: spliced once, then over the bridge.
    const beyond = '192.168.77.1';
    const delivery = { ip: beyond, port: 7680, first: 'client' };
    const { router } = cafe.topology;
    await server(cafe, router, 'echo', delivery);
    await tracker(cafe, router, { ip: beyond, port: 6970 }, { '/announce': naming(delivery) });
    const path = `/announce?info_hash=${escapedHash(infoHashOfCafe(cafe))}&peer_id=-XX0000-123456789012&port=6999&left=0`;
    await stranger(cafe, cafe.pc(1), 'ask', { ip: beyond, port: 6970, path, maxBytes: 10_000 });
    const opening = Buffer.concat([Buffer.from('\x0eSwarm protocol', 'latin1'), Buffer.alloc(60, 7)]).toString('hex');
    for (const why of ['spliced ms-do', 'passed ms-do']) {
      const [talk] = await stranger(cafe, cafe.pc(1), 'talk', { ...delivery, bytes: 100_000, opening });
      assert.equal(talk?.same, true, why);
      assert.equal((await verdicts(cafe, `${beyond}:7680`))[0], why);
    }
    assert.equal((await cafe.daemon.stop())?.code, 0);
  }),
);
