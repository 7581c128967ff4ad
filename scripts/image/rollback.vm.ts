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

/** Of the tests before: a box that was updated, or else one that is still what was flashed. */
const disk = ['updated', 'settled'].map((name) => join(BUILT, `test/${name}.img`)).find(existsSync);
const skip = !disk && 'no disk of a settled box: wire.vm.ts leaves one';
const TRIES = 3;

describe('a system that is no good', { skip, timeout: 10_800_000 }, () => {
  let lab: Lab;
  let [good, other, version] = ['', '', ''];
  const view = async (): Promise<UpdateView> => (await lab.ask('GET', '/api/update')) as UpdateView;

  before(async () => {
    lab = await Lab.open(`sbi-${process.pid}-`, disk ?? '');
    await lab.startGood();
    const now = await view();
    version = now.version;
    good = now.slots.find(({ state }) => state === 'running')?.name ?? '';
    other = good === 'A' ? 'B' : 'A';
  });
  after(() => lab?.[Symbol.asyncDispose]());

  const broken = { panics: '0.1.4', ends: '0.1.2', refuses: '0.1.3' } as const;
  for (const [how, name] of Object.entries(broken) as [keyof typeof BROKEN, string][])
    test(`one that ${how} is tried ${TRIES} times; then the one before runs, and stays`, async () => {
      const path = await bundleOf({ version: name, files: BROKEN[how] });
      await lab.vm.text('mkdir -p /data/in');
      // Not over the page: that is tried with good ones.
      await lab.bring(path, '/data/in/bundle.raucb');
      await lab.vm.text('rauc install /data/in/bundle.raucb && rm -r /data/in && sync', 900);
      await lab.vm.run('systemctl reboot --no-block');
      await lab.off();
      const seconds: number[] = [];
      for (let tries = 0; tries < TRIES; tries++) {
        const words = await lab.grubenv();
        assert.deepEqual(
          [words.ORDER, words[`${other}_OK`], words[`${other}_TRY`]],
          [`${other} ${good}`, '1', `${tries}`],
        );
        assert.equal(words.PROVEN, good);
        const vm = await lab.start(true);
        await lab.off(START_S);
        seconds.push(vm.ageS);
        assert.match(await vm.console(), new RegExp(`slot ${other}, try ${tries + 1} `));
      }
      const vm = await lab.startGood();
      say(`back from one that ${how}`, { triesS: seconds.map(Math.round), goodAgainS: vm.ageS });
      const { version: now, slots } = await view();
      assert.equal(now, version);
      const states = Object.fromEntries(slots.map(({ name: slot, state }) => [slot, state]));
      assert.deepEqual(states, { [other]: 'bad', [good]: 'running' });
      const said = await vm.text('grub-editenv /efi/EFI/BOOT/grubenv list');
      for (const word of [`ORDER=${good} ${other}`, `${other}_OK=0`, `${good}_OK=1`, `${good}_TRY=0`, `PROVEN=${good}`])
        assert.ok(said.split('\n').includes(word), `${word}: ${said}`);
    });

  test('power cycles before it could say that it is good do not start the older one', async () => {
    await lab.powerOff();
    // As if the other slot held an older system that was good.
    await lab.setGrubenv({ [`${other}_OK`]: '1', [`${other}_TRY`]: '0', PROVEN: `${good} ${other}` });
    for (let cut = 1; cut <= TRIES + 1; cut++) {
      const vm = await lab.start();
      await lab.heard(new RegExp(`slot ${good}, try ${cut} `));
      await sleep(15_000);
      await vm.cut();
    }
    assert.equal((await lab.grubenv())[`${good}_TRY`], String(TRIES + 1));
  });

  test('with all tries used up the last one that was good runs all the same, and is good again', async () => {
    const used = { [`${other}_OK`]: '0', [`${other}_TRY`]: '3', [`${good}_TRY`]: '9', PROVEN: good };
    await lab.setGrubenv(used);
    const vm = await lab.startGood();
    assert.match(await vm.text('cat /proc/cmdline'), new RegExp(`rauc\\.slot=${good} .*swarmbox\\.last=1`));
    await lab.powerOff();
    const words = await lab.grubenv();
    assert.deepEqual([words[`${good}_OK`], words[`${good}_TRY`]], ['1', '0']);
  });
});
