import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Candidate } from './disk-desk.ts';
import { DeskBench, Loop, Mounted, noLoops, realRun } from './fixtures.ts';

const MIB = 1024 * 1024;
const loops = { skip: noLoops() };

const rowOf = async (bench: DeskBench, device: string): Promise<Candidate | undefined> =>
  (await bench.desk.candidates()).find((row) => row.device === device);
const verdict = async (bench: DeskBench, device: string) => {
  const row = await rowOf(bench, device);
  return [row?.can, row?.why];
};
const isMounted = (at: string): boolean => readFileSync('/proc/self/mountinfo', 'utf8').includes(` ${at} `);

test('each device is told of as it is, and what may be done with it', loops, async () => {
  await using bench = new DeskBench();
  using empty = new Loop(64 * MIB);
  using ready = new Loop(64 * MIB).ext4('-L', 'pieces \u202e');
  using small = new Loop(16 * MIB).ext4();
  using swap = new Loop(64 * MIB).make('mkswap');
  using mounted = new Loop(64 * MIB).ext4();
  using at = new Mounted(mounted.device);
  using frozen = new Loop(64 * MIB).ext4();
  using _ro = new Mounted(frozen.device, 'ro');
  mkdirSync(join(at.at, 'films'));
  assert.deepEqual(await verdict(bench, empty.device), ['format', 'no-file-system']);
  assert.deepEqual(await verdict(bench, ready.device), ['adopt', 'not-mounted']);
  assert.deepEqual(await verdict(bench, small.device), ['no', 'too-small']);
  assert.deepEqual(await verdict(bench, swap.device), ['no', 'in-use']);
  assert.deepEqual(await verdict(bench, frozen.device), ['no', 'read-only']);
  const row = await rowOf(bench, mounted.device);
  assert.deepEqual([row?.can, row?.mountedAt, row?.holds, row?.hasPieces], ['adopt', at.at, ['films'], false]);
  assert.ok((row?.freeBytes ?? 0) > 32 * MIB);
  const unmounted = await rowOf(bench, ready.device);
  assert.deepEqual([unmounted?.fileSystem, unmounted?.label, unmounted?.sizeBytes], ['ext4', 'pieces', 64 * MIB]);
});

test('what carries the system is neither adopted nor formatted', loops, async () => {
  await using bench = new DeskBench();
  const root = execFileSync('findmnt', ['-no', 'SOURCE', '/'], { encoding: 'utf8' }).trim();
  const rows = await bench.desk.candidates();
  const row = rows.find(({ device }) => device === root);
  if (!row) return;
  assert.equal(row.can, 'no');
  for (const format of [true, false]) {
    const answer = await bench.desk.adopt({ device: root, format, typed: root });
    assert.ok(answer.kind === 'declined' && answer.why === 'conflict', JSON.stringify(answer));
  }
});

test(
  'a disk of which a partition is in use is nobody’s to format, and is told of with what it holds',
  loops,
  async () => {
    await using bench = new DeskBench();
    using loop = new Loop(64 * MIB);
    const part = loop.partition();
    using _ = new Mounted(part);
    const row = await rowOf(bench, loop.device);
    assert.deepEqual([row?.can, row?.why, row?.holds], ['no', 'in-use', [`${part} ext4`]]);
    const answer = await bench.desk.adopt({ device: loop.device, format: true, typed: loop.device });
    assert.ok(answer.kind === 'declined' && answer.why === 'conflict', JSON.stringify(answer));
  },
);

