import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, copyFile, mkdir, mkdtemp, open, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { noLoops } from '#machine/fixtures.ts';
import { command } from '../cafe/net.ts';

/** The program that installs the running system on another disk, with files as disks. */

const root = join(import.meta.dirname, '../..');
const INSTALL = join(root, 'firmware/root/usr/lib/swarmbox/install-to');
const PROGRAMS = [
  '/usr/sbin/sfdisk',
  '/usr/sbin/mkfs.vfat',
  '/usr/sbin/mkfs.ext4',
  '/usr/bin/grub-editenv',
  '/usr/bin/mcopy',
];
const missing = PROGRAMS.find((program) => !existsSync(program));
const options = { skip: noLoops() || (missing !== undefined && `${missing} is not installed`), timeout: 240_000 };
const MIB = 1 << 20;
const SLOT_MIB = 4;
/** Not a whole number of MiB, as disks are. */
const TARGET_BYTES = 1_000 * MIB + 512 * 77;
const NAMES = ['bios', 'esp', 'a', 'b'] as const;
const SIZES_MIB = { bios: 1, esp: 33, a: 8, b: 8 };

type Part = { readonly name: string; readonly start: number; readonly size: number; readonly uuid: string };
type Table = { readonly id: string; readonly partitions: readonly Part[] };
const tableOf = async (disk: string): Promise<Table> =>
  JSON.parse(await command(['sfdisk', '-J', disk])).partitiontable;
const partOf = (table: Table, name: string): Part => {
  const found = table.partitions.find((part) => part.name === `swarmbox-${name}`);
  assert.ok(found, name);
  return found;
};

async function bytesAt(file: string, at: number, length: number): Promise<Buffer> {
  const handle = await open(file);
  try {
    return (await handle.read(Buffer.alloc(length), 0, length, at)).buffer;
  } finally {
    await handle.close();
  }
}

async function put(file: string, at: number, bytes: Buffer): Promise<void> {
  const handle = await open(file, 'r+');
  try {
    await handle.write(bytes, 0, bytes.length, at);
  } finally {
    await handle.close();
  }
}

