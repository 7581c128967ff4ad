/** The machine's disks through root's hands, with real devices. systemd is played: its `systemd-mount` is `mount` here. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, renameSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { test } from 'node:test';
import { silentLog } from '#base/log.ts';
import { runCommand } from '#kernel/command.ts';
import { DiskDesk } from '#machine/disk-desk.ts';
import { Loop, Mounted, noLoops, temporaryFolder } from '#machine/fixtures.ts';
import { KeptMounts } from '#machine/kept-mounts.ts';
import { machinePrograms, type RunCommand } from '#machine/programs.ts';
import { throughHands } from './asking.ts';
import { Hands } from './hands.ts';

const MIB = 1024 * 1024;
const UID = 59_970;
const signal = new AbortController().signal;
const leastBytes = 32 * MIB;

const asSystemd: RunCommand = (program, args, limits, own) => {
  if (program !== 'systemd-mount') return runCommand(program, args, limits, own);
  const at = args.at(-1) ?? '';
  if (args[0] === '--umount') return runCommand('umount', [at], limits, own);
  mkdirSync(at, { recursive: true });
  return runCommand('mount', args.slice(1), limits, own);
};

/** A desk that has nothing but hands. */
async function bench() {
  const folder = temporaryFolder();
  const [socketPath, mountsDir, dataDir] = ['sock', 'mounts', 'data'].map((name) => join(folder.path, name)) as [
    string,
    string,
    string,
  ];
  mkdirSync(dataDir);
  const world = { start: asSystemd, log: silentLog, mountsDir, zoneinfo: '/usr/share/zoneinfo', leastBytes };
  const hands = new Hands({ ...world, owner: async () => ({ uid: UID, gid: UID }) });
  const serving: Promise<void>[] = [];
  const server = createServer((socket) => serving.push(hands.serve(socket)));
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  const run = machinePrograms(signal, throughHands({ socketPath, mountsDir }));
  const mounts = new KeptMounts({ run, dataDir, mountsDir, hasSystemd: true, log: silentLog });
  const it = { disks: [] as readonly string[] };
  const desk = new DiskDesk({
    run,
    dataDir,
    mounts,
    disks: () => it.disks,
    changeDisks: async (paths) => {
      it.disks = paths;
      return undefined;
    },
    diskIdAt: () => 'an id',
    log: silentLog,
    leastBytes,
  });
  const end = async (): Promise<void> => {
    for (const path of it.disks) {
      const uuid = mounts.uuidAt(path);
      if (uuid !== undefined) await mounts.remove(uuid);
    }
    await new Promise((resolve) => server.close(resolve));
    await Promise.all(serving);
    folder[Symbol.dispose]();
  };
  return { desk, mounts, run, it, mountsDir, [Symbol.asyncDispose]: end };
}

test('a disk is formatted, mounted in root’s folder and given to the daemon’s user', { skip: noLoops() }, async () => {
  using loop = new Loop(64 * MIB);
  await using box = await bench();
  const row = (await box.desk.candidates()).find(({ device }) => device === loop.device);
  assert.equal(row?.can, 'format');
  const adopted = await box.desk.adopt({ device: loop.device, format: true, typed: loop.device });
  assert.ok(adopted.kind === 'adopted', JSON.stringify(adopted));
  assert.ok(adopted.path.startsWith(`${box.mountsDir}/`));
  assert.equal(statSync(join(adopted.path, '..')).uid, UID);
  assert.equal(statSync(box.mountsDir).uid, 0);
  const again = await box.run('wipefs', ['--all', loop.device]);
  assert.ok(!again.ok && /not done/.test(again.why), 'it is mounted by now');
  assert.match(
    readFileSync('/proc/self/mountinfo', 'utf8'),
    new RegExp(` ${box.mountsDir}/\\S+ rw,nosuid,nodev,noexec,noatime`),
  );
});

test('what a root before it wrote on a disk is the daemon’s after it was mounted, and nothing that it leads to', {
  skip: noLoops(),
}, async () => {
  using loop = new Loop(64 * MIB).ext4();
  using outside = temporaryFolder();
  writeFileSync(join(outside.path, 'file'), '');
  {
    using at = new Mounted(loop.device);
    mkdirSync(join(at.at, 'swarmbox', 'deep'), { recursive: true });
    writeFileSync(join(at.at, 'swarmbox', 'deep', 'piece'), '');
    symlinkSync(outside.path, join(at.at, 'swarmbox', 'link'));
    writeFileSync(join(at.at, 'of-others'), '');
  }
  await using box = await bench();
  await box.desk.candidates();
  const adopted = await box.desk.adopt({ device: loop.device });
  assert.ok(adopted.kind === 'adopted', JSON.stringify(adopted));
  assert.equal(statSync(join(adopted.path, 'deep', 'piece')).uid, UID);
  assert.equal(statSync(join(adopted.path, '..', 'of-others')).uid, 0);
  assert.deepEqual([statSync(outside.path).uid, statSync(join(outside.path, 'file')).uid], [0, 0]);
});

test('the process takes the socket that it is given, and does nothing that is not on the list', async () => {
  using folder = temporaryFolder();
  const [socketPath, mountsDir] = [join(folder.path, 'sock'), join(folder.path, 'mounts')];
  const listening = createServer();
  // Node takes a name away with the server that it gave it to.
  await new Promise<void>((resolve) => listening.listen(`${socketPath}.first`, resolve));
  renameSync(`${socketPath}.first`, socketPath);
  const { fd } = (listening as unknown as { _handle: { fd: number } })._handle;
  const main = join(import.meta.dirname, '../hands.ts');
  // As systemd starts it (sd_listen_fds(3)).
  const child = spawn('sh', ['-c', 'LISTEN_PID=$$ exec "$@"', 'sh', execPath, main], {
    stdio: ['ignore', 'ignore', 'ignore', fd],
    env: { ...process.env, LISTEN_FDS: '1', SWARMBOX_HANDS: socketPath, SWARMBOX_MOUNTS: mountsDir },
  });
  const exited = new Promise((resolve) => child.on('exit', resolve));
  // From here on it alone accepts.
  (listening as unknown as { _handle: { close(): void } })._handle.close();
  try {
    const run = machinePrograms(signal, throughHands({ socketPath, mountsDir }));
    const ran = await run('blkid', ['--probe', '--output', 'udev', '/dev/swarmbox-made-up']);
    assert.ok(!ran.ok && /it is no disk/.test(ran.why), JSON.stringify(ran));
    const socket = connect({ path: socketPath });
    socket.write('{"program":"sh","args":["-c","true"]}\n');
    let said = '';
    for await (const part of socket) said += String(part);
    assert.match(said, /not on the list/);
    assert.equal(statSync(mountsDir).mode & 0o777, 0o755);
  } finally {
    child.kill();
    await exited;
  }
});
