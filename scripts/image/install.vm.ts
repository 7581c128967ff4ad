/**
 * What somebody does at the console of a box, typed on the serial line of an emulated one: a backup onto a stick and an installation on the second disk; that disk alone, reset from the boot menu; three disks
 * together, of which one is another's twin; a wire alone.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { after, before, describe, test } from 'node:test';
import packageJson from '../../package.json' with { type: 'json' };
import { command } from '../cafe/net.ts';
import { say } from './figures.ts';
import { BUILT, copyDisk, START_S } from './lab.ts';
import { SerialLine } from './serial-line.ts';
import { Vm } from './vm.ts';

const IMAGE = join(BUILT, `swarmbox-${packageJson.version}.img`);
const skip = !existsSync(IMAGE) && `there is no ${IMAGE}: make image`;
const [ENTER, DOWN] = ['\r', '\x0e'];
const HEALTHY = 'systemctl is-active -q swarmbox-health';
/** Its try is not counted any more. */
const GOOD = 'systemctl is-active -q swarmbox-mark-good';

let dir = '';
const at = (name: string): string => join(dir, name);
const tell = (text: string): void => say('console', { text });
const more = (name: string): string[] => [
  ...['-drive', `if=none,id=${name},file=${at(`${name}.img`)},format=raw,cache=writeback`],
  ...['-device', `virtio-blk-pci,drive=${name},serial=${name.toUpperCase()}`],
];
const digest = async (name: string): Promise<string> => {
  const hash = createHash('sha256');
  await pipeline(createReadStream(at(`${name}.img`)), hash);
  return hash.digest('hex');
};
async function start(
  disk: string,
  words: readonly string[],
  firmware: 'uefi' | 'bios' = 'uefi',
): Promise<{ vm: Vm; line: SerialLine }> {
  const vm = await Vm.start({ name: disk, disk: at(`${disk}.img`), dir, firmware, more: words });
  return { vm, line: await SerialLine.of(disk, dir) };
}

