/** The box serves real clients: at their first contact, from its own disk, encrypted, and when nobody else is left. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ClientKind, clientKinds } from '../scripts/cafe/clients/client.ts';
import { seedIp } from '../scripts/cafe/topology.ts';
import type { Cafe } from '../scripts/cafe/world.ts';
import { inCafe, options, snapshot, wanDuring } from './box-fixtures.ts';

const LIMIT_S = 90;

async function fetchOn(cafe: Cafe, pc: number, kind: ClientKind, encrypt = false): Promise<void> {
  const download = await cafe.download(pc, kind, { encrypt });
  await download.complete(LIMIT_S);
  assert.deepEqual(await download.wrongFiles(), [], `${kind}, encrypted: ${encrypt}`);
  await download.remove();
}

/** Served bytes of the whole box and the WAN's received bytes while `work` runs. */
async function costOf(cafe: Cafe, work: () => Promise<void>): Promise<{ served: number; wan: number }> {
  const before = (await snapshot(cafe)).totals.servedBytes;
  const wan = await wanDuring(cafe, work);
  return { served: (await snapshot(cafe)).totals.servedBytes - before, wan };
}

const everyKind = (cafe: Cafe, encrypt: boolean) => async (): Promise<void> => {
  await Promise.all(clientKinds.map((kind, i) => fetchOn(cafe, i + 1, kind, encrypt)));
};

test('clients of every kind are served by the box: cold, warm, encrypted, and with every seeder dead', options, () =>
  inCafe('steer', { sizeMib: 4, wanMbit: 20, clients: clientKinds }, async (cafe) => {
    await cafe.daemon.start();
    const { totalBytes, infoHash } = cafe.payload;
    const all = clientKinds.length * totalBytes;

    const cold = await costOf(cafe, () => fetchOn(cafe, 1, 'libtorrent'));
    assert.ok(cold.served >= totalBytes, `cold: the box served ${cold.served} of ${totalBytes}`);
    assert.ok(cold.wan <= 1.1 * totalBytes, `cold: ${cold.wan} bytes came in for ${totalBytes}`);
    const { recent } = (await snapshot(cafe)).steering;
    const seeders = [1, 2].map((n) => `${seedIp(n)}:`);
    const ofSeeders = recent.filter((v) => seeders.some((ip) => v.endpoint.startsWith(ip))).reverse();
    assert.equal(ofSeeders[0]?.verdict, 'learned', 'a seeder was known before anybody dialled it');
    assert.match(ofSeeders[0]?.why ?? '', /^(http|udp)-tracker$/);
    const steered = ofSeeders.find((v) => v.verdict === 'steered');
    assert.match(steered?.why ?? '', /^(plain|mse)-handshake$/);
    assert.equal(steered?.infoHash, infoHash);
    assert.ok(steered?.client?.startsWith('192.168.77.101'), `${steered?.client}`);
    assert.deepEqual(
      recent.filter((v) => v.verdict === 'spliced' || v.verdict === 'refused'),
      [],
    );

    const warm = await costOf(cafe, () => fetchOn(cafe, 2, 'libtorrent'));
    assert.ok(warm.served >= totalBytes, `warm: the box served ${warm.served} of ${totalBytes}`);
    assert.ok(warm.wan < 0.05 * totalBytes, `warm: ${warm.wan} bytes came in for ${totalBytes}`);

    const encrypted = await costOf(cafe, everyKind(cafe, true));
    assert.ok(encrypted.served >= all, `encrypted: the box served ${encrypted.served} of ${all}`);
    assert.ok(encrypted.wan < 0.05 * all, `encrypted: ${encrypted.wan} bytes came in`);
    const verdicts = (await snapshot(cafe)).steering.recent;
    const how = (pc: number) =>
      new Set(
        verdicts
          .slice(0, verdicts.length - recent.length)
          .filter((v) => v.verdict === 'steered' && v.client?.startsWith(`192.168.77.10${pc}`))
          .map((v) => v.why),
      );
    for (const [i, kind] of clientKinds.entries()) assert.ok(how(i + 1).has('mse-handshake'), `${kind} was encrypted`);

    await cafe.killSeeders();
    const dead = await costOf(cafe, everyKind(cafe, false));
    assert.ok(dead.served >= all, `dead: the box served ${dead.served} of ${all}`);
    assert.ok(dead.wan < 0.05 * all, `dead: ${dead.wan} bytes came in`);
    assert.equal((await snapshot(cafe)).tasks[0]?.state, 'complete');
    assert.equal((await cafe.daemon.stop())?.code, 0);
  }),
);
