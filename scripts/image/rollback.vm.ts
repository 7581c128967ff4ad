/** Systems that are no good, whatever way: the box is back on the one before, by itself. And what is left to start when both have used up their tries. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { UpdateView } from '#admin/contract-machine.ts';
import { BROKEN, bundleOf } from './bundles.ts';
import { say } from './figures.ts';
import { BUILT, Lab, START_S } from './lab.ts';

const UPDATED = join(BUILT, 'test/updated.img');
const skip = !existsSync(UPDATED) && 'no disk of an updated box: update.vm.ts leaves one';
const TRIES = 3;

describe('a system that is no good', { skip, timeout: 10_800_000 }, () => {
  let lab: Lab;
  before(async () => {
    lab = await Lab.open(`sbi-${process.pid}-`, UPDATED);
    await lab.startGood();
  });
  after(() => lab?.[Symbol.asyncDispose]());

  const broken = { panics: '0.1.4', ends: '0.1.2', refuses: '0.1.3' } as const;
  for (const [how, version] of Object.entries(broken) as [keyof typeof BROKEN, string][])
    test(`one that ${how} is tried ${TRIES} times; then the one before runs, and stays`, async () => {
      const path = await bundleOf({ version, files: BROKEN[how] });
      await lab.vm.text('mkdir -p /data/in');
      // Not over the page: that is tried with good ones.
      await lab.bring(path, '/data/in/bundle.raucb');
      await lab.vm.text('rauc install /data/in/bundle.raucb && rm -r /data/in && sync', 900);
      await lab.vm.run('systemctl reboot --no-block');
      await lab.off();
      const seconds: number[] = [];
      for (let tries = 0; tries < TRIES; tries++) {
        const { ORDER, A_OK, A_TRY, PROVEN } = await lab.grubenv();
        assert.deepEqual(
          { ORDER, A_OK, A_TRY, PROVEN },
          { ORDER: 'A B', A_OK: '1', A_TRY: String(tries), PROVEN: 'B' },
        );
        const vm = await lab.start(true);
        await lab.off(START_S);
        seconds.push(vm.ageS);
        assert.match(await vm.console(), new RegExp(`slot A, try ${tries + 1} `));
      }
      const vm = await lab.startGood();
      say(`back from one that ${how}`, { triesS: seconds.map(Math.round), goodAgainS: vm.ageS });
      const { version: now, slots } = (await lab.ask('GET', '/api/update')) as UpdateView;
      assert.equal(now, '0.1.1');
      assert.deepEqual(
        slots.map(({ name, state }) => `${name} ${state}`),
        ['A bad', 'B running'],
      );
      const said = await vm.text('grub-editenv /efi/EFI/BOOT/grubenv list');
      for (const word of ['ORDER=B A', 'A_OK=0', 'B_OK=1', 'B_TRY=0', 'PROVEN=B'])
        assert.ok(said.split('\n').includes(word), `${word}: ${said}`);
    });

  test('power cycles before it could say that it is good do not start the older one', async () => {
    await lab.powerOff();
    // As if the other slot held an older system that was good.
    await lab.setGrubenv({ A_OK: '1', A_TRY: '0', PROVEN: 'B A' });
    for (let cut = 1; cut <= TRIES + 1; cut++) {
      const vm = await lab.start();
      await lab.heard(new RegExp(`slot B, try ${cut} `));
      await sleep(15_000);
      await vm.cut();
    }
    const { B_TRY } = await lab.grubenv();
    assert.equal(B_TRY, String(TRIES + 1));
  });

  test('with all tries used up the last one that was good runs all the same, and is good again', async () => {
    await lab.setGrubenv({ A_OK: '0', A_TRY: '3', B_TRY: '9', PROVEN: 'B' });
    const vm = await lab.startGood();
    assert.match(await vm.text('cat /proc/cmdline'), /rauc\.slot=B .*swarmbox\.last=1/);
    await lab.powerOff();
    const { B_OK, B_TRY } = await lab.grubenv();
    assert.deepEqual({ B_OK, B_TRY }, { B_OK: '1', B_TRY: '0' });
  });
});
