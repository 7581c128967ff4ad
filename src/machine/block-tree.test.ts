import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { anyCharacter } from '#base/fixtures.ts';
import { allOf, parseBlkid, parseLsblk, shown } from './block-tree.ts';
import { namesIn } from './disk-contents.ts';
import { isDisk, isSystemPath, type Look, mayFormat, systemDisks, verdictOf } from './disk-verdict.ts';
import { parseKept } from './kept-mounts.ts';
import { MACHINE_LIMITS } from './limits.ts';
import { mountAbove, parseMounts, parseSwaps } from './mounts.ts';

const GB = 1e9;

/** A machine as lsblk tells of it. */
const lsblk = (devices: unknown): string => JSON.stringify({ blockdevices: devices });
const part = (path: string, more: object = {}) => ({
  path,
  'maj:min': `8:${path.length + path.charCodeAt(path.length - 1)}`,
  size: 500 * GB,
  type: 'part',
  ro: false,
  ...more,
});
const disk = (path: string, children: object[] = [], more: object = {}) => ({
  ...part(path),
  type: 'disk',
  model: 'ST4000 ',
  serial: 'Z1',
  tran: 'sata',
  rota: true,
  children,
  ...more,
});

const lookOf = (devices: unknown, found: Record<string, object> = {}, mounts = '', swaps: string[] = []): Look => ({
  roots: parseLsblk(lsblk(devices)),
  found: new Map(Object.entries(found)),
  mounts: parseMounts(mounts),
  swaps,
  used: new Set(),
});
const mountLine = (source: string, at: string, options = 'rw', type = 'ext4') =>
  `30 1 0:99 / ${at} ${options} - ${type} ${source} rw\n`;
function verdicts(look: Look): Record<string, string> {
  const system = systemDisks(look);
  const nodes = [...allOf(look.roots)].filter(isDisk);
  return Object.fromEntries(
    nodes.map((node) => {
      const { can, why } = verdictOf(node, look, system, 4 * GB);
      assert.ok(can !== 'no' || !mayFormat(node, look, system, 4 * GB), 'what may not be touched is not formatted');
      return [node.path, [can, why].filter(Boolean).join(' ')];
    }),
  );
}

test('the other half of the system is not offered, nor what something larger is made of', () => {
  const ext4 = (uuid: string) => ({ type: 'ext4', uuid });
  const look = lookOf(
    [
      disk('/dev/sda', [part('/dev/sda1'), part('/dev/sda2'), part('/dev/sda3'), part('/dev/sda4')]),
      disk('/dev/sdb', [part('/dev/sdb1', { children: [part('/dev/md0', { type: 'raid1' })] })]),
      disk('/dev/sdc', [part('/dev/sdc1')]),
      disk('/dev/sdd', [part('/dev/sdd1'), part('/dev/sdd2', { size: GB })]),
      disk('/dev/sde', [], { ro: true }),
      disk('/dev/sr0', [], { type: 'rom' }),
    ],
    {
      '/dev/sda1': ext4('a1'),
      '/dev/sda2': ext4('a2'),
      '/dev/sda3': { type: 'swap' },
      '/dev/sda4': ext4('a4'),
      '/dev/sdb1': { type: 'linux_raid_member', uuid: 'b1' },
      '/dev/md0': ext4('md0'),
      '/dev/sdc1': { type: 'LVM2_member', uuid: 'c1' },
      '/dev/sdd1': { type: 'ntfs', uuid: 'd1' },
      '/dev/sdd2': ext4('d2'),
    },
    mountLine('/dev/sda1', '/') + mountLine('/dev/sda4', '/srv/data') + mountLine('/dev/sdf9', '/mnt'),
  );
  assert.deepEqual(verdicts(look), {
    '/dev/sda': 'no system',
    '/dev/sda1': 'no system',
    '/dev/sda2': 'no system',
    '/dev/sda3': 'no system',
    '/dev/sda4': 'adopt',
    '/dev/sdb': 'no in-use',
    '/dev/sdb1': 'no in-use',
    '/dev/md0': 'adopt not-mounted',
    '/dev/sdc': 'no in-use',
    '/dev/sdc1': 'no in-use',
    '/dev/sdd': 'format no-file-system',
    '/dev/sdd1': 'format unsuitable-file-system',
    '/dev/sdd2': 'no too-small',
    '/dev/sde': 'no read-only',
  });
});

test('a disk whose partition is mounted, swapped to or used is not formatted whole', () => {
  const devices = [disk('/dev/sdb', [part('/dev/sdb1')])];
  const found = { '/dev/sdb1': { type: 'vfat', uuid: 'x' } };
  assert.equal(verdicts(lookOf(devices, found))['/dev/sdb'], 'format no-file-system');
  assert.equal(verdicts(lookOf(devices, found, mountLine('/dev/sdb1', '/mnt/usb')))['/dev/sdb'], 'no in-use');
  assert.equal(verdicts(lookOf(devices, found, '', ['/dev/sdb1']))['/dev/sdb'], 'no system');
  const used = { ...lookOf(devices, found), used: new Set(['/dev/sdb1']) };
  assert.equal(verdicts(used)['/dev/sdb'], 'no in-use');
});

