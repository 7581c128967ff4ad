import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { MKFS } from '#machine/format.ts';
import { mountOptions } from '#machine/kept-mounts.ts';
import { workOf } from './verbs.ts';

const DIR = '/data/disks';
const UUID = '0b0c1f0e-6a52-4c0f-9a34-5b0c00000001';
const of = (...words: string[]) => workOf(words[0] ?? '', words.slice(1), DIR);

test('what the daemon needs root for is on the list', () => {
  assert.deepEqual(of('systemctl', 'reboot'), { kind: 'plain' });
  assert.deepEqual(of('networkctl', 'reload'), { kind: 'plain' });
  assert.deepEqual(of('networkctl', 'reconfigure', 'br0'), { kind: 'plain' });
  assert.deepEqual(of('timedatectl', 'set-timezone', 'America/Argentina/Buenos_Aires'), {
    kind: 'zone',
    zone: 'America/Argentina/Buenos_Aires',
  });
  assert.deepEqual(of('blkid', '--probe', '--output', 'udev', '/dev/sdb1'), { kind: 'look', device: '/dev/sdb1' });
  assert.deepEqual(of('debugfs', '-R', 'ls -p /swarmbox', '/dev/mapper/a-b'), {
    kind: 'look',
    device: '/dev/mapper/a-b',
  });
  assert.deepEqual(of('wipefs', '--all', '/dev/sdb'), { kind: 'format', device: '/dev/sdb' });
  assert.deepEqual(of('mkfs.ext4', ...MKFS, '/dev/nvme1n1'), { kind: 'format', device: '/dev/nvme1n1' });
  for (const type of ['ext4', 'xfs', 'btrfs'])
    assert.deepEqual(
      of('systemd-mount', '--collect', '-t', type, '-o', mountOptions(type), '/dev/sdb', `${DIR}/${UUID}`),
      { kind: 'mount', type, device: '/dev/sdb', uuid: UUID },
    );
  assert.deepEqual(of('systemd-mount', '--umount', `${DIR}/${UUID}`), { kind: 'unmount', uuid: UUID });
});

test('nothing beside it is, however near it looks', () => {
  const mount = (type: string, options: string, device: string, at: string) =>
    of('systemd-mount', '--collect', '-t', type, '-o', options, device, at);
  const near = [
    of('systemctl', 'reboot', '--force'),
    of('systemctl', 'poweroff'),
    of('/tmp/systemctl', 'reboot'),
    of('networkctl', 'reconfigure', '--all'),
    of('networkctl', 'delete', 'br0'),
    of('timedatectl', 'set-timezone', '../../etc/passwd'),
    of('timedatectl', 'set-time', '2020-01-01'),
    of('blkid', '--probe', '--output', 'udev', '/etc/shadow'),
    of('blkid', '--probe', '--output', 'udev', '/dev/../etc/shadow'),
    of('blkid', '--probe', '--output', 'full', '/dev/sda'),
    of('debugfs', '-R', 'cat /secret', '/dev/sda'),
    of('debugfs', '-w', '-R', 'ls -p /', '/dev/sda'),
    of('debugfs', '-R', 'ls -p /\nrdump / /tmp', '/dev/sda'),
    of('wipefs', '--all', '--force', '/dev/sda'),
    of('mkfs.ext4', '-F', '-F', '/dev/sda'),
    of('mkfs.ext4', ...MKFS, '/dev/sda', '1'),
    mount('ext4', 'noatime,suid,dev,exec', '/dev/sdb', `${DIR}/${UUID}`),
    mount('ext4', mountOptions('xfs'), '/dev/sdb', `${DIR}/${UUID}`),
    mount('overlay', mountOptions('overlay'), '/dev/sdb', `${DIR}/${UUID}`),
    mount('ext4', mountOptions('ext4'), '/dev/sdb', '/etc'),
    mount('ext4', mountOptions('ext4'), '/dev/sdb', `${DIR}/../../etc`),
    mount('ext4', mountOptions('ext4'), '/dev/sdb', `${DIR}/${UUID}/x`),
    of('systemd-mount', '--umount', '/data'),
    of('systemd-mount', '--umount', `${DIR}/`),
    of('rauc', 'install', '/data/swarmbox/update/bundle'),
    of('sh', '-c', 'true'),
    of(''),
    workOf('systemd-mount', ['--umount', `/${UUID}`], ''),
  ];
  assert.deepEqual(near.slice(0, -1).filter(Boolean), []);
});

