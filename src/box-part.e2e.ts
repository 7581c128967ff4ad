/** A client that wants one file of many: it gets it as soon as without the box, and what nobody wants is not fetched. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../scripts/cafe/servers.ts';
import type { Cafe } from '../scripts/cafe/world.ts';
import { inCafe, options, wanDuring } from './box-fixtures.ts';

const SIZE_MIB = 32;
const WAN_MBIT = 16;
/** What was asked for before the client showed what it wants. */
const SECONDS_OF_LINE = 3;
/** The last file, a quarter of all. */
const FILE = 2;

async function part(cafe: Cafe): Promise<{ seconds: number; download: Awaited<ReturnType<Cafe['download']>> }> {
  const download = await cafe.download(1, 'libtorrent', { only: [FILE] });
  const begin = performance.now();
  const { path } = cafe.payload.files[FILE] as { path: string };
  await until(path, async () => !(await download.wrongFiles()).includes(path), 90_000, download.client.child);
  return { seconds: (performance.now() - begin) / 1000, download };
}

test('one file of three', options, (t) =>
  inCafe(
    'part',
    { sizeMib: SIZE_MIB, pieceKib: 256, wanMbit: WAN_MBIT, clients: ['libtorrent'], seeders: ['libtorrent'] },
    async (cafe) => {
      const { lengthBytes } = cafe.payload.files[FILE] as { lengthBytes: number };
      const direct = await part(cafe);
      await direct.download.remove();
      await cafe.daemon.start();
      let through: Awaited<ReturnType<typeof part>> | undefined;
      const wan = await wanDuring(cafe, async () => {
        through = await part(cafe);
        await sleep(10_000);
      });
      assert.ok(through);
      t.diagnostic(JSON.stringify({ lengthBytes, wan, direct: direct.seconds, through: through.seconds }));
      const extra = (SECONDS_OF_LINE * WAN_MBIT * 1e6) / 8;
      assert.ok(wan < 1.1 * lengthBytes + extra, `${wan} bytes crossed the line for ${lengthBytes}`);
      // What it wants next may be nothing that the box has.
      through.download.client.child.kill('SIGUSR1');
      await through.download.complete(120);
      assert.deepEqual(await through.download.wrongFiles(), []);
      await through.download.remove();
    },
  ),
);