describe('a person at the console', { skip, timeout: 10_800_000 }, () => {
  before(async () => {
    dir = process.env.CONSOLE_DIR ?? (await mkdtemp(join(tmpdir(), 'swarmbox-install-')));
    await copyDisk(IMAGE, at('first.img'));
    await command(['truncate', '-s', '3G', at('first.img')]);
    await command(['truncate', '-s', '2G', at('target.img')]);
    await command(['truncate', '-s', '64M', at('stick.img')]);
    await command(['mkfs.vfat', at('stick.img')]);
  });
  after(async () => {
    if (!process.env.CONSOLE_DIR) await rm(dir, { recursive: true, force: true });
  });

  test('settings go on a stick, and the running system on the other disk', async () => {
    const stick = ['-device', 'qemu-xhci', '-drive', `if=none,id=stick,file=${at('stick.img')},format=raw`];
    const { vm, line } = await start('first', [
      ...more('target'),
      ...stick,
      ...['-device', 'usb-storage,drive=stick,removable=on'],
    ]);
    await using _ = vm;
    using __ = line;
    // Neither needs the daemon.
    await vm.until('[ -e /config/swarmbox/config.json ]', START_S);
    const consoles = 'grep -h ^Pss: $(pgrep -f lib/swarmbox/console | sed "s|.*|/proc/&/smaps_rollup|")';
    tell(`the flashed disk is there: ${await vm.text(`cat /proc/uptime; free -m | grep Mem; ${consoles}`)}`);
    await vm.text(`sed -i 's/^{/{ "seats": 7,/' /config/swarmbox/config.json`);
    line.type(ENTER);
    tell((await line.until(/7 power off/, 120)).slice(-600));
    line.type('2');
    tell((await line.until(/can be taken out\.|No backup|There is no USB/, 300)).slice(-300));
    line.type('1');
    tell(await line.until(/nothing to leave: /, 120));
    line.type(`vdb${ENTER}`);
    await line.until(/y or n: /, 60);
    line.type(`y${ENTER}`);
    tell(await line.until(/its own partitions then\.|install-to: .*/, 900));
    line.type('7');
    await line.until(/y or n: /, 120);
    line.type(`y${ENTER}`);
    await vm.ended;
    tell(await command(['mdir', '-b', '-i', at('stick.img'), '::swarmbox-backup']));
  });

  test('the installed disk starts alone, and is reset from its boot menu', async () => {
    const { vm, line } = await start('target', []);
    await using _ = vm;
    using __ = line;
    await line.until(/The wire only/, 120);
    line.type(DOWN.repeat(3) + ENTER);
    await line.until(/Reset everything/, 60);
    line.type(DOWN + ENTER);
    await vm.until(HEALTHY, START_S);
    const words = await vm.text('cat /proc/cmdline');
    assert.match(words, /rauc\.slot=A .*swarmbox\.reset=keep/);
    const settings = JSON.parse(await vm.text('cat /config/swarmbox/config.json'));
    assert.equal(settings.seats, undefined, 'the settings were reset');
    assert.match(await vm.text('cat /data/swarmbox/settings-history.ndjson'), /"who":"console".*"kind":"reset"/);
    assert.match(await vm.text('lsblk -no NAME,PARTLABEL /dev/vda'), /swarmbox-config.*swarmbox-data/s);
    tell(`the installed disk is healthy alone, and was reset from its menu: ${await vm.text('cat /proc/uptime')}`);
    await vm.run('systemctl poweroff');
    await vm.ended;
  });

  test('of three disks, two of them twins, the one that was started is used and no other', async () => {
    await copyDisk(at('first.img'), at('twin.img'));
    const others = ['twin', 'target'];
    const before = await Promise.all(others.map(digest));
    const { vm, line } = await start('first', others.flatMap(more));
    await using _ = vm;
    using __ = line;
    await vm.until(GOOD, START_S);
    const where = await vm.text(
      'cat /run/swarmbox-boot/system-disk; readlink -f /dev/swarmbox-root /dev/swarmbox/*; findmnt -no SOURCE /efi; findmnt -no SOURCE /config; findmnt -no SOURCE /data',
    );
    assert.match(await vm.text('cat /sys/block/vda/serial'), /SYSTEM/);
    assert.deepEqual([...new Set(where.match(/vd./g))], ['vda'], where);
    await vm.run('systemctl poweroff');
    await vm.ended;
    assert.deepEqual(await Promise.all(others.map(digest)), before, 'the other disks were left alone');
    tell('three disks together: everything lies on the one that was started, and not a byte of the others changed');
  });

  test('from the boot menu it is a wire without its daemon, and no try is used up; this time from a BIOS', async () => {
    const { vm, line } = await start('first', [], 'bios');
    await using _ = vm;
    using __ = line;
    await line.until(/The wire only/, 120);
    line.type(DOWN.repeat(2) + ENTER);
    await line.until(/This start is a wire only/, START_S);
    await vm.until('ls /sys/class/net/br0/brif | grep -q .', 300);
    const units = await vm.run('systemctl is-active swarmbox swarmbox-health swarmbox-mark-good multi-user.target');
    tell(`a wire alone: ${units.text.split('\n').join(' ')}`);
    assert.match(await vm.text('cat /efi/EFI/BOOT/grubenv'), /A_TRY=0/);
    assert.match(await vm.text('[ -d /sys/firmware/efi ] || echo BIOS'), /BIOS/);
    assert.match(units.text, /^inactive\ninactive\ninactive\n/);
    await vm.run('systemctl poweroff');
    await vm.ended;
  });

  test('and it starts whole from a BIOS too', async () => {
    const { vm, line } = await start('first', [], 'bios');
    await using _ = vm;
    using __ = line;
    await vm.until(GOOD, START_S);
    assert.match(await vm.text('[ -d /sys/firmware/efi ] || echo BIOS'), /BIOS/);
    assert.match(await vm.text('cat /efi/EFI/BOOT/grubenv'), /A_OK=1/);
    tell(`from a BIOS it is good: ${await vm.text('cat /proc/uptime')}`);
    await vm.run('systemctl poweroff');
    await vm.ended;
  });
});