test(
  'a disk that is not mounted is mounted, used in a folder on it, and mounted again at the next start',
  loops,
  async () => {
    await using bench = new DeskBench();
    using loop = new Loop(64 * MIB).ext4();
    const adopted = await bench.desk.adopt({ device: loop.device });
    assert.ok(adopted.kind === 'adopted' && !adopted.piecesFound, JSON.stringify(adopted));
    const at = join(adopted.path, '..');
    assert.deepEqual(bench.disks, [bench.dataDir, adopted.path], 'what lies in the data folder stays in use');
    assert.ok(isMounted(at) && at.startsWith(bench.dataDir));
    writeFileSync(join(adopted.path, 'witness'), 'here');
    assert.deepEqual(await verdict(bench, loop.device), ['no', 'already-used']);
    execFileSync('umount', [at]);
    assert.ok(!existsSync(adopted.path), 'without the disk there is no folder that could be adopted anew');
    await bench.restart();
    assert.equal(readFileSync(join(adopted.path, 'witness'), 'utf8'), 'here');
    const removed = await bench.desk.remove(adopted.path);
    assert.equal(removed.kind, 'removed');
    assert.ok(!isMounted(at));
    assert.deepEqual(bench.disks, [bench.dataDir]);
    await bench.restart();
    assert.ok(!isMounted(at), 'and it is not mounted any more');
  },
);

test('the disk that was adopted in a folder is remembered without an index', loops, async () => {
  await using bench = new DeskBench();
  using loop = new Loop(64 * MIB).ext4();
  const uuid = execFileSync('blkid', ['-p', '-s', 'UUID', '-o', 'value', loop.device], { encoding: 'utf8' }).trim();
  const path = join(bench.mounts.at(uuid), 'swarmbox');
  bench.ids.set(path, 'the id of the disk');
  assert.equal((await bench.desk.adopt({ device: loop.device })).kind, 'adopted');
  await bench.restart();
  assert.equal(bench.mounts.idAt(path), 'the id of the disk');
  assert.equal(bench.mounts.idAt(bench.dataDir), undefined);
});

test('a disk of the box that came back is mounted again, and stays the box’s', loops, async () => {
  await using bench = new DeskBench();
  using loop = new Loop(64 * MIB).ext4();
  const adopted = await bench.desk.adopt({ device: loop.device });
  assert.ok(adopted.kind === 'adopted');
  const at = join(adopted.path, '..');
  execFileSync('umount', [at]);
  const again = await bench.desk.adopt({ device: loop.device });
  assert.ok(again.kind === 'declined' && again.why === 'conflict', 'it is used already');
  assert.ok(isMounted(at));
  await bench.restart();
  assert.notEqual(bench.mounts.uuidAt(adopted.path), undefined);
});

test('a machine that does not tell of its disks is asked again', loops, async () => {
  let fails = false;
  await using bench = new DeskBench(async (program, args, how) =>
    fails && program === 'lsblk' ? { ok: false, why: 'lsblk took too long' } : realRun(program, args, how),
  );
  using loop = new Loop(64 * MIB).ext4();
  const adopted = await bench.desk.adopt({ device: loop.device });
  assert.ok(adopted.kind === 'adopted');
  const at = join(adopted.path, '..');
  execFileSync('umount', [at]);
  fails = true;
  await bench.mounts.mountMissing();
  assert.ok(!isMounted(at));
  fails = false;
  await bench.mounts.mountMissing();
  assert.ok(isMounted(at));
});

test('pieces of an earlier box are told of before anything is mounted, and found', loops, async () => {
  await using bench = new DeskBench();
  using loop = new Loop(64 * MIB).ext4();
  {
    using earlier = new Mounted(loop.device);
    mkdirSync(join(earlier.at, 'swarmbox'));
    writeFileSync(join(earlier.at, 'swarmbox', 'disk.json'), '{}');
  }
  const row = await rowOf(bench, loop.device);
  assert.deepEqual([row?.hasPieces, row?.holds, row?.can], [true, ['swarmbox'], 'adopt']);
  const adopted = await bench.desk.adopt({ device: loop.device });
  assert.ok(adopted.kind === 'adopted' && adopted.piecesFound);
  assert.ok(existsSync(join(adopted.path, 'swarmbox', 'disk.json')));
});

