/** Clients that speak IPv6 are served as the others are, by a box that has no IPv6 address of its own. */
import assert from 'node:assert/strict';
import { execPath } from 'node:process';
import { test } from 'node:test';
import { TRACKER_URLS6 } from '../scripts/cafe/servers.ts';
import { pcIp6, seedIp6 } from '../scripts/cafe/topology.ts';
import type { Cafe } from '../scripts/cafe/world.ts';
import { inCafe, options, snapshot, wanDuring } from './box-fixtures.ts';

/** Makes an IPv6 tracker's UDP answer longer than a frame (18 bytes a peer), but no longer than the 1500 bytes that libtorrent takes. */
const MANY = 80;

const LIMIT_S = 60;
const extras = { pcFamilies: [['ipv6'], ['ipv6']], tracker6: true } as const;

test('cold and warm over IPv6', options, () =>
  inCafe('ipv6', { sizeMib: 4, wanMbit: 20, seeders: ['libtorrent'], extras }, async (cafe: Cafe) => {
    await cafe.daemon.start();
    const source = await cafe.torrentWith('ipv6', [TRACKER_URLS6.http]);
    const { totalBytes } = cafe.payload;
    const fetchOn = async (pc: number, encrypt: boolean): Promise<void> => {
      const download = await cafe.download(pc, 'libtorrent', { source, encrypt });
      await download.complete(LIMIT_S);
      assert.deepEqual(await download.wrongFiles(), []);
      await download.remove();
    };
    const cold = await wanDuring(cafe, () => fetchOn(1, false));
    assert.ok(cold <= 1.1 * totalBytes, `cold: ${cold} bytes came in for ${totalBytes}`);
    for (const encrypt of [false, true]) {
      const warm = await wanDuring(cafe, () => fetchOn(2, encrypt));
      assert.ok(warm < 0.05 * totalBytes, `warm, encrypted: ${encrypt}: ${warm} bytes came in for ${totalBytes}`);
    }
    const { steering, totals } = await snapshot(cafe);
    assert.ok(totals.servedBytes >= 3 * totalBytes, `the box served ${totals.servedBytes} of 3 x ${totalBytes}`);
    const steered = steering.recent.filter((v) => v.verdict === 'steered');
    assert.deepEqual([...new Set(steered.map((v) => v.endpoint))], [`[${seedIp6(1)}]:6881`]);
    assert.deepEqual(
      [1, 2].filter((pc) => !steered.some((v) => v.client?.startsWith(pcIp6(pc)))),
      [],
      'both PCs were served',
    );

    await announceMany(cafe);
    const long = await cafe.torrentWith('long', [TRACKER_URLS6.udp]);
    // Encrypted: the box answers only those who were told of the seeder.
    const download = await cafe.download(2, 'libtorrent', { source: long, encrypt: true });
    const wan = await wanDuring(cafe, async () => void (await download.complete(LIMIT_S)));
    assert.ok(wan < 0.05 * totalBytes, `an answer in fragments: ${wan} bytes came in for ${totalBytes}`);
  }),
);

/** Peers that are not there. */
async function announceMany(cafe: Cafe): Promise<void> {
  const hash = cafe.payload.infoHash.replace(/../g, '%$&');
  const url = `${TRACKER_URLS6.http}?info_hash=${hash}&left=1&port=`;
  const announcing = `for (let n = 0; n < ${MANY}; n++) await fetch(process.argv[1] + (20_000 + n))`;
  await cafe.topology.inet.run([execPath, '--input-type=module', '-e', announcing, url]);
}