test('where a machine keeps itself, and where an operator mounts', () => {
  for (const path of ['/', '/boot/efi', '/usr', '/etc/x', '/var', '/var/lib', '/tmp', '/dev/shm'])
    assert.ok(isSystemPath(path), path);
  for (const path of ['/srv', '/srv/a', '/mnt', '/media/x', '/home', '/data', '/var/lib/swarmbox/disks/u', '/bootx'])
    assert.ok(!isSystemPath(path), path);
});

test('the words of the kernel and of blkid are read as they are written', () => {
  const mounts = parseMounts(
    [
      '36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue',
      '37 35 8:17 / /srv/a\\040b rw - ext4 /dev/sdb1 ro',
      'nonsense',
    ].join('\n'),
  );
  assert.deepEqual(
    mounts.map(({ at, device, root, readOnly }) => [at, device, root, readOnly]),
    [
      ['/mnt2', '98:0', '/mnt1', false],
      ['/srv/a b', '8:17', '/', true],
    ],
  );
  assert.equal(mountAbove(mounts, '/srv/a b/x')?.device, '8:17');
  assert.equal(mountAbove(mounts, '/srv/a bc'), undefined);
  assert.deepEqual(parseSwaps('Filename Type Size\n/dev/sda3 partition 1 0 -2\n/swapfile file 1 0 -3\n'), [
    '/dev/sda3',
  ]);
  const udev = (...lines: string[]) => parseBlkid(Buffer.from(lines.join('\n')).toString('latin1'));
  assert.deepEqual(udev('ID_FS_UUID=ab-cd', 'ID_FS_TYPE=ext4', 'ID_FS_LABEL_ENC=\u7247\\x20\u202eb\\x5c'), {
    type: 'ext4',
    uuid: 'ab-cd',
    label: '\u7247 b\\',
  });
  assert.deepEqual(udev('ID_FS_UUID=../..', 'ID_FS_TYPE=vfat'), { type: 'vfat' }, 'a UUID becomes a folder');
  assert.deepEqual(udev('ID_PART_TABLE_TYPE=gpt'), { table: 'gpt' });
  assert.equal(udev(''), undefined);
  assert.deepEqual(
    namesIn('/2/040755/0/0/./\n/2/040755/0/0/../\n/11/040700/0/0/lost+found/\n/12/100644/0/0/a b/7/\n'),
    ['lost+found', 'a b'],
  );
});

test('whatever is said, it is read without trouble, bounded, and never as a path elsewhere', () => {
  const text = fc.oneof(fc.string({ unit: anyCharacter, maxLength: 200 }), fc.json());
  const value = fc.oneof(text, fc.integer(), fc.constant(null), fc.boolean());
  const row = fc.record(
    {
      path: fc.oneof(fc.constantFrom('/dev/sda', '/dev/../etc', '/dev/a b', '/etc/passwd'), text),
      'maj:min': fc.oneof(fc.constant('8:0'), text),
      size: value,
      type: fc.oneof(fc.constant('disk'), text),
      model: value,
      serial: value,
      ro: value,
      children: fc.anything(),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(
      fc.oneof(fc.array(row).map(lsblk), text),
      fc.oneof(
        text,
        text.map((t) => `ID_FS_TYPE=ext4\nID_FS_UUID=${t}`),
      ),
      (listed, probed) => {
        const roots = parseLsblk(listed);
        const look = {
          roots,
          found: new Map(Object.entries({ '/dev/sda': parseBlkid(probed) ?? {} })),
          mounts: parseMounts(probed),
          swaps: parseSwaps(probed),
          used: new Set<string>(),
        };
        for (const node of allOf(roots)) {
          assert.match(node.path, /^\/dev\/[A-Za-z0-9]/);
          assert.ok(!node.path.includes('..') && Number.isSafeInteger(node.sizeBytes));
          assert.ok([...(node.model ?? '')].length <= MACHINE_LIMITS.nameChars);
          verdictOf(node, look, systemDisks(look), 1);
        }
        for (const { uuid = 'abcd' } of look.found.values()) assert.match(uuid, /^[0-9A-Za-z-]+$/);
        namesIn(probed);
        parseKept(JSON.parse(JSON.stringify(listed)));
      },
    ),
  );
  fc.assert(fc.property(fc.anything(), (said) => parseKept(said).length <= MACHINE_LIMITS.mounts));
  assert.equal(
    parseLsblk(lsblk(Array.from({ length: 1000 }, (_, i) => disk(`/dev/sd${i}`)))).length,
    MACHINE_LIMITS.devices,
  );
  assert.deepEqual(parseLsblk(lsblk([disk('/dev/sda'), part('/dev/sda1')])), [], 'a list is no tree');
  assert.equal(shown('a\u0007\u202eb'), 'ab');
});
