/** Pieces that a client on the LAN has already are fetched from it, not over the line again. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../scripts/cafe/servers.ts';
import { inCafe, options, task, wanDuring } from './box-fixtures.ts';

/** The last file, a quarter of all. */
const FILE = 2;

test('what one client fetched past the box reaches the other by the LAN', options, (t) =>
  inCafe(
    'neighbour',
    {
      sizeMib: 32,
      pieceKib: 256,
      wanMbit: 24,
      clients: ['libtorrent', 'aria2'],
      seeders: ['libtorrent'],
      extras: { isolatePcs: true },
    },
    async (cafe) => {
      const { path, lengthBytes } = cafe.payload.files[FILE] as { path: string; lengthBytes: number };
      const { totalBytes } = cafe.payload;
      // The box can keep nothing: it hands the flow through.
      await cafe.daemon.start({ floorMiB: 1e9 });
      // It dials again when the box is back, not in between.
      const first = await cafe.download(1, 'libtorrent', { only: [FILE], ways: { lsd: false, reconnectS: 8 } });
      const { child } = first.client;
      await until(path, async () => !(await first.wrongFiles()).includes(path), 60_000, child);
      await cafe.daemon.stop();

      await cafe.daemon.start();
      child.kill('SIGUSR1');
      await until(
        'the first client at the box',
        async () => ((await task(cafe))?.clients.length ?? 0) > 0,
        60_000,
        child,
      );
      const second = await cafe.download(2, 'aria2');
      const wan = await wanDuring(cafe, async () => {
        await second.complete(120);
      });
      const { filledBytes = 0 } = (await task(cafe)) ?? {};
      t.diagnostic(JSON.stringify({ totalBytes, lengthBytes, wan, filledBytes }));
      assert.deepEqual(await second.wrongFiles(), []);
      assert.ok(wan < 1.1 * totalBytes - 0.9 * lengthBytes, `${wan} bytes crossed the line`);
      assert.ok(filledBytes < totalBytes - 0.9 * lengthBytes, `${filledBytes} are said to have come from outside`);
      await first.remove();
      await second.remove();
    },
  ),
);