/** A box that runs system B from a disk, and a second disk. */
async function box(t: TestContext) {
  const dir = await mkdtemp(join(tmpdir(), 'swarmbox-install-'));
  t.after(() => rm(dir, { recursive: true, force: true }));
  const at = (name: string): string => join(dir, name);
  const loop = async (name: string): Promise<string> => {
    const device = (await command(['losetup', '-f', '--show', at(name)])).trim();
    t.after(() => command(['losetup', '-d', device]));
    return device.slice('/dev/'.length);
  };
  await writeFile(at('source'), '');
  await truncate(at('source'), 100 * MIB);
  const lines = NAMES.map((name) => `size=${SIZES_MIB[name]}MiB, type=linux, name="swarmbox-${name}"`);
  await command(['sfdisk', '-q', at('source')], `label: gpt\n${lines.join('\n')}\n`);
  const table = await tableOf(at('source'));
  const slot = randomBytes(SLOT_MIB * MIB);
  slot.writeBigUInt64LE(BigInt(slot.length - 5_000), 40);
  const [boot, core] = [randomBytes(440), randomBytes(MIB)];
  await put(at('source'), 0, boot);
  await put(at('source'), partOf(table, 'bios').start * 512, core);
  await put(at('source'), partOf(table, 'b').start * 512, slot);
  await writeFile(at('target'), '');
  await truncate(at('target'), TARGET_BYTES);
  await mkdir(at('efi/EFI/BOOT'), { recursive: true });
  await writeFile(at('efi/EFI/BOOT/BOOTX64.EFI'), 'loader');
  await command(['grub-editenv', at('efi/EFI/BOOT/grubenv'), 'create']);
  await command(['grub-editenv', at('efi/EFI/BOOT/grubenv'), 'set', 'ORDER=B A', 'A_OK=0', 'B_OK=1', 'BOOTED=then']);
  await copyFile(at('efi/EFI/BOOT/grubenv'), at('efi/EFI/BOOT/grubenv.bak'));
  const esp = partOf(table, 'esp');
  await writeFile(at('esp'), '');
  await truncate(at('esp'), esp.size * 512);
  await command(['mkfs.vfat', '-i', '5b0c5e01', at('esp')]);
  await command(['mcopy', '-s', '-i', at('esp'), at('efi/EFI'), '::']);
  await put(at('source'), esp.start * 512, await readFile(at('esp')));
  for (const folder of ['config/swarmbox', 'config/network', 'bin']) await mkdir(at(folder), { recursive: true });
  const settings = { lan: 'eth0', wan: 'eth1', dataDir: '/data/swarmbox', seats: 5 };
  await writeFile(
    at('config/swarmbox/config.json'),
    JSON.stringify({ ...settings, disks: ['/data/swarmbox/disks/x'] }),
  );
  await writeFile(at('config/ports'), 'lan eth0 02:00:00:00:00:aa');
  await writeFile(at('config/network/05-swarmbox-br0.network'), 'the address');
  await writeFile(at('cmdline'), 'root=/dev/swarmbox-root rauc.slot=B quiet\n');
  const own = join(root, 'src/without-daemon.ts');
  await writeFile(at('settings'), `#!/bin/sh\nexec "${process.execPath}" "${own}" "$@"\n`, { mode: 0o755 });
  const [source, target] = [await loop('source'), await loop('target')];
  await writeFile(at('system-disk'), `${source}\n`);
  /** A program that is found before the real one. */
  const instead = async (name: string, text: string): Promise<void> => {
    const real = (await command(['sh', '-c', `command -v ${name}`])).trim();
    await writeFile(at(`bin/${name}`), `#!/bin/bash\n${text.replaceAll('REAL', real)}\n`);
    await chmod(at(`bin/${name}`), 0o755);
  };
  const env = {
    ...process.env,
    PATH: `${at('bin')}:${process.env.PATH}`,
    ...{ BOOT: dir, WORK: dir, EFI: at('efi'), CONFIG: at('config'), CMDLINE: at('cmdline'), SETTINGS: at('settings') },
  };
  const install = (...args: string[]) =>
    new Promise<{ code: number | string | null; text: string }>((resolve) => {
      // What is mounted is mounted for nobody else: whoever has a copy of the mounts keeps the disk busy.
      const child = execFile(
        'unshare',
        ['-m', 'bash', INSTALL, ...args],
        { env, timeout: 120_000 },
        (_, stdout, stderr) => resolve({ code: child.exitCode ?? child.signalCode, text: stdout + stderr }),
      );
    });
  return { at, source, target, install, instead, slot, boot, core, table, settings };
}

const isEmpty = async (file: string): Promise<boolean> => {
  const [first, last] = [await bytesAt(file, 0, MIB), await bytesAt(file, TARGET_BYTES - 512 * 34, 512 * 34)];
  return first.every((byte) => byte === 0) && !last.includes('EFI PART');
};

/** What a shell says in that partition. */
async function inPart(disk: string, part: Part, words: string): Promise<string> {
  const at = await mkdtemp(join(tmpdir(), 'swarmbox-part-'));
  const offset = `loop,ro,offset=${part.start * 512},sizelimit=${part.size * 512}`;
  try {
    const mounted = `mount -t ext4 -o ${offset} ${disk} ${at} && (cd ${at} && ${words}); umount ${at}`;
    return await command(['unshare', '-m', 'sh', '-c', mounted]);
  } finally {
    await rm(at, { recursive: true });
  }
}

