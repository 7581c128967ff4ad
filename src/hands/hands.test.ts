import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { silentLog } from '#base/log.ts';
import type { CommandResult } from '#kernel/command.ts';
import { MKFS } from '#machine/format.ts';
import { mountOptions } from '#machine/kept-mounts.ts';
import { throughHands } from './asking.ts';
import { Hands } from './hands.ts';

const UUID = '0b0c1f0e-6a52-4c0f-9a34-5b0c00000001';
const GB = 1e9;
const never = new AbortController().signal;
const ended = (output: string, status = 0): CommandResult => ({ kind: 'ended', status, output });
/** Of the file system that is mounted at `/` here. */
const ROOT = readFileSync('/proc/self/mountinfo', 'utf8')
  .split('\n')
  .map((line) => line.split(' '))
  .find((words) => words[4] === '/')?.[2];

const row = (path: string, number: string, more: object = {}) => ({
  path,
  'maj:min': number,
  size: 8 * GB,
  type: 'disk',
  ro: false,
  ...more,
});

/** A machine with the system's disk, an empty one, one with a file system, and a small one. */
const DISKS = {
  blockdevices: [
    row('/dev/played-system', '250:0', { children: [row('/dev/played-system1', ROOT ?? '', { type: 'part' })] }),
    row('/dev/played-empty', '250:16'),
    row('/dev/played-full', '250:32'),
    row('/dev/played-small', '250:48', { size: GB }),
  ],
};
const FOUND: Readonly<Record<string, string>> = { '/dev/played-full': `ID_FS_TYPE=ext4\nID_FS_UUID=${UUID}\n` };

/** Hands on a socket; `ran`: what they ran, but for looking. */
async function bench(t: TestContext, disks: object = DISKS, zoneLink?: string) {
  const dir = mkdtempSync(join(tmpdir(), 'swarmbox-hands-'));
  const [socketPath, mountsDir, zoneinfo] = [join(dir, 'sock'), join(dir, 'disks'), join(dir, 'zones')];
  mkdirSync(join(zoneinfo, 'Asia'), { recursive: true });
  writeFileSync(join(zoneinfo, 'Asia', 'Shanghai'), '');
  const ran: string[] = [];
  const it = { slow: undefined as Promise<void> | undefined, stopped: 0 };
  const hands = new Hands({
    start: (program, args, _limits, signal) => {
      const words = [program, ...args].join(' ');
      const run = async (): Promise<CommandResult> => {
        if (program === 'lsblk') return ended(JSON.stringify(disks));
        if (program === 'blkid')
          return FOUND[args.at(-1) ?? ''] ? ended(FOUND[args.at(-1) ?? ''] as string) : ended('', 2);
        ran.push(words);
        signal.addEventListener('abort', () => it.stopped++);
        await it.slow;
        return ended('it is done\n');
      };
      return { result: run() };
    },
    log: silentLog,
    mountsDir,
    zoneinfo,
    zoneLink,
    owner: async () => ({ uid: 970, gid: 970 }),
  });
  const serving = new Set<Promise<void>>();
  const server = createServer((socket) => {
    serving.add(hands.serve(socket));
  });
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  t.after(async () => {
    await new Promise((resolve) => server.close(resolve));
    await Promise.all(serving);
    rmSync(dir, { recursive: true });
  });
  const start = throughHands({ socketPath, mountsDir });
  const limits = { timeoutMs: 60_000, outputBytes: 1 << 20, withErrors: true };
  const ask = (words: string[], signal = never): Promise<CommandResult> =>
    start(words[0] ?? '', words.slice(1), limits, signal).result;
  return { ask, ran, it, socketPath, mountsDir, zoneinfo, serving };
}
const why = (result: CommandResult): string => (result.kind === 'failed' ? result.why : JSON.stringify(result));

test('what is asked for is done, and the answer is the program’s', async (t) => {
  const { ask, ran } = await bench(t);
  assert.deepEqual(await ask(['systemctl', 'reboot']), ended('it is done\n'));
  assert.deepEqual(await ask(['timedatectl', 'set-timezone', 'Asia/Shanghai']), ended('it is done\n'));
  assert.deepEqual(
    await ask(['blkid', '--probe', '--output', 'udev', '/dev/played-full']),
    ended(FOUND['/dev/played-full'] ?? ''),
  );
  assert.deepEqual(ran, ['systemctl reboot', 'timedatectl set-timezone Asia/Shanghai']);
  // What needs no root is not asked of them.
  assert.deepEqual(await ask(['echo', 'by myself']), ended('by myself\n'));
});

