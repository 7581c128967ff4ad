import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type DeviceSources, devicesBeneath, mountOf } from './block-devices.ts';
import { TemporaryFolder } from './fixtures.ts';

const DISK = 'devices/pci0000:00/ata1/block/sda';
const NVME = 'devices/pci0000:00/nvme/nvme0/nvme0n1';
const DM = 'devices/virtual/block/dm-3';

/** A machine with a disk in partitions, an NVMe, and what may lie on them. */
class Machine extends TemporaryFolder {
  mounts = '25 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw\n';

  constructor() {
    super();
    this.write({
      [`${DISK}/queue/rotational`]: '1\n',
      [`${DISK}/device/model`]: 'WDC WD40EFRX-68N32N0\n',
      [`${DISK}/diskseq`]: '9\n',
      [`${DISK}/sda1/partition`]: '1\n',
      [`${DISK}/sda2/partition`]: '2\n',
      [`${NVME}/queue/rotational`]: '0\n',
      [`${NVME}/device/model`]: 'Samsung\u001b SSD                       \n',
      [`${NVME}/device/serial`]: 'S4EWNX0M000000A     \n',
      [`${NVME}/nvme0n1p1/partition`]: '1\n',
      'devices/virtual/block/loop0/queue/rotational': '0\n',
      [`${DM}/dm/name`]: 'vg-cache\n',
    });
    this.link('dev/block/8:1', `${DISK}/sda1`);
    this.link('dev/block/8:0', DISK);
    this.link('dev/block/7:0', 'devices/virtual/block/loop0');
    this.link('dev/block/253:3', DM);
    // LVM on an array, that is on two partitions.
    this.link(`${DM}/slaves/md0`, 'devices/virtual/block/md0');
    this.link('devices/virtual/block/md0/slaves/sda2', `${DISK}/sda2`);
    this.link('devices/virtual/block/md0/slaves/nvme0n1p1', `${NVME}/nvme0n1p1`);
  }

  /** `dev` of the folder asked about. */
  at(dev: number): DeviceSources {
    return { sys: this.path, mounts: async () => this.mounts, dev: async () => dev };
  }
}

const SDA = { name: 'sda', key: 'sda 9', virtual: false, model: 'WDC WD40EFRX-68N32N0', rotating: true };

test('a folder on a partition, or on a whole disk', async () => {
  using machine = new Machine();
  assert.deepEqual(await devicesBeneath('/srv/a', machine.at(0x801)), [SDA]);
  assert.deepEqual(await devicesBeneath('/srv/a', machine.at(0x800)), [SDA]);
});

test('through a logical volume and an array, each disk once', async () => {
  using machine = new Machine();
  machine.link('devices/virtual/block/md0/slaves/sda1', `${DISK}/sda1`);
  machine.link('devices/virtual/block/md0/slaves/gone', 'devices/nowhere');
  const found = await devicesBeneath('/srv/a', machine.at(0xfd03));
  assert.deepEqual(
    found.toSorted((a, b) => b.name.localeCompare(a.name)),
    [
      SDA,
      {
        name: 'nvme0n1',
        key: 'nvme0n1 ',
        virtual: false,
        model: 'Samsung? SSD',
        serial: 'S4EWNX0M000000A',
        rotating: false,
      },
    ],
  );
});

test('devices that stand on each other end somewhere', async () => {
  using machine = new Machine();
  machine.link('devices/virtual/block/md0/slaves/dm-3', DM);
  const found = await devicesBeneath('/srv/a', machine.at(0xfd03));
  assert.deepEqual(found.map(({ name }) => name).sort(), ['nvme0n1', 'sda']);
});

test('all devices of a btrfs, whose own number names none of them', async () => {
  using machine = new Machine();
  machine.mounts += '31 25 0:45 /@cache /srv/big\\040disk rw - btrfs /dev/sda2 rw,subvol=/@cache\n';
  machine.link('fs/btrfs/6c0e/devices/sda2', `${DISK}/sda2`);
  machine.link('fs/btrfs/6c0e/devices/nvme0n1p1', `${NVME}/nvme0n1p1`);
  machine.write({ 'fs/btrfs/features/raid56': '0\n' });
  const found = await devicesBeneath('/srv/big disk/x', machine.at(0x2d));
  assert.deepEqual(found.map(({ name }) => name).sort(), ['nvme0n1', 'sda']);
});

test('memory, layers and networks have no device; a file as a disk has a virtual one', async () => {
  using machine = new Machine();
  for (const mount of [
    'tmpfs tmpfs',
    'overlay overlay',
    'nfs4 box:/srv',
    'btrfs /dev/mapper/gone',
    'fuse.sshfs box:',
  ]) {
    machine.mounts = `31 25 0:45 / / rw - ${mount} rw\n`;
    assert.deepEqual(await devicesBeneath('/srv/a', machine.at(0x2d)), [], mount);
  }
  machine.mounts = '';
  assert.deepEqual(await devicesBeneath('/srv/a', machine.at(0x2d)), []);
  const [loop] = await devicesBeneath('/srv/a', machine.at(0x700));
  assert.deepEqual(loop, { name: 'loop0', key: 'loop0 ', virtual: true, rotating: false });
});

test('a folder that does not answer is the caller’s to hear of', async () => {
  using machine = new Machine();
  const broken = { ...machine.at(0), dev: () => Promise.reject(new Error('EIO')) };
  await assert.rejects(devicesBeneath('/srv/a', broken), /EIO/);
});

test('of mounts over each other the last counts, and any text can be read', () => {
  const table = [
    '1 0 8:1 / / rw shared:1 - ext4 /dev/sda1 rw',
    '2 1 8:2 / /srv rw master:3 propagate_from:2 - xfs /dev/sda2 rw',
    '3 1 8:3 / /srv rw - btrfs /dev/sda3 rw',
    '4 1 8:4 / /srv/a rw - ext4 /dev/sda4 rw',
  ].join('\n');
  assert.equal(mountOf(table, '/srv/ab')?.source, '/dev/sda3');
  assert.equal(mountOf(table, '/srv/a')?.source, '/dev/sda4');
  assert.equal(mountOf(table, '/var')?.source, '/dev/sda1');
  fc.assert(fc.property(fc.string(), fc.string(), (text, path) => mountOf(text, path) === undefined || true));
});

test('this machine answers', { skip: process.platform !== 'linux' }, async () => {
  for (const path of ['/', '/proc', '/dev', '/tmp']) assert.ok(Array.isArray(await devicesBeneath(path)), path);
});