test('the running system comes on the other disk as its system A, with numbers of its own', options, async (t) => {
  const { at, target, install, slot, boot, core, table } = await box(t);
  const { code, text } = await install(`/dev/${target}`);
  assert.equal(code, 0, text);
  await command(['sfdisk', '--verify', at('target')]);
  const made = await tableOf(at('target'));
  const shape = ({ partitions }: Table) => partitions.map(({ name, start, size }) => ({ name, start, size }));
  assert.deepEqual(shape(made), shape(table));
  const numbers = ({ id, partitions }: Table) => [id, ...partitions.map(({ uuid }) => uuid)];
  assert.equal(new Set([...numbers(made), ...numbers(table)]).size, 10);
  const [bios, esp, a, b] = NAMES.map((name) => partOf(made, name)) as [Part, Part, Part, Part];
  assert.deepEqual(await bytesAt(at('target'), 0, 440), boot);
  assert.deepEqual(await bytesAt(at('target'), bios.start * 512, MIB), core);
  assert.deepEqual(await bytesAt(at('target'), a.start * 512, slot.length), slot);
  assert.ok(
    (await bytesAt(at('target'), b.start * 512, MIB)).every((byte) => byte === 0),
    'B is empty',
  );
  const from = `${at('target')}@@${esp.start * 512}`;
  for (const name of ['grubenv', 'grubenv.bak']) {
    await command(['mcopy', '-n', '-i', from, `::EFI/BOOT/${name}`, at('env')]);
    const env = await command(['grub-editenv', at('env'), 'list']);
    assert.deepEqual(env.trim().split('\n'), ['ORDER=A B', 'A_OK=1', 'A_TRY=0', 'B_OK=0', 'B_TRY=0']);
    await rm(at('env'));
  }
  assert.equal(await command(['mtype', '-i', from, '::EFI/BOOT/BOOTX64.EFI']), 'loader');
  const serialOf = async () => (await bytesAt(at('target'), esp.start * 512 + 0x27, 4)).toString('hex');
  const serial = await serialOf();
  assert.equal((await install(target)).code, 0, 'and again over itself');
  assert.notEqual(await serialOf(), serial);
  assert.notEqual((await tableOf(at('target'))).id, made.id);
});

test('settings go along without what is bound to the disks here', options, async (t) => {
  const { at, target, install, settings } = await box(t);
  const { code, text } = await install(target, 'with-settings');
  assert.equal(code, 0, text);
  const part = partOf(await tableOf(at('target')), 'config');
  const said = (name: string) => inPart(`/dev/${target}`, part, `cat ${name}`);
  const { version: _, ...gone } = JSON.parse(await said('swarmbox/config.json'));
  assert.deepEqual(gone, settings);
  assert.equal(await said('network/05-swarmbox-br0.network'), 'the address');
  assert.equal(await said('ports'), 'lan eth0 02:00:00:00:00:aa');
});

for (const [when, program] of [
  ['the system was copied', 'sync'],
  ['all but the partition table was', 'sfdisk'],
] as const)
  test(`a power cut when ${when} leaves a disk that nothing starts from`, options, async (t) => {
    const { at, target, install, instead } = await box(t);
    assert.equal((await install(target)).code, 0);
    assert.ok(!(await isEmpty(at('target'))), 'it was bootable before');
    // sfdisk reads the layout first.
    await instead(program, `[ "$1" = -d ] && exec REAL "$@"\nkill -9 $PPID`);
    assert.notEqual((await install(target)).code, 0);
    assert.ok(await isEmpty(at('target')));
  });

test('a disk that gives back something else than it was given is refused, and is not bootable', options, async (t) => {
  const { at, target, install, instead } = await box(t);
  const spoil = `printf x | REAL of=/dev/${target} bs=1 seek=${(partOf(await tableOf(at('source')), 'a').start + 99) * 512} conv=notrunc,fsync status=none`;
  await instead('dd', `REAL "$@" || exit\ncase "$*" in *of=/dev/${target}*count=${SLOT_MIB}*) ${spoil} ;; esac`);
  const { code, text } = await install(target);
  assert.notEqual(code, 0);
  assert.match(text, /reads back otherwise/);
  assert.ok(await isEmpty(at('target')));
});

test('what is not to be taken is left as it is, and it is said why', options, async (t) => {
  const { at, source, target, install } = await box(t);
  const before = await bytesAt(at('source'), 0, 100 * MIB);
  const refusal = async (disk: string) => {
    const { code, text } = await install(disk);
    assert.notEqual(code, 0, text);
    return text;
  };
  assert.match(await refusal(source), /this system runs from it/);
  assert.match(await refusal('no-such-disk'), /no disk named/);
  assert.deepEqual(await bytesAt(at('source'), 0, 100 * MIB), before);
  await command(['mkfs.ext4', '-q', '-F', `/dev/${target}`]);
  await mkdir(at('mounted'));
  await command(['mount', `/dev/${target}`, at('mounted')]);
  try {
    await writeFile(at('mounted/film'), 'of the operator');
    assert.match(await refusal(target), /it is in use/);
    assert.equal(await readFile(at('mounted/film'), 'utf8'), 'of the operator');
  } finally {
    await command(['umount', at('mounted')]);
  }
  await truncate(at('target'), 600 * MIB);
  await command(['losetup', '-c', `/dev/${target}`]);
  assert.match(await refusal(target), /it is too small/);
});
