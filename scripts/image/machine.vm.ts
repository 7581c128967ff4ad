/** What a box does to its machine: its address where nobody gives one; a disk, the time zone and the address over the page, by hands that are no root's; and all of it after a warm restart. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DiskAdopted, DiskCandidates, NetworkView, PortsView, TimeView } from '#admin/contract-machine.ts';
import type { TaskPage } from '#admin/contract-tasks.ts';
import { HTTP_URL, httpFileSha1 } from '../cafe/servers.ts';
import { builtImage } from './bare-machine.ts';
import { say } from './figures.ts';
import { BUILT, Lab, START_S } from './lab.ts';

const SETTLED = join(BUILT, 'test/settled.img');
const image = existsSync(SETTLED) ? SETTLED : builtImage();
const skip = process.getuid?.() !== 0 ? 'needs root' : !image && 'no image: make image builds it';
const FALLBACK = '192.168.77.1';
const STATIC = '192.168.77.60';

describe('a box and its machine', { skip, timeout: 7_200_000 }, () => {
  let lab: Lab;
  before(async () => {
    lab = await Lab.open(`sbi-${process.pid}-`, image || '', { dhcp: false, disks: ['second'], restartsWarm: true });
    await lab.startGood();
  });
  after(() => lab?.[Symbol.asyncDispose]());

  // The settings are of a machine without the second disk, after which the kernel counts the ports anew.
  test('a card that was put in has changed the names of its ports, and they are still its ports', async () => {
    const { ports } = (await lab.ask('GET', '/api/ports')) as PortsView;
    assert.deepEqual(
      ports.map(({ mac, role }) => `${mac.slice(-2)} ${role}`),
      ['01 lan', '02 wan'],
    );
    if (image !== SETTLED) return;
    assert.match(await lab.vm.text('cat /data/swarmbox/settings-history.ndjson'), /ports \S+ and \S+ are called/);
  });

  const addresses = (): Promise<string> => lab.vm.text('ip -4 -o address show dev br0 scope global');
  const page = async (address: string): Promise<string> => (await lab.curl(`https://${address}/`)).text;
  const router = (...words: string[]): Promise<unknown> => lab.cafe.topology.router.run(['ip', ...words]);

  test('where nobody gives an address it leaves the router its own', async () => {
    await lab.vm.until('[ "$(systemctl is-active swarmbox-fallback-address)" = inactive ]', 300);
    await sleep(20_000);
    assert.equal(await addresses(), '');
    assert.match(await lab.vm.text('journalctl -b -u systemd-networkd --no-pager'), /br0: Reconfiguring with \/run/);
  });

  test('it takes 192.168.77.1 when nobody has it, and the page is there', async () => {
    await router('address', 'del', `${FALLBACK}/24`, 'dev', 'lan');
    await lab.vm.text('systemctl restart swarmbox-fallback-address');
    await lab.vm.until(`ip -4 -o address show dev br0 | grep -q ${FALLBACK}`, 300);
    assert.match(await page(FALLBACK), /<title>Swarmbox/);
    assert.match(await lab.vm.text('/usr/lib/swarmbox/state'), /page: https:\/\/192\.168\.77\.1\b/);
  });

  test('it goes on asking: once somebody gives addresses it has one', async () => {
    await lab.vm.text(`ip address del ${FALLBACK}/24 dev br0`);
    await router('address', 'add', `${FALLBACK}/24`, 'dev', 'lan');
    lab.serveDhcp();
    await lab.vm.until('ip -4 -o address show dev br0 scope global | grep -q "192.168.77.2[01]"', 600);
  });

  let diskAt = '';
  test('formats and takes a second disk, and never the one it runs from', async () => {
    const { disks } = (await lab.ask('GET', '/api/disks/candidates')) as DiskCandidates;
    const can = (device: string): string | undefined => disks.find((disk) => disk.device === device)?.can;
    assert.equal(can('/dev/vdb'), 'format');
    assert.equal(can('/dev/vda'), 'no');
    assert.ok(!disks.some(({ device, can: what }) => device.startsWith('/dev/vda') && what !== 'no'));
    await assert.rejects(lab.ask('POST', '/api/disks', { device: '/dev/vda', format: true, typed: '/dev/vda' }));
    await assert.rejects(lab.ask('POST', '/api/disks', { device: '/dev/vda5', format: true, typed: '/dev/vda5' }));
    const body = { device: '/dev/vdb', format: true, typed: '/dev/vdb' };
    diskAt = ((await lab.ask('POST', '/api/disks', body)) as DiskAdopted).path;
    assert.match(await lab.vm.text(`findmnt -no SOURCE,FSTYPE -T ${diskAt}`), /^\/dev\/vdb +ext4$/);
  });

  test('sets the time zone', async () => {
    await lab.ask('PUT', '/api/time', { zone: 'Asia/Shanghai' });
    assert.equal(await lab.vm.text('date +%Z'), 'CST');
  });

  test('takes the address it had again when a new one is not confirmed, and keeps one that is', async () => {
    const address = { kind: 'static', addresses: [`${STATIC}/24`], gateways: [FALLBACK], dns: [] };
    await lab.ask('PUT', '/api/network', { address });
    await lab.vm.until(`ip -4 -o address show dev br0 | grep -q ${STATIC}`, 120);
    await lab.vm.until(`! ip -4 -o address show dev br0 | grep -q ${STATIC}`, 600);
    await lab.address();
    const { unconfirmed } = (await lab.ask('PUT', '/api/network', { address })) as NetworkView;
    await lab.vm.until(`ip -4 -o address show dev br0 | grep -q ${STATIC}`, 120);
    assert.match(await page(STATIC), /<title>Swarmbox/);
    await lab.ask('POST', '/api/network/confirm', { token: unconfirmed?.token });
  });

  test('all of it is there after a warm restart, which it does when the page asks', async () => {
    const bootId = await lab.vm.text('cat /proc/sys/kernel/random/boot_id');
    const fromMs = performance.now();
    await lab.ask('POST', '/api/restart', { what: 'machine' }).catch(() => {});
    const again = `[ "$(cat /proc/sys/kernel/random/boot_id)" != ${bootId} ] && systemctl is-active -q swarmbox-mark-good`;
    await lab.vm.until(again, START_S);
    say('warm restart', { goodS: (performance.now() - fromMs) / 1_000 });
    assert.match(await page(STATIC), /<title>Swarmbox/);
    assert.equal(((await lab.ask('GET', '/api/time')) as TimeView).zone, 'Asia/Shanghai');
    assert.equal(await lab.vm.text('date +%Z'), 'CST');
    assert.match(await lab.vm.text(`findmnt -no SOURCE,FSTYPE -T ${diskAt}`), /^\/dev\/vdb +ext4$/);
    const words = await lab.vm.text('grub-editenv /efi/EFI/BOOT/grubenv list');
    assert.match(words, /^A_TRY=0$/m);
  });

  test('is as it was flashed when the page resets it, but for what it holds', async () => {
    const pid = 'systemctl show -P MainPID swarmbox';
    const before = await lab.vm.text(pid);
    const account = { name: 'another', password: 'another box of my own' };
    await assert.rejects(lab.ask('POST', '/api/factory-reset', { cache: 'keep', typed: 'rest' }));
    await lab.ask('POST', '/api/factory-reset', { cache: 'keep', typed: 'reset' });
    await lab.vm.until(`[ "$(${pid})" != ${before} ] && systemctl is-active -q swarmbox`, START_S);
    await lab.ask('POST', '/api/set-up', account);
    const { total } = (await lab.ask('GET', '/api/tasks')) as TaskPage;
    assert.ok(image !== SETTLED || total > 0, 'what was fetched is still there');
  });

  test('its watchdog starts it again when systemd is stuck, and until then it is a wire', async () => {
    const { vm, cafe } = lab;
    const bootId = await vm.text('cat /proc/sys/kernel/random/boot_id');
    await vm.text('kill -SEGV 1');
    assert.equal((await cafe.probe(1, 'http', HTTP_URL)).sha1, httpFileSha1());
    const fromMs = performance.now();
    await vm.until(`[ "$(cat /proc/sys/kernel/random/boot_id)" != ${bootId} ]`, START_S);
    say('restarted by its watchdog', { afterS: (performance.now() - fromMs) / 1_000 });
    await vm.until('systemctl is-active -q swarmbox-mark-good', START_S);
  });
});

test('of three ports the first two are the wire, and all are offered', { skip, timeout: 3_600_000 }, async (t) => {
  const lab = await Lab.open(`sbi-${process.pid}-`, builtImage() || '', { hasThirdPort: true });
  t.after(() => lab[Symbol.asyncDispose]());
  const vm = await lab.startGood();
  const { ports } = (await lab.ask('GET', '/api/ports')) as PortsView;
  assert.deepEqual(
    ports.map(({ mac, role }) => `${mac.slice(-2)} ${role}`),
    ['01 lan', '02 wan', '03 none'],
  );
  assert.match(await vm.text('ls /sys/class/net/br0/brif'), /^\S+\s+\S+$/);
});
