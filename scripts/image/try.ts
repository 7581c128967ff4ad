/** `node scripts/image/try.ts IMAGE.img [COMMAND]`: starts an image and tells how soon it is a wire and its page answers, by its own clock; then what the command says there. */
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { command } from '../cafe/net.ts';
import { Vm } from './vm.ts';

const [image, then] = process.argv.slice(2);
if (!image) {
  console.error('usage: node scripts/image/try.ts IMAGE.img [COMMAND]');
  process.exit(2);
}
const JOURNAL = 'systemctl --failed --no-legend; journalctl -b -p warning --no-pager -o short-monotonic | tail -60';
const dir = await mkdtemp(join(tmpdir(), 'swarmbox-image-'));
try {
  const disk = join(dir, 'disk.img');
  await copyFile(image, disk);
  await command(['truncate', '-s', '4G', disk]);
  await using vm = await Vm.start({ name: 'box', disk, dir });
  const told = async (what: string, check: string, limitS: number): Promise<void> => {
    const text = await vm.until(`${check} && cut -d' ' -f1 /proc/uptime`, limitS);
    const [atS, cpuS] = [text.split('\n').at(-1), await vm.cpuS()];
    console.log(`${what}: after ${atS} s (${vm.ageS.toFixed(0)} s here, ${cpuS.toFixed(0)} s of processor)`);
  };
  try {
    await told('shell', 'true', 300);
    await told('wire', 'ls /sys/class/net/br0/brif | grep -q .', 120);
    await told('daemon ready', 'systemctl is-active -q swarmbox', 300);
    await told('healthy', 'systemctl is-active -q swarmbox-health', 300);
    await told('marked good', 'systemctl is-active -q swarmbox-mark-good', 120);
    console.log(await vm.text('free -m; systemctl --failed --no-legend'));
  } catch (error) {
    console.log(String(error).slice(0, 500), await vm.text(JOURNAL).catch(() => 'and no shell'));
  }
  if (then) console.log((await vm.run(then, 300)).text);
} finally {
  await rm(dir, { recursive: true, force: true });
}
