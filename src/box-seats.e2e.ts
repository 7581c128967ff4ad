/** Without a seat a torrent is fetched no further ahead than its hungriest client needs; with one, as fast as the line gives it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Cafe } from '../scripts/cafe/world.ts';
import { holds, inCafe, options, task, wanDuring } from './box-fixtures.ts';

const SIZE_MIB = 96;
const SLOW_BYTES_PER_S = 1_000_000;
const SECONDS = 10;
/** What it fetches ahead without a seat, and what is counted too late or besides. */
const LEAD_BYTES = 32 << 20;
const SLACK_BYTES = 8 << 20;

const cafeWith = (seats: number, body: (cafe: Cafe) => Promise<void>): Promise<void> =>
  inCafe(
    `seats${seats}`,
    {
      sizeMib: SIZE_MIB,
      pieceKib: 256,
      wanMbit: 400,
      clients: ['libtorrent', 'libtorrent'],
      seeders: ['libtorrent'],
      daemonConfig: { seats },
      // The second client is to take everything from the box. A second big file would not be fetched before the slow client has asked for some of it.
      extras: { isolatePcs: true, oneBigFile: true },
    },
    async (cafe) => {
      await cafe.daemon.start();
      await body(cafe);
    },
  );

test(
  'a slow client of a torrent without a seat is fetched for as it takes; a quick one beside it waits for nobody',
  options,
  () =>
    cafeWith(0, async (cafe) => {
      const slow = await cafe.download(1, 'libtorrent', { mostBytesPerS: SLOW_BYTES_PER_S });
      const wan = await wanDuring(cafe, () => sleep(SECONDS * 1_000));
      assert.ok(wan > LEAD_BYTES / 2, `only ${wan} bytes were fetched`);
      assert.ok(wan < LEAD_BYTES + SECONDS * SLOW_BYTES_PER_S + SLACK_BYTES, `${wan} bytes were fetched`);
      assert.equal((await task(cafe))?.why, 'filling-on-demand');
      const quick = await cafe.download(2, 'libtorrent');
      await quick.complete(60);
      assert.deepEqual(await quick.wrongFiles(), []);
      assert.ok((await slow.wrongFiles()).length > 0, 'the slow one was not slow');
      await slow.remove();
      await quick.remove();
    }),
);

test('with a seat all of it is fetched while a slow client has hardly begun', options, () =>
  cafeWith(1, async (cafe) => {
    const slow = await cafe.download(1, 'libtorrent', { mostBytesPerS: SLOW_BYTES_PER_S });
    await holds(cafe, 1, 60_000);
    assert.ok((await slow.wrongFiles()).length > 0, 'the slow one was not slow');
    await slow.remove();
  }),
);
