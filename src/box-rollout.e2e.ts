/** Bundles that the central of a fleet rolls out go into the slots of a box that is a relay, and the gate after the restart says what became of them. RAUC is played. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { until } from '../scripts/cafe/servers.ts';
import type { Cafe } from '../scripts/cafe/world.ts';
import { Centre } from './box-centre.ts';
import { inCafe, options } from './box-fixtures.ts';
import { COMPATIBLE, PlayedSlots } from './box-slots.ts';

const LIMIT_MS = 120_000;
const ALWAYS = { prefill: { hours: [{ from: '00:00', to: '24:00' }] } };
const CAFE = { sizeMib: 1, wanMbit: 50, clients: [], seeders: [] } as const;

const bundleOf = (version: string): Buffer => Buffer.from(`${version}\n${randomBytes(2_500_000).toString('base64')}`);
const joined = (centre: Centre): Promise<void> =>
  until('the box is here', async () => (await centre.said()).nodes.some(({ online }) => online), LIMIT_MS);
const becomes = (centre: Centre, id: string, state: string): Promise<void> =>
  until(`${id.slice(0, 6)} ${state}`, async () => (await centre.installed(id))?.state === state, LIMIT_MS);

/** The machine ends when it was asked to, and the boot loader starts the next system. */
async function rebooted(cafe: Cafe, slots: PlayedSlots): Promise<void> {
  await until('the machine restarts', () => slots.mustReboot(), LIMIT_MS);
  await cafe.daemon.kill();
  await slots.boot();
  await cafe.daemon.startAgain();
}

test(
  'a bundle goes into the other slot of the box, and what the gate says after the restart reaches the central',
  options,
  async () => {
    const dir = await mkdtemp(join(tmpdir(), 'swarmbox-slots-'));
    try {
      const slots = await PlayedSlots.make(dir, '9.0.0');
      const extras = { daemonUnder: slots.daemonUnder };
      await inCafe('rollout', { ...CAFE, extras }, async (cafe) => {
        const centre = await Centre.start(cafe);
        await using _broker = centre.broker;
        await cafe.daemon.start({ fleet: await centre.section(), ...ALWAYS });
        await joined(centre);

        const content = bundleOf('9.1.0');
        const first = await centre.publishBundle(content, { compatible: COMPATIBLE, version: '9.1.0' });
        await rebooted(cafe, slots);
        assert.equal(await slots.booted(), 'B');
        assert.ok((await slots.content('B')).equals(content), 'pieces of the cache became the bundle again');
        assert.equal(((await cafe.daemon.get('/api/update')) as { version: string }).version, '9.1.0');
        await joined(centre);
        // The gate has not said anything.
        await becomes(centre, first, 'installing');
        await slots.markGood();
        await becomes(centre, first, 'healthy');

        // One whose gate never opens starts the machine again until the boot loader takes the other slot.
        const second = await centre.publishBundle(bundleOf('9.2.0'), { compatible: COMPATIBLE, version: '9.2.0' });
        await rebooted(cafe, slots);
        assert.equal(await slots.booted(), 'A');
        await cafe.daemon.kill();
        assert.deepEqual([await slots.boot(), await slots.boot(), await slots.boot()], ['A', 'A', 'B']);
        await cafe.daemon.startAgain();
        await becomes(centre, second, 'rolled-back');
        assert.equal((await centre.installed(second))?.detail, '9.1.0 runs again');
        await slots.markGood();
        assert.equal(await slots.mustReboot(), false);

        const other = await centre.publishBundle(bundleOf('9.3.0'), { compatible: 'toaster', version: '9.3.0' });
        await centre.complete(other);
        assert.equal(await centre.installed(other), undefined, 'a relay has it for others, and installs nothing of it');
        assert.equal((await cafe.daemon.stop())?.code, 0);
      });
    } finally {
      await rm(dir, { recursive: true, force: true });
    }
  },
);

test(
  'a box that was installed from packages has a bundle for others, and says that nothing is installed on it',
  options,
  () =>
    inCafe('packaged', CAFE, async (cafe) => {
      const centre = await Centre.start(cafe);
      await using _broker = centre.broker;
      await cafe.daemon.start({ fleet: await centre.section(), ...ALWAYS });
      await joined(centre);
      const id = await centre.publishBundle(bundleOf('9.1.0'), { compatible: COMPATIBLE, version: '9.1.0' });
      await centre.complete(id);
      assert.equal(await centre.installed(id), undefined);
    }),
);
