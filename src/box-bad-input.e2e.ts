/** Liars, babblers and a full disk: a clear log line, nothing wrong served, nobody held back. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { SeededBytes } from '../scripts/cafe/payload.ts';
import { until } from '../scripts/cafe/servers.ts';
import { SERVER_IP, seedIp } from '../scripts/cafe/topology.ts';
import type { Cafe } from '../scripts/cafe/world.ts';
import {
  holds,
  inCafe,
  infoHashOfCafe,
  logged,
  naming,
  options,
  server,
  snapshot,
  stranger,
  tracker,
  withTracker,
} from './box-fixtures.ts';
import { type At, escapedHash } from './box-strangers.ts';

const TRACKER: At = { ip: SERVER_IP, port: 6970 };
const GOOD: At = { ip: seedIp(1), port: 6881 };
const LIAR: At = { ip: seedIp(1), port: 7101 };
const LIMIT_S = 90;
const keyOf = ({ ip, port }: At): string => `${ip}:${port}`;

async function liar(cafe: Cafe, everyNth: number): Promise<void> {
  const { torrentPath, files, dir } = cafe.payload;
  const o = { ...LIAR, torrentPath, files: files.map((f) => join(dir, f.path)), lies: everyNth };
  await server(cafe, cafe.topology.seeds[0] as never, 'seed', o);
}

test('what a lying seeder sends never reaches a client, and an honest one completes it', options, () =>
  inCafe('liar', { sizeMib: 4, wanMbit: 20, clients: ['libtorrent'], seeders: ['libtorrent'] }, async (cafe) => {
    await cafe.daemon.start();
    const { inet } = cafe.topology;
    await liar(cafe, 1);
    await tracker(cafe, inet, TRACKER, { '/announce': naming(LIAR) });
    const source = await withTracker(cafe, `http://${keyOf(TRACKER)}/announce`, 'lies');
    const download = await cafe.download(1, 'libtorrent', { source });
    await until('the liar is known', async () => (await logged(cafe, 'origin-banned')).length > 0, 30_000);
    assert.equal((await logged(cafe, 'origin-banned'))[0]?.origin, keyOf(LIAR));
    assert.ok((await logged(cafe, 'piece refused')).some((line) => line.from === keyOf(LIAR)));
    const alone = await snapshot(cafe);
    assert.deepEqual([alone.totals.servedBytes, alone.tasks[0]?.haveBytes], [0, 0]);
    assert.equal(download.client.progress().fraction, 0);

    // The tracker of the whole cafe names the honest seeder; here a second client brings the news.
    const path = `/announce?info_hash=${escapedHash(infoHashOfCafe(cafe))}&peer_id=-XX0000-123456789012&port=6999&left=0`;
    const honest: At = { ip: SERVER_IP, port: 6971 };
    await tracker(cafe, inet, honest, { '/announce': naming(GOOD) });
    await stranger(cafe, cafe.pc(1), 'ask', { ...honest, path, maxBytes: 10_000 });
    await download.complete(LIMIT_S);
    assert.deepEqual(await download.wrongFiles(), []);
    assert.ok((await snapshot(cafe)).totals.servedBytes >= cafe.payload.totalBytes, 'every byte came from the box');
    const said = await readFile(download.client.child.logPath, 'utf8');
    assert.doesNotMatch(said, /hash/, 'the client never met a piece that failed its hash');
    assert.equal((await cafe.daemon.stop())?.code, 0);
  }),
);

const HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n';
const MIB = 1024 * 1024;
const nonsense: Record<string, Buffer> = {
  '/announce-noise': new SeededBytes('noise').take(5_000),
  '/announce-huge': Buffer.concat([
    Buffer.from(`${HEAD}Content-Length: ${2 * MIB}\r\n\r\nd5:peers${2 * MIB - 12}:`),
    new SeededBytes('huge').take(2 * MIB),
  ]),
  '/announce-endless': Buffer.concat([
    Buffer.from(`${HEAD}\r\nd8:intervali1800e5:peersl`),
    Buffer.from('d2:ip9:192.0.2.14:porti1ee'.repeat((3 * MIB) / 26)),
  ]),
  '/announce-cut': Buffer.from(`${HEAD}Content-Length: 500\r\n\r\nd8:intervali1800e5:peers300:abcdefg`),
  '/announce-empty': Buffer.alloc(0),
};

test('a tracker that talks nonsense, and a client that does, harm nobody', options, () =>
  inCafe('babble', { sizeMib: 4, wanMbit: 20, clients: ['libtorrent', 'aria2'] }, async (cafe) => {
    await cafe.daemon.start();
    const pid = cafe.daemon.pid;
    await tracker(cafe, cafe.topology.inet, TRACKER, nonsense);
    const query = `?info_hash=${escapedHash(infoHashOfCafe(cafe))}&peer_id=-XX0000-123456789012&port=6999&left=0`;
    for (const [path, answer] of Object.entries(nonsense)) {
      const maxBytes = Math.min(answer.length || 1, 2.5 * MIB);
      const [got] = await stranger(cafe, cafe.pc(2), 'ask', { ...TRACKER, path: path + query, maxBytes });
      const expected = answer.subarray(0, maxBytes);
      assert.equal(got?.bytes, expected.length, path);
      assert.equal(got?.sha1, createHash('sha1').update(expected).digest('hex'), path);
      assert.ok(Number(got?.ms) < 5_000, `${path} took ${got?.ms} ms`);
    }

    const download = await cafe.download(1, 'libtorrent');
    await holds(cafe, 0.1);
    const o = { ...GOOD, infoHash: infoHashOfCafe(cafe) };
    const [dropped] = await stranger(cafe, cafe.pc(2), 'garbage', { ...o, kind: 'after-handshake' });
    assert.doesNotMatch(String(dropped?.why), /still connected/);
    assert.ok((await logged(cafe, 'client-dropped')).some((line) => String(line.client).startsWith('192.168.77.102:')));
    const [refused] = await stranger(cafe, cafe.pc(2), 'garbage', { ...o, kind: 'noise' });
    assert.doesNotMatch(String(refused?.why), /still connected/);
    const [verdict] = (await snapshot(cafe)).steering.recent.filter(
      (v) => v.endpoint === keyOf(GOOD) && v.client === '192.168.77.102',
    );
    assert.match(verdict?.verdict ?? '', /^(refused|spliced)$/);
    await download.complete(LIMIT_S);
    assert.deepEqual(await download.wrongFiles(), []);
    assert.ok((await snapshot(cafe)).totals.servedBytes >= cafe.payload.totalBytes, 'every byte came from the box');
    assert.equal(cafe.daemon.pid, pid);
    assert.equal((await cafe.daemon.stop())?.code, 0);
  }),
);

test('with a full disk clients still complete, encrypted ones too', options, () =>
  inCafe('full', { sizeMib: 2, wanMbit: 20, clients: ['libtorrent', 'transmission'] }, async (cafe) => {
    await cafe.daemon.start({ floorMiB: 1e9 });
    for (const [i, kind] of (['libtorrent', 'transmission'] as const).entries()) {
      const download = await cafe.download(i + 1, kind, { encrypt: kind === 'transmission' });
      await download.complete(LIMIT_S);
      assert.deepEqual(await download.wrongFiles(), [], kind);
      await download.remove();
    }
    const { recent } = (await snapshot(cafe)).steering;
    assert.ok(recent.some((v) => v.verdict === 'spliced' && v.why === 'disk-full'));
    assert.deepEqual(
      recent.filter((v) => v.verdict === 'steered' || v.verdict === 'refused'),
      [],
      'nothing was answered, so nothing had to be closed',
    );
    const passed = await cafe.topology.box.run(['nft', 'list', 'set', 'bridge', 'swarmbox', 'passed4']);
    assert.match(passed, /timeout 2m /);
    assert.doesNotMatch(passed, /timeout 1h/, 'the disk may have room again soon');
    const lines = await logged(cafe, 'nothing new is kept: torrents that are not whole pass');
    assert.deepEqual(
      lines.map((line) => [line.level, line.why]),
      [['warn', 'disk-full']],
      'one clear line',
    );
    assert.equal((await cafe.daemon.stop())?.code, 0);
  }),
);
