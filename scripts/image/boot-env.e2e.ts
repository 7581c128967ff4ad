import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { BareMachine, builtImage, kernelOf } from './bare-machine.ts';
import { fatCheck, fatFile, grubEnvCheck, type Held, holdsOneOf } from './cut-checks.ts';
import { differing, walkCuts } from './cut-walk.ts';
import { blockTroubles, type GrubChoice, isBlock, wordsOf } from './grub-choice.ts';
import { partitionsOf } from './rebuilt-disk.ts';
import { readLog, SECTOR } from './written-log.ts';

const ROOT = join(import.meta.dirname, '../..');
const WRAPPER = join(ROOT, 'firmware/root/usr/lib/swarmbox/bin/grub-editenv');
const GRUB_CFG = join(ROOT, 'image/grub/grub.cfg');
const image = builtImage();
const missing = ['qemu-system-x86_64', 'mcopy', 'unsquashfs', 'grub-editenv'].filter(
  (name) => !existsSync(`/usr/bin/${name}`),
);
const skip = !image
  ? 'no image is built here (make image)'
  : missing.length > 0
    ? `${missing} missing (image/tools.sh test)`
    : false;
const GRUB_LIMIT_S = 120;
const SAID = /swarmbox: slot (\w+), try (\d) /;

function folder(t: TestContext): (name: string) => string {
  const dir = mkdtempSync(join(tmpdir(), 'swarmbox-env-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return (name) => join(dir, name);
}

const edit = (...words: string[]): string => execFileSync('grub-editenv', words, { encoding: 'utf8' });

/** Writes files onto the ESP of a disk. */
function ontoEsp(disk: string, files: Readonly<Record<string, string>>): void {
  const esp = partitionsOf(disk).find(({ name }) => name === 'esp');
  assert.ok(esp);
  const at = `${disk}@@${esp.sector * SECTOR}`;
  const env = { ...process.env, MTOOLS_SKIP_CHECK: '1' };
  for (const [name, path] of Object.entries(files))
    execFileSync('mcopy', ['-o', '-i', at, path, `::/EFI/BOOT/${name}`], { env });
}

/** A copy of the image with GRUB's settings as they are in the project now. */
function diskOf(path: string): string {
  execFileSync('cp', ['--sparse=always', image ?? '', path]);
  ontoEsp(path, { 'grub.cfg': GRUB_CFG });
  return path;
}

const noEditenv = existsSync('/usr/bin/grub-editenv') ? false : 'grub-editenv is missing';

test('what is damaged of the two blocks is mended from the other one, and of both a new one is made', {
  skip: noEditenv || (process.getuid?.() !== 0 && 'needs root: it works in /run'),
}, (t) => {
  const at = folder(t);
  const [file, backup] = [at('grubenv'), at('grubenv.bak')];
  const wrapper = (...words: string[]): string => execFileSync(WRAPPER, [file, ...words], { encoding: 'utf8' });
  const left = (): string[] => readdirSync('/run').filter((name) => name.startsWith('tmp.'));
  const before = left();
  const set = ['ORDER=B A', 'A_OK=1', 'A_TRY=0', 'B_OK=1', 'B_TRY=2'];
  edit(file, 'create');
  wrapper('set', ...set);
  const whole = readFileSync(file);
  assert.deepEqual(blockTroubles(whole), []);
  for (const [name, damage] of [
    ['empty', Buffer.alloc(0)],
    ['zeros', Buffer.alloc(1024)],
    ['short', whole.subarray(0, 512)],
  ] as const)
    for (const damaged of [file, backup]) {
      writeFileSync(damaged, damage);
      assert.equal(wrapper('list').split('\n')[0], 'ORDER=B A', name);
      // Nothing that it does not say already.
      wrapper('set', 'B_TRY=2');
      assert.deepEqual([readFileSync(file), readFileSync(backup)], [whole, whole], `${name} ${damaged}`);
    }
  // GRUB wrote into its own one: that is the newer one.
  edit(file, 'set', 'B_TRY=3');
  wrapper('set', 'A_TRY=1');
  assert.deepEqual([wordsOf(readFileSync(file)).get('B_TRY'), readFileSync(backup)], ['3', readFileSync(file)]);
  for (const damaged of [file, backup]) writeFileSync(damaged, '');
  wrapper('set', ...set);
  assert.deepEqual([readFileSync(file), readFileSync(backup)], [whole, whole]);
  assert.deepEqual(left(), before, 'it leaves nothing in /run');
});

for (const { name, own, beside, starts, notesIn } of [
  {
    name: 'the block beside it, when its own is damaged',
    own: 'zeros',
    beside: 'whole',
    starts: 'B 2',
    notesIn: 'grubenv.bak',
  },
  {
    name: 'the block beside it, when its own is empty',
    own: 'empty',
    beside: 'whole',
    starts: 'B 2',
    notesIn: 'grubenv.bak',
  },
  { name: 'its own settings, when both are damaged', own: 'zeros', beside: 'zeros', starts: 'A 1', notesIn: undefined },
] as const)
  test(`GRUB takes ${name}`, { skip, timeout: 200_000 }, async (t) => {
    const at = folder(t);
    const disk = diskOf(at('disk'));
    edit(at('whole'), 'create');
    edit(at('whole'), 'set', 'ORDER=B A', 'A_OK=0', 'A_TRY=0', 'B_OK=1', 'B_TRY=1');
    writeFileSync(at('zeros'), Buffer.alloc(1024));
    writeFileSync(at('empty'), '');
    ontoEsp(disk, { grubenv: at(own), 'grubenv.bak': at(beside) });
    {
      await using grub = new BareMachine(disk, at('log'));
      const [, slot, turn] = await grub.until(SAID, GRUB_LIMIT_S);
      assert.equal(`${slot} ${turn}`, starts);
    }
    const esp = partitionsOf(disk).find(({ name }) => name === 'esp');
    const blocks = ['grubenv', 'grubenv.bak'].filter((name) => {
      const block = fatFile(`${disk}@@${(esp?.sector ?? 0) * SECTOR}`, `/EFI/BOOT/${name}`);
      return isBlock(block) && wordsOf(block).has('BOOTED');
    });
    assert.deepEqual(blocks, notesIn ? [notesIn] : []);
  });

/** The machine's init: the slot's own programs over the slot's own kernel, as the box has them, and GRUB's environment changed as it is told. */
const program = (): string => `#!/bin/sh
mkdir -p /proc /sys /dev /s
mount -t proc proc /proc; mount -t sysfs sysfs /sys; mount -t devtmpfs devtmpfs /dev
for module in virtio_pci virtio_blk squashfs vfat nls_cp437 nls_ascii; do modprobe $module; done
mount -t squashfs -o ro /dev/vda3 /s; mount -t tmpfs tmpfs /s/run; mount --bind /dev /s/dev
mount -t vfat -o umask=0077,noatime /dev/vda2 /s/efi
cat >/s/run/in-place <<'WRAPPER'
${readFileSync(WRAPPER, 'utf8')}WRAPPER
chmod +x /s/run/in-place
stty -echo 2>/dev/null
echo "ready"
while read -r number line; do
  eval "chroot /s $line"; echo "answered $number with $?"
done
`;

const textOf = ({ words }: Pick<GrubChoice, 'words'>): string =>
  ['ORDER', 'A_OK', 'A_TRY', 'B_OK', 'B_TRY'].map((name) => words.get(name)).join(' ');

test('whatever a power cut loses, GRUB finds what was answered last or what was being written', {
  skip,
  timeout: 400_000,
}, async (t) => {
  const at = folder(t);
  const disk = diskOf(at('disk'));
  const base = at('base');
  execFileSync('cp', ['--sparse=always', disk, base]);
  const logs: string[] = [];
  const log = (name: string): string => {
    logs.push(at(name));
    return at(name);
  };
  const count = (): number => readLog(...logs).entries.length;
  const held: Held[] = [{ text: 'A B 1 0 0 0', begunBy: 0, answeredBy: 0 }];
  // GRUB notes its try down, and flushes nothing.
  held.push({ text: 'A B 1 1 0 0', begunBy: 0, answeredBy: Number.POSITIVE_INFINITY });
  {
    await using grub = new BareMachine(disk, log('first.log'));
    assert.deepEqual((await grub.until(SAID, GRUB_LIMIT_S)).slice(1), ['A', '1']);
  }
  let [storyEnd, plainEnd] = [0, 0];
  {
    const kernel = { ...kernelOf(image ?? '', at('.'), 'trial', program()), rdinit: '/trial' };
    await using machine = new BareMachine(disk, log('second.log'), kernel);
    await machine.until(/^ready/m, 200);
    let number = 0;
    const run = async (line: string): Promise<void> => {
      machine.say(`${++number} ${line}`);
      assert.equal((await machine.until(new RegExp(`answered ${number} with (\\d+)`), 60))[1], '0', line);
    };
    // A system marked good; an update into B: first it is no system, then it is the first one to be started.
    for (const [words, text] of [
      ['A_OK=1 A_TRY=0', 'A B 1 0 0 0'],
      ['B_OK=0 B_TRY=3', 'A B 1 0 0 3'],
      ['"ORDER=B A" B_OK=1 B_TRY=0', 'B A 1 0 1 0'],
    ] as const) {
      const begunBy = count();
      await run(`/run/in-place /efi/EFI/BOOT/grubenv set ${words}`);
      held.push({ text, begunBy, answeredBy: count() });
    }
    storyEnd = count();
    // Debian's own program, for which the box has one of its own: the walk must find out what is wrong with it.
    for (const turn of [1, 2]) await run(`/usr/bin/grub-editenv /efi/EFI/BOOT/grubenv set A_TRY=${turn}`);
    plainEnd = count();
  }
  {
    await using grub = new BareMachine(disk, log('third.log'));
    assert.deepEqual((await grub.until(SAID, GRUB_LIMIT_S)).slice(1), ['B', '1']);
  }
  const all = readLog(...logs);
  assert.equal(all.lost, 0);
  assert.deepEqual(
    differing({ log: all, base, table: disk }, ['esp', 'a', 'b']),
    [],
    'the logs say all that was written',
  );
  const expect = holdsOneOf(held);
  const ownBlock = ({ by }: GrubChoice): string[] => (by === 'grubenv' ? [] : ['its own block is damaged']);
  const isAnswered = (choice: GrubChoice, at: number): string[] => {
    const trouble = expect(Buffer.from(textOf(choice)), at);
    return trouble === undefined ? ownBlock(choice) : [trouble];
  };
  const story = walkCuts({ log: all, base, checks: [grubEnvCheck(isAnswered), fatCheck], to: storyEnd });
  t.diagnostic(`${storyEnd} entries; ${JSON.stringify(story.looked)}`);
  assert.deepEqual(story.violations, []);
  const plain = walkCuts({ log: all, base, checks: [grubEnvCheck(ownBlock)], from: storyEnd, to: plainEnd });
  t.diagnostic(
    `Debian's own: ${plain.violations.length} damaged of ${JSON.stringify(plain.looked)}, e.g. ${plain.violations[0]?.state}`,
  );
  assert.ok(plain.violations.length > 0, JSON.stringify(plain));
  const last = walkCuts({ log: all, base, checks: [grubEnvCheck(), fatCheck], from: plainEnd });
  assert.deepEqual(last.violations, []);
});
