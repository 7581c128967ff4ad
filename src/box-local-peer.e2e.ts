/** The box as a neighbour: clients that know nothing but LSD find it, complete from it alone, and hear nothing of private torrents. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type InfoHash, infoHashOf } from '#base/units.ts';
import { encode } from '#wire/bencode.ts';
import { parseMetainfo } from '#wire/metainfo.ts';
import type { ClientKind } from '../scripts/cafe/clients/client.ts';
import { BOX_IP, BOX_IP6, pcIp, SERVER_IP, seedIp } from '../scripts/cafe/topology.ts';
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
  strangerAtWork,
  tracker,
  wanDuring,
} from './box-fixtures.ts';

const LIMIT_S = 90;
const PORT = 6881;
const KINDS: readonly ClientKind[] = ['libtorrent', 'aria2', 'transmission'];
const LSD_ONLY = { lsd: true, dht: false, utp: false } as const;
/** An answer comes at once; who came within seconds after another waits for the next one. */
const ANSWERED_MS = 8_000;

/** Whatever is announced by LSD in a machine's network from now on. */
async function listening(cafe: Cafe, pc: number): Promise<Line[]> {
  const heard: Line[] = [];
  strangerAtWork(cafe, cafe.pc(pc), 'neighbour', { ip: pcIp(pc), ms: 240_000 }, (line) => heard.push(line));
  while (heard.length === 0) await sleep(50);
  return heard;
}

const ofBox = (heard: readonly Line[]): Line[] => heard.filter((line) => line.from === BOX_IP);

test('clients that find peers by LSD alone complete from the box alone', options, () =>
  inCafe(
    'lsd',
    { sizeMib: 4, wanMbit: 20, clients: [...KINDS, 'aria2'], extras: { isolatePcs: true } },
    async (cafe) => {
      await cafe.daemon.start();
      const { totalBytes } = cafe.payload;
      await (await cafe.download(1, 'libtorrent')).complete(LIMIT_S);
      await cafe.killSeeders();
      const before = (await snapshot(cafe)).totals.servedBytes;
      const heard = await listening(cafe, 4);
      const source = await cafe.torrentWith('lsd', []);

      const wan = await wanDuring(cafe, async () => {
        await Promise.all(
          KINDS.map(async (kind, i) => {
            const download = await cafe.download(i + 1, kind, { source, ways: LSD_ONLY });
            await download.complete(LIMIT_S);
            assert.deepEqual(await download.wrongFiles(), [], kind);
          }),
        );
      });
      const after = await snapshot(cafe);
      assert.ok(after.totals.servedBytes - before >= KINDS.length * totalBytes, 'every byte came from the box');
      assert.ok(wan < 0.05 * totalBytes, `${wan} bytes came in from outside`);
      const dialled = after.steering.recent.filter((v) => v.why === 'local-peer').map((v) => v.client);
      for (const [i, kind] of KINDS.entries())
        assert.ok(dialled.includes(pcIp(i + 1)), `${kind} dialled the box itself`);
      const said = ofBox(heard);
      assert.ok(said.length > 0 && said.length <= 8, `${said.length} announces in less than a minute`);
      for (const { infoHash, port } of said) assert.deepEqual([infoHash, port], [infoHashOfCafe(cafe), PORT]);

      const greet = { ip: BOX_IP, port: PORT, infoHash: infoHashOfCafe(cafe), everyMs: 1, times: 1 };
      const [fromLan] = await stranger(cafe, cafe.pc(4), 'greet', greet);
      assert.equal(fromLan?.peer, '-SB0100-');
      const [fromWan] = await stranger(cafe, cafe.topology.router, 'greet', greet);
      assert.equal(fromWan?.why, 'no answer', 'the box is no neighbour to the router');
      assert.equal((await cafe.daemon.stop())?.code, 0);
    },
  ),
);

test('the same over IPv6, for a client that speaks nothing else', options, () =>
  inCafe(
    'lsd6',
    {
      sizeMib: 2,
      wanMbit: 20,
      clients: ['libtorrent', 'libtorrent'],
      extras: { isolatePcs: true, boxIp6: true, pcFamilies: [['ipv4'], ['ipv6']] },
    },
    async (cafe) => {
      await cafe.daemon.start();
      await (await cafe.download(1, 'libtorrent')).complete(LIMIT_S);
      await cafe.killSeeders();
      const source = await cafe.torrentWith('lsd', []);
      const download = await cafe.download(2, 'libtorrent', { source, ways: LSD_ONLY });
      await download.complete(LIMIT_S);
      assert.deepEqual(await download.wrongFiles(), []);
      const dialled = (await snapshot(cafe)).steering.recent.filter((v) => v.why === 'local-peer');
      assert.ok(
        dialled.some((v) => v.endpoint === `[${BOX_IP6}]:${PORT}`),
        'at its IPv6 address',
      );
      assert.equal((await cafe.daemon.stop())?.code, 0);
    },
  ),
);

/** The cafe's files as a private torrent (BEP 27), at one seed that one tracker names. */
async function privateTorrent(cafe: Cafe): Promise<{ path: string; infoHash: InfoHash }> {
  const open = parseMetainfo(await readFile(cafe.payload.torrentPath));
  if (open.kind === 'bad') throw new Error(open.why);
  // `private` sorts after every key that the cafe's torrents have.
  const info = Buffer.concat([open.value.infoBytes.subarray(0, -1), Buffer.from('7:privatei1ee')]);
  const at = { ip: SERVER_IP, port: 8088 };
  const head = encode({ announce: `http://${at.ip}:${at.port}/announce` });
  const path = join(cafe.dir, 'private.torrent');
  await writeFile(path, Buffer.concat([head.subarray(0, -1), Buffer.from('4:info'), info, Buffer.from('e')]));
  const seed = { ip: seedIp(1), port: 7001 };
  const files = cafe.payload.files.map((file) => join(cafe.payload.dir, file.path));
  await server(cafe, cafe.topology.seeds[0]!, 'seed', { ...seed, torrentPath: path, files });
  await tracker(cafe, cafe.topology.inet, at, { '/announce': naming(seed) });
  return { path, infoHash: infoHashOf(createHash('sha1').update(info).digest()) };
}

test('a private torrent is served where the operator wants it, and announced to nobody', options, () =>
  inCafe('lsdpriv', { sizeMib: 2, wanMbit: 20, clients: ['libtorrent', 'libtorrent'] }, async (cafe) => {
    await cafe.daemon.start({ servePrivate: true });
    const { path, infoHash } = await privateTorrent(cafe);
    const heard = await listening(cafe, 2);
    for (const source of [cafe.payload.torrentPath, path])
      await (await cafe.download(1, 'libtorrent', { source })).complete(LIMIT_S);
    const task = (await snapshot(cafe)).tasks.find((t) => t.infoHash === infoHash);
    assert.equal(task?.state, 'complete', 'the box holds the private torrent');

    const open = infoHashOfCafe(cafe);
    // One that has not asked before: the client may have said both torrents again while it downloaded, and would wait for a minute.
    const asks = { ip: pcIp(2), infoHashes: [infoHash, open], ms: ANSWERED_MS };
    const answers = ofBox(await stranger(cafe, cafe.pc(2), 'neighbour', asks));
    assert.ok(
      answers.some((line) => line.infoHash === open),
      'the open torrent is announced',
    );
    assert.deepEqual(
      [...ofBox(heard), ...answers].filter((line) => line.infoHash === infoHash),
      [],
      'the private one is not, at any time',
    );
    assert.equal((await cafe.daemon.stop())?.code, 0);
  }),
);