test('the system’s disk, a small one, one that is not there and a folder’s zone are refused', async (t) => {
  const { ask, ran } = await bench(t);
  for (const device of ['system', 'system1', 'small', 'nowhere']) {
    assert.match(why(await ask(['wipefs', '--all', `/dev/played-${device}`])), /not done/, device);
    assert.match(why(await ask(['mkfs.ext4', ...MKFS, `/dev/played-${device}`])), /not done/, device);
  }
  assert.match(why(await ask(['debugfs', '-R', 'ls -p /', '/dev/mem'])), /no disk/);
  assert.match(why(await ask(['timedatectl', 'set-timezone', 'Asia'])), /no time zone/);
  assert.match(why(await ask(['timedatectl', 'set-timezone', 'Nowhere'])), /not done/);
  assert.deepEqual(ran, []);
  await ask(['wipefs', '--all', '/dev/played-empty']);
  await ask(['mkfs.ext4', ...MKFS, '/dev/played-empty']);
  assert.equal(ran.length, 2);
});

test('only a file system that is on the disk is mounted, under its own name', async (t) => {
  const { ask, ran, mountsDir } = await bench(t);
  const mount = (device: string, uuid: string, type = 'ext4') =>
    ask(['systemd-mount', '--collect', '-t', type, '-o', mountOptions(type), device, join(mountsDir, uuid)]);
  assert.match(why(await mount('/dev/played-full', 'aaaa-bbbb')), /not done/);
  assert.match(why(await mount('/dev/played-full', UUID, 'xfs')), /not done/);
  assert.match(why(await mount('/dev/played-empty', UUID)), /not done/);
  assert.deepEqual(ran, []);
  assert.equal((await mount('/dev/played-full', UUID)).kind, 'ended');
});

test('where /etc cannot be written the zone is a link beside the settings', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'swarmbox-zone-'));
  t.after(() => rmSync(dir, { recursive: true }));
  const link = join(dir, 'localtime');
  const { ask, ran, zoneinfo } = await bench(t, DISKS, link);
  for (let times = 0; times < 2; times++)
    assert.deepEqual(await ask(['timedatectl', 'set-timezone', 'Asia/Shanghai']), ended(''));
  assert.equal(readlinkSync(link), join(zoneinfo, 'Asia/Shanghai'));
  assert.match(why(await ask(['timedatectl', 'set-timezone', 'Asia'])), /no time zone/);
  assert.deepEqual(ran, []);
});

test('a machine that does not tell of its disks has none changed', async (t) => {
  const { ask, ran } = await bench(t, { blockdevices: 'none' });
  assert.match(why(await ask(['wipefs', '--all', '/dev/played-empty'])), /not done/);
  assert.deepEqual(ran, []);
});

test('disks are changed one at a time, and who goes away has it stopped', async (t) => {
  const { ask, ran, it, serving } = await bench(t);
  const slow = Promise.withResolvers<void>();
  it.slow = slow.promise;
  const gone = new AbortController();
  const first = ask(['mkfs.ext4', ...MKFS, '/dev/played-empty'], gone.signal);
  const second = ask(['wipefs', '--all', '/dev/played-full']);
  while (ran.length === 0) await new Promise(setImmediate);
  gone.abort();
  assert.match(why(await first), /stops/);
  while (it.stopped === 0) await new Promise(setImmediate);
  assert.equal(ran.length, 1);
  slow.resolve();
  assert.equal((await second).kind, 'ended');
  await Promise.all(serving);
});

/** Sends bytes as they are; what comes back. */
function raw(path: string, bytes: Uint8Array): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const socket: Socket = connect({ path });
  let text = '';
  socket.on('data', (part) => {
    text += String(part);
  });
  socket.on('error', reject).on('close', () => resolve(text));
  socket.write(bytes);
  return promise;
}

test('whatever comes instead of a request runs nothing and is answered', async (t) => {
  const { ran, socketPath } = await bench(t);
  const request = fc.record({
    program: fc.oneof(fc.constantFrom('systemctl', 'sh', '/bin/sh', 'wipefs'), fc.anything()),
    args: fc.oneof(
      fc.array(fc.oneof(fc.constantFrom('--force', '-c', 'reboot\0', '--all'), fc.anything()), { maxLength: 20 }),
      fc.anything(),
    ),
  });
  const line = fc.oneof(
    request.map((said) => JSON.stringify(said) ?? ''),
    fc.json(),
    fc.string({ maxLength: 200 }),
    fc.constant('x'.repeat(5_000)),
  );
  await fc.assert(
    fc.asyncProperty(line, fc.uint8Array({ maxLength: 20 }), async (text, noise) => {
      const answer = await raw(socketPath, Buffer.concat([noise, Buffer.from(`${text}\n`)]));
      assert.equal((JSON.parse(answer) as { kind: string }).kind, 'failed');
      assert.deepEqual(ran, []);
    }),
    { numRuns: 300 },
  );
});

test('without hands that answer nothing is done, and that is said', async () => {
  const start = throughHands({ socketPath: '/nowhere/sock', mountsDir: '/disks' });
  const { result } = start('systemctl', ['reboot'], { timeoutMs: 10_000, outputBytes: 100 }, never);
  assert.match(why(await result), /hands/);
});
