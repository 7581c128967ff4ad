/** The box as a user of the line among others: while it fills, an ordinary download keeps its rate. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Cafe } from '../scripts/cafe/world.ts';
import { holds, httpRate, lineBytesBut, moreTorrents, pingMs, startServer } from '../scripts/manners/beside.ts';
import { inCafe, options } from './box-fixtures.ts';

const WAN_MBIT = 10;
const TORRENTS = 2;
const TORRENT_BYTES = 8 << 20;
const KINDS = ['libtorrent', 'aria2', 'transmission', 'libtorrent'] as const;
/** His machine is the one after the clients'. */
const USER = KINDS.length + 1;
const LIMIT_S = 90;

type Figures = { readonly share: number; readonly ms: number; readonly perDistinct: number; readonly wrong: string[] };

/** Four clients fetch two torrents through a box that has nothing yet, and a user comes with a download of his own. */
async function beside(cafe: Cafe, isPolite: boolean, aloneRate: number): Promise<Figures> {
  const name = isPolite ? 'polite' : 'rude';
  const firstSeed = isPolite ? 1 : TORRENTS + 1;
  const payloads = await moreTorrents(cafe, { name, count: TORRENTS, totalBytes: TORRENT_BYTES, firstSeed });
  await cafe.daemon.start({ uplink: { yield: isPolite } });
  const before = await lineBytesBut(cafe, USER);
  const downloads = [];
  for (const [i, kind] of KINDS.entries()) {
    const payload = payloads[i % TORRENTS];
    if (payload) downloads.push(await cafe.download(i + 1, kind, { payload }));
  }
  await holds(cafe, payloads, 0.25);
  const ms = await pingMs(cafe, USER, 3);
  const rate = await httpRate(cafe, USER, 6);
  for (const download of downloads) await download.complete(LIMIT_S);
  const wrong = (await Promise.all(downloads.map((download) => download.wrongFiles()))).flat();
  const perDistinct = ((await lineBytesBut(cafe, USER)) - before) / (TORRENTS * TORRENT_BYTES);
  await cafe.daemon.stop();
  return { share: rate / aloneRate, ms, perDistinct, wrong };
}

test('a user beside a box that fills: with manners his download keeps its rate', options, (t) =>
  inCafe(
    'manners',
    {
      sizeMib: 1,
      wanMbit: WAN_MBIT,
      clients: [...KINDS, 'libtorrent'],
      seeders: Array.from({ length: 2 * TORRENTS }, () => 'libtorrent' as const),
    },
    async (cafe) => {
      await cafe.killSeeders();
      for (const place of [cafe.topology.inet, ...cafe.topology.seeds])
        await place.sysctl('net.ipv4.tcp_congestion_control=reno');
      await startServer(cafe);
      const alone = await httpRate(cafe, USER, 4);
      const rude = await beside(cafe, false, alone);
      const polite = await beside(cafe, true, alone);
      t.diagnostic(JSON.stringify({ alone, rude, polite }));
      for (const { wrong, perDistinct } of [rude, polite]) {
        assert.deepEqual(wrong, []);
        assert.ok(perDistinct <= 1.1, `${perDistinct} bytes crossed the line for each of the torrents`);
      }
      assert.ok(polite.share > rude.share + 0.3, `with manners ${polite.share} of his rate, without ${rude.share}`);
      assert.ok(polite.ms < rude.ms / 2, `a ping takes ${polite.ms} ms with manners, ${rude.ms} without`);
    },
  ),
);
