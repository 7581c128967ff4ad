/** What the box says that it gave is what the kernel's counters of both ports say, and what clients got. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Balance, ClientsView, Series, Worth } from '#admin/contract-figures.ts';
import type { ClientKind } from '../scripts/cafe/clients/client.ts';
import { until } from '../scripts/cafe/servers.ts';
import type { Cafe } from '../scripts/cafe/world.ts';
import { inCafe, options, snapshot } from './box-fixtures.ts';

const KINDS: readonly ClientKind[] = ['libtorrent', 'aria2', 'transmission'];
/** A look is taken every second. */
const LOOKED_MS = 2_500;
/** Of what goes out at a port, what is headers of frames, segments and messages, with acknowledgements of other flows. */
const HEADERS_SHARE = 0.08;

/** A box that has too much to do lets new flows pass, and so would a busy machine under the test. */
async function fetchOn(cafe: Cafe, pc: number, kind: ClientKind, encrypt = false): Promise<void> {
  await until(
    'a box that bears it',
    async () => !(await snapshot(cafe)).warnings.some(({ code }) => code === 'overload'),
    60_000,
  );
  const download = await cafe.download(pc, kind, { encrypt });
  await download.complete(90);
  await download.remove();
}

const figures = async (cafe: Cafe) => ({
  balance: (await cafe.daemon.get('/api/balance')) as Balance,
  worth: (await cafe.daemon.get('/api/worth')) as Worth,
  series: (await cafe.daemon.get('/api/series?span=minutes')) as Series,
  clients: (await cafe.daemon.get('/api/clients')) as ClientsView,
});

test('savings add up to what the ports carried, cold and warm, plain and encrypted', options, (t) =>
  inCafe('figures', { sizeMib: 24, wanMbit: 80, clients: KINDS }, async (cafe) => {
    await cafe.daemon.start();
    const { totalBytes } = cafe.payload;
    await sleep(LOOKED_MS);
    await fetchOn(cafe, 1, 'libtorrent');
    await sleep(LOOKED_MS);
    const cold = (await figures(cafe)).balance;
    t.diagnostic(JSON.stringify({ totalBytes, cold }));
    assert.ok(cold.freshBytes >= 0.98 * totalBytes && cold.freshBytes <= 1.02 * totalBytes, `${cold.freshBytes} fresh`);
    assert.ok(cold.fromCacheBytes < 0.05 * totalBytes, `${cold.fromCacheBytes} had been here of what never was`);

    await fetchOn(cafe, 2, 'aria2', true);
    await fetchOn(cafe, 3, 'transmission');
    await sleep(LOOKED_MS);
    const { balance, worth, series, clients } = await figures(cafe);
    t.diagnostic(JSON.stringify({ balance, worth, clients }));
    const { servedBytes, fromCacheBytes, freshBytes, filledBytes, keptBytes, wanRxBytes, lanTxBytes, residualBytes } =
      balance;
    assert.equal(fromCacheBytes + (wanRxBytes - keptBytes) + residualBytes, lanTxBytes);
    assert.ok(freshBytes <= filledBytes);
    // Towards their end clients ask for some blocks over several connections: those are given more than once.
    assert.ok(fromCacheBytes >= 1.95 * totalBytes, `${fromCacheBytes} from here`);
    assert.equal(freshBytes, cold.freshBytes, 'nothing more had to be fetched');
    // What a socket's buffer still held when its client hung up was given and never left.
    assert.ok(servedBytes < 1.05 * lanTxBytes, `${servedBytes} given, and ${lanTxBytes} went out`);
    assert.ok(Math.abs(residualBytes) < HEADERS_SHARE * lanTxBytes, `a rest of ${residualBytes} of ${lanTxBytes}`);
    const sum = (column: readonly (number | null)[]): number =>
      column.reduce<number>((all, rate) => all + (rate ?? 0), 0);
    assert.ok(Math.abs(sum(series.served) - servedBytes) <= 0.01 * servedBytes, 'the chart shows the same');
    assert.equal(worth.today.servedBytes, worth.all.servedBytes);
    assert.equal(worth.hitRateToday, fromCacheBytes / servedBytes);
    assert.equal(clients.rows, undefined);
    assert.doesNotMatch(JSON.stringify(clients), /192\.168/);

    const metrics = await cafe.daemon.text('/metrics');
    const value = (name: string): number =>
      Number(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'm').exec(metrics)?.[1]);
    const { totals, today } = await snapshot(cafe);
    assert.equal(value('swarmbox_served_bytes_total'), totals.servedBytes);
    assert.deepEqual(today, totals);
    assert.ok(value('swarmbox_port_transmit_bytes_total') > 0);

    await cafe.daemon.stop();
    await cafe.daemon.start();
    await sleep(LOOKED_MS);
    const again = await figures(cafe);
    assert.deepEqual(again.worth.all, totals, 'a restart forgets nothing and counts nothing twice');
    assert.deepEqual(again.worth.today, totals);
    assert.equal(again.balance.servedBytes, 0);
    assert.equal((await cafe.daemon.stop())?.code, 0);
  }),
);