test('nothing is formatted but what was shown and typed, and is still the same', loops, async () => {
  await using bench = new DeskBench();
  using loop = new Loop(64 * MIB).ext4('-L', 'precious');
  const { device } = loop;
  const label = () => execFileSync('blkid', ['-p', '-s', 'LABEL', '-o', 'value', device], { encoding: 'utf8' }).trim();
  const whyOf = async (wish: { format: boolean; typed?: string }) => {
    const answer = await bench.desk.adopt({ device, ...wish });
    return answer.kind === 'declined' ? answer.why : answer.kind;
  };
  assert.equal(await whyOf({ format: true, typed: device }), 'stale', 'never shown');
  await bench.desk.candidates();
  for (const typed of [undefined, '', 'yes', `${device} `, '/dev/sda', '/dev'])
    assert.equal(await whyOf({ format: true, ...(typed !== undefined && { typed }) }), 'typed-wrong');
  loop.ext4('-L', 'another');
  assert.equal(await whyOf({ format: true, typed: device }), 'stale', 'something else lies on it now');
  await bench.desk.candidates();
  {
    using _inUse = new Mounted(device);
    assert.equal(await whyOf({ format: true, typed: device }), 'conflict', 'mounted since');
  }
  assert.equal(label(), 'another');
  await bench.desk.candidates();
  assert.equal(await whyOf({ format: true, typed: device }), 'adopted');
  assert.equal(label(), 'swarmbox');
  assert.equal(await whyOf({ format: true, typed: device }), 'stale', 'once for each look');
});

test('a device that changes between the question and mkfs is left alone', loops, async () => {
  using loop = new Loop(64 * MIB).ext4('-L', 'first');
  let looks = 0;
  await using bench = new DeskBench(async (program, args, how) => {
    // The third look is the one right before mkfs.
    if (program === 'lsblk' && ++looks === 3) loop.ext4('-L', 'second');
    return realRun(program, args, how);
  });
  await bench.desk.candidates();
  const answer = await bench.desk.adopt({ device: loop.device, format: true, typed: loop.device });
  assert.ok(answer.kind === 'declined' && /not the device that it was/.test(answer.text), JSON.stringify(answer));
  const row = await rowOf(bench, loop.device);
  assert.equal(row?.label, 'second');
});

test('a device that somebody else has open for himself is not formatted', loops, async () => {
  await using bench = new DeskBench();
  using loop = new Loop(64 * MIB).ext4('-L', 'held');
  await bench.desk.candidates();
  // Mounted in a mount namespace that this process does not see.
  const holder = execFileSync(
    'unshare',
    ['-m', 'sh', '-c', `mount ${loop.device} /mnt && { sleep 30 >/dev/null 2>&1 & echo $!; }`],
    { encoding: 'utf8' },
  ).trim();
  try {
    const answer = await bench.desk.adopt({ device: loop.device, format: true, typed: loop.device });
    assert.equal(answer.kind, 'declined', JSON.stringify(answer));
    assert.equal((await rowOf(bench, loop.device))?.label, 'held');
  } finally {
    process.kill(Number(holder));
  }
});

test('a mount that cannot be used leaves nothing mounted', loops, async () => {
  await using bench = new DeskBench();
  using loop = new Loop(64 * MIB).ext4();
  bench.refuses = 'the settings cannot be written';
  const answer = await bench.desk.adopt({ device: loop.device });
  assert.ok(answer.kind === 'declined' && answer.text === bench.refuses);
  assert.deepEqual(bench.disks, []);
  assert.ok(!readFileSync('/proc/self/mountinfo', 'utf8').includes(bench.dataDir));
});

test('two copies of one file system are told apart by nobody, so neither is mounted', loops, async () => {
  await using bench = new DeskBench();
  const uuid = '01234567-89ab-4cde-8123-456789abcdef';
  using one = new Loop(64 * MIB).ext4('-U', uuid);
  using _other = new Loop(64 * MIB).ext4('-U', uuid);
  assert.deepEqual(await verdict(bench, one.device), ['no', 'in-use']);
});
