/**
 * A box that was started once is started again, says that it is good, and its settings are changed; another one is updated, and started with its new system: then their power is cut, in every way that
 * the log allows.
 */
import assert from 'node:assert/strict';
import { existsSync, rmSync, statSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { command } from '../cafe/net.ts';
import { builtImage } from './bare-machine.ts';
import { type BoxRun, entriesIn, violationText, walkBox } from './box-cuts.ts';
import { bundleOf, slotOf, systemIn } from './bundles.ts';
import { ext4Files, type Held, holdsOneOf } from './cut-checks.ts';
import { say } from './figures.ts';
import type { GrubChoice } from './grub-choice.ts';
import { BUILT, copyDisk } from './lab.ts';
import { partitionsOf } from './rebuilt-disk.ts';
import { Vm } from './vm.ts';
import { SECTOR } from './written-log.ts';

const image = builtImage();
const skip = process.getuid?.() !== 0 ? 'needs root' : !image && 'no image: make image builds it';
/** Of the tests before, where they were run: a box that was started before. */
const SETTLED = join(BUILT, 'test/settled.img');
const GOOD = 'systemctl is-active -q swarmbox-mark-good';
const START_S = 1_800;
const FILE = '/config/swarmbox/config.json';

async function powerOff(vm: Vm): Promise<void> {
  await vm.run('systemctl poweroff --no-block').catch(() => {});
  await Promise.race([vm.ended, sleep(START_S * 1_000, undefined, { ref: false })]);
  assert.ok(!vm.isRunning, 'it ends');
}

/** A box that was started once, at rest: `disk`, and the same as `base`. */
async function startedOnce(dir: string): Promise<{ disk: string; base: string }> {
  const [disk, base] = [join(dir, 'disk.img'), join(dir, 'base.img')];
  if (existsSync(SETTLED)) await copyDisk(SETTLED, disk);
  else {
    // Its partitions are made at the first start: without a log, which makes of their zeros as many bytes.
    await copyDisk(image || '', disk);
    await command(['truncate', '-s', '4G', disk]);
    await using vm = await Vm.start({ name: 'box', disk, dir });
    await vm.until(GOOD, START_S);
    await powerOff(vm);
  }
  await copyDisk(disk, base);
  return { disk, base };
}

/** What it finds is what the test is about. */
function walk(t: TestContext, run: BoxRun, windows: Readonly<Record<string, number>>): void {
  const { looked, violations, differing } = walkBox({ ...run, states: Number(process.env.CUT_STATES ?? 200) });
  const mib = run.logs.reduce((sum, log) => sum + statSync(log).size, 0) / 2 ** 20;
  say(t.name, { entries: entriesIn(...run.logs), ...windows, mib: Math.round(mib), looked });
  assert.deepEqual(differing, []);
  assert.deepEqual(violations.map(violationText), []);
}

test('nothing that a box has answered is lost, whatever its power takes with it', {
  skip,
  timeout: 7_200_000,
}, async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'swarmbox-image-'));
  t.after(() => rm(dir, { recursive: true, force: true }));
  const { disk, base } = await startedOnce(dir);
  const log = join(dir, 'written.log');
  const partition = partitionsOf(base).find(({ name }) => name === 'config');
  const [before] = ext4Files(`${base}?offset=${(partition?.sector ?? 0) * SECTOR}`, ['/swarmbox/config.json']);
  const config: Held[] = [{ text: before?.toString('utf8'), begunBy: 0, answeredBy: 0 }];
  const read = async (vm: Vm): Promise<string> => `${await vm.text(`cat ${FILE}`)}\n`;
  let [good, changed] = [0, 0];
  {
    await using vm = await Vm.start({ name: 'box', disk, dir, logWrites: log });
    await vm.until(GOOD, START_S);
    good = entriesIn(log);
    // One that has no settings yet has made them.
    config.push({ text: await read(vm), begunBy: 0, answeredBy: good });
    const ask = (line: string): Promise<string> =>
      vm.text(`ADMIN=/data/swarmbox/control.sock /opt/swarmbox/scripts/ask ${line}`, 300);
    for (const seats of [7, 8, 9]) {
      const { revision } = JSON.parse(await ask('GET /api/settings')) as { revision: number };
      const begunBy = entriesIn(log);
      await ask(`PATCH /api/settings '${JSON.stringify({ revision, values: { seats }, note: 'a trial' })}'`);
      const answeredBy = entriesIn(log);
      config.push({ text: await read(vm), begunBy, answeredBy });
    }
    changed = entriesIn(log);
    await powerOff(vm); // else its last write is perhaps on the disk and not in the log
  }
  // Of nine tries GRUB has used one, until the system has said that it is good.
  const grub = ({ slot, words }: GrubChoice, at: number): string[] => {
    if (slot !== 'A' || words.get('PROVEN') !== 'A') return [`starts ${slot}, proven: ${words.get('PROVEN')}`];
    return at >= good && words.get('A_TRY') !== '0' ? ['has forgotten that A is good'] : [];
  };
  const files = { '/swarmbox/config.json': holdsOneOf(config) };
  walk(t, { base, disk, logs: [log], grub, config: files }, { good, changed });
  rmSync(log);
});

test('an update is the old system or the new one, whatever a power cut leaves of it', {
  skip,
  timeout: 7_200_000,
}, async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'swarmbox-image-'));
  t.after(() => rm(dir, { recursive: true, force: true }));
  const version = '0.1.6';
  const stick = join(dir, 'stick.img');
  await mkdir(join(dir, 'stick'));
  await copyDisk(await bundleOf({ version }), join(dir, 'stick/bundle.raucb'));
  await command(['truncate', '-s', '400M', stick]);
  await command(['mkfs.ext4', '-q', '-d', join(dir, 'stick'), stick]);
  const { disk, base } = await startedOnce(dir);
  const logs = ['installed', 'started'].map((name) => join(dir, `${name}.log`));
  const shape = { name: 'box', disk, dir, disks: [stick] };
  let [from, installed] = [0, 0];
  {
    await using vm = await Vm.start({ ...shape, logWrites: logs[0] ?? '' });
    await vm.until(GOOD, START_S);
    from = entriesIn(logs[0] ?? '');
    await vm.text('mount -o ro /dev/vdb /mnt && rauc install /mnt/bundle.raucb', 1_200);
    installed = entriesIn(logs[0] ?? '');
    await powerOff(vm);
  }
  {
    await using vm = await Vm.start({ ...shape, logWrites: logs[1] ?? '' });
    await vm.until(GOOD, START_S);
    assert.match(await vm.text('cat /proc/cmdline'), /rauc\.slot=B /);
    await powerOff(vm);
  }
  const images = { A: [await systemIn()], B: [await systemIn(await slotOf(version))] };
  const grub = ({ slot }: GrubChoice, at: number): string[] =>
    at >= installed && slot !== 'B' ? ['has forgotten what was installed'] : [];
  walk(t, { base, disk, logs, from, images, grub }, { from, installed });
});
