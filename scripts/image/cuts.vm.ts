/** A box from its first start until it has said that it is good and its settings were changed: then its power is cut, in every way that the log allows. */
import assert from 'node:assert/strict';
import { rmSync, statSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { command } from '../cafe/net.ts';
import { builtImage } from './bare-machine.ts';
import { type BoxRun, entriesIn, violationText, walkBox } from './box-cuts.ts';
import { type Held, holdsOneOf } from './cut-checks.ts';
import type { GrubChoice } from './grub-choice.ts';
import { Vm } from './vm.ts';

const image = builtImage();
const skip = process.getuid?.() !== 0 ? 'needs root' : !image && 'no image: make image builds it';
const START_S = 1_800;
const FILE = '/config/swarmbox/config.json';

test('nothing that a box has answered is lost, whatever its power takes with it', {
  skip,
  timeout: 7_200_000,
}, async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'swarmbox-image-'));
  t.after(() => rm(dir, { recursive: true, force: true }));
  const [disk, base, log] = [join(dir, 'disk.img'), join(dir, 'base.img'), join(dir, 'written.log')];
  await mkdir(dir, { recursive: true });
  for (const copy of [disk, base]) await command(['cp', '--sparse=always', image ?? '', copy]);
  await command(['truncate', '-s', '4G', disk, base]);
  const config: Held[] = [];
  const marks: Record<string, number> = {};
  {
    await using vm = await Vm.start({ name: 'box', disk, dir, logWrites: log });
    const at = async (what: string, check: string): Promise<void> => {
      await vm.until(check, START_S);
      marks[what] = entriesIn(log);
      t.diagnostic(`${what}: entry ${marks[what]}, ${vm.ageS.toFixed(0)} s`);
    };
    await at('remembers', 'systemctl is-active -q swarmbox-config');
    await at('good', 'systemctl is-active -q swarmbox-mark-good');
    // What was there before is nobody's word: it may be missing until here.
    const first = await vm.text(`cat ${FILE}`);
    config.push({ text: undefined, begunBy: 0, answeredBy: 0 });
    config.push({ text: `${first}\n`, begunBy: 0, answeredBy: marks.good ?? 0 });
    const ask = (line: string): Promise<string> =>
      vm.text(`ADMIN=/data/swarmbox/control.sock /opt/swarmbox/scripts/ask ${line}`, 300);
    for (const seats of [7, 8, 9]) {
      const { revision } = JSON.parse(await ask('GET /api/settings')) as { revision: number };
      const begunBy = entriesIn(log);
      await ask(`PATCH /api/settings '${JSON.stringify({ revision, values: { seats }, note: 'a trial' })}'`);
      const answeredBy = entriesIn(log);
      config.push({ text: `${await vm.text(`cat ${FILE}`)}\n`, begunBy, answeredBy });
    }
    await at('changed', 'true');
  }
  // Of nine tries GRUB has used one, until the system has said that it is good.
  const good = marks.good ?? 0;
  const grub = ({ slot, words }: GrubChoice, at: number): string[] => {
    const isGood = words.get('A_TRY') === '0' && words.get('PROVEN') === 'A';
    if (slot !== 'A') return [`starts ${slot}`];
    return at >= good && !isGood ? ['has forgotten that A is good'] : [];
  };
  const run: BoxRun = {
    base,
    disk,
    logs: [log],
    from: marks.remembers ?? 0,
    grub,
    config: { '/swarmbox/config.json': holdsOneOf(config) },
  };
  const sizeMib = statSync(log).size / 2 ** 20;
  const { looked, violations, differing } = walkBox({ ...run, states: Number(process.env.CUT_STATES ?? 200) });
  t.diagnostic(`${entriesIn(log)} entries, ${sizeMib.toFixed(0)} MiB; ${JSON.stringify(looked)}`);
  assert.deepEqual(differing, []);
  assert.deepEqual(violations.map(violationText), []);
  rmSync(log);
});