test('whatever is said, what is done is one of the list with one word that is free, and that word can be no option and lead nowhere', () => {
  const word = fc.oneof(
    fc.string({ maxLength: 60 }),
    fc.constantFrom(
      'ls -p /',
      `${DIR}/${UUID}`,
      mountOptions('ext4'),
      '/dev/sda',
      '-f',
      '/dev/-f',
      'br0',
      'UTC',
      ...MKFS,
    ),
    fc.constantFrom(
      'systemctl',
      'networkctl',
      'timedatectl',
      'blkid',
      'debugfs',
      'wipefs',
      'mkfs.ext4',
      'systemd-mount',
    ),
    fc.constantFrom('reboot', 'reload', 'reconfigure', 'set-timezone', '--probe', '--output', 'udev', '-R', '--all'),
  );
  const near = fc.tuple(
    fc.constantFrom(
      ['systemctl', 'reboot'],
      ['networkctl', 'reconfigure', 'br0'],
      ['timedatectl', 'set-timezone', 'UTC'],
      ['blkid', '--probe', '--output', 'udev', '/dev/sda'],
      ['debugfs', '-R', 'ls -p /', '/dev/sda'],
      ['wipefs', '--all', '/dev/sda'],
      ['mkfs.ext4', ...MKFS, '/dev/sda'],
      ['systemd-mount', '--collect', '-t', 'ext4', '-o', mountOptions('ext4'), '/dev/sda', `${DIR}/${UUID}`],
      ['systemd-mount', '--umount', `${DIR}/${UUID}`],
    ),
    fc.array(fc.tuple(fc.nat(16), word), { maxLength: 3 }),
  );
  const changed = near.map(([words, changes]) => {
    const all = [...words];
    for (const [at, said] of changes) all[at % (all.length + 1)] = said;
    return all;
  });
  fc.assert(
    fc.property(fc.oneof(changed, fc.array(word, { maxLength: 9 })), ([program = '', ...args]) => {
      const work = workOf(program, args, DIR);
      if (!work) return;
      const said = [program, ...args].join('\u0001');
      const device = '/dev/[A-Za-z0-9][A-Za-z0-9/_.:+-]*';
      const at = `${DIR}/[0-9A-Za-z][0-9A-Za-z-]+`;
      const all = [
        'systemctl|reboot',
        'networkctl|reload',
        'networkctl|reconfigure|[A-Za-z0-9][A-Za-z0-9_.-]*',
        'timedatectl|set-timezone|[A-Za-z][A-Za-z0-9_+/-]*',
        `blkid|--probe|--output|udev|${device}`,
        `debugfs|-R|ls -p /[a-z/]*|${device}`,
        `wipefs|--all|${device}`,
        `mkfs.ext4|${MKFS.join('|')}|${device}`,
        `systemd-mount|--collect|-t|(ext4|xfs|btrfs)|-o|noatime,nodev,nosuid,noexec(,errors=remount-ro)?|${device}|${at}`,
        `systemd-mount|--umount|${at}`,
      ];
      // The bars between words are a sign that no word has; those of a choice are not.
      const pattern = (text: string) =>
        new RegExp(
          `^${text
            .replace(/\((.*?)\)/g, (choice) => choice.replaceAll('|', '\u0002'))
            .replaceAll('|', '\u0001')
            .replaceAll('\u0002', '|')}$`,
        );
      assert.ok(
        all.some((text) => pattern(text).test(said)),
        JSON.stringify([program, ...args]),
      );
      assert.ok(!said.includes('..'), said);
    }),
    { numRuns: 5_000 },
  );
});
