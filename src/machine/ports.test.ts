import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { realClock } from '#base/clock.ts';
import { Blinker } from './blinker.ts';
import { temporaryFolder } from './fixtures.ts';
import { portsOf } from './ports.ts';
import type { Ran, Run } from './programs.ts';

const roles = { lan: 'enp1s0', wan: 'enp2s0' };

/** Interfaces as sysfs tells of them. */
function sysfs(root: string, name: string, files: Record<string, string>, driver?: string): void {
  const at = join(root, name);
  mkdirSync(join(at, 'statistics'), { recursive: true });
  for (const [file, text] of Object.entries({ type: '1', address: '02:00:00:00:00:01', ...files }))
    writeFileSync(join(at, file), `${text}\n`);
  if (driver === undefined) return;
  mkdirSync(join(root, '..', 'devices', name), { recursive: true });
  mkdirSync(join(root, '..', 'drivers', driver), { recursive: true });
  symlinkSync(join(root, '..', 'drivers', driver), join(root, '..', 'devices', name, 'driver'));
  symlinkSync(join(root, '..', 'devices', name), join(at, 'device'));
}

test('the ports with what they are, and nothing that is none', async () => {
  using folder = temporaryFolder();
  const net = join(folder.path, 'net');
  sysfs(
    net,
    'enp1s0',
    { carrier: '1', speed: '1000', 'statistics/rx_bytes': '123', 'statistics/tx_bytes': 'x' },
    'igc',
  );
  sysfs(net, 'enp2s0', { carrier: '0', speed: '-1' }, 'igc');
  sysfs(net, 'enp3s0', { operstate: 'down' }, 'r8169');
  sysfs(net, 'enp4s0', { carrier: '1', speed: '2500' }, 'virtio_net');
  sysfs(net, 'wlp5s0', { carrier: '1', uevent: 'DEVTYPE=wlan' }, 'iwlwifi');
  sysfs(net, 'br0', { carrier: '1' });
  sysfs(net, 'lo', { type: '772' }, 'none');
  const ports = await portsOf(roles, new Set(['enp2s0']), {
    net,
    addresses: (name) => (name === 'enp3s0' ? ['192.0.2.9/24'] : []),
  });
  assert.deepEqual(
    ports.map((p) => [p.name, p.role, p.link, p.speedMbps, p.driver, p.canBlink, p.rxBytes, p.txBytes]),
    [
      ['enp1s0', 'lan', 'up', 1000, 'igc', true, 123, 0],
      ['enp2s0', 'wan', 'down', undefined, 'igc', false, 0, 0],
      ['enp3s0', 'management', 'down', undefined, 'r8169', true, 0, 0],
      ['enp4s0', 'none', 'up', 2500, 'virtio_net', false, 0, 0],
    ],
  );
  assert.equal(ports[0]?.mac, '02:00:00:00:00:01');
});

test('one lamp blinks at a time', async () => {
  const running: string[] = [];
  const over: string[] = [];
  const run: Run = (_, args, how) =>
    new Promise<Ran>((resolve) => {
      const name = String(args[1]);
      running.push(`${name} ${args[2]}`);
      how?.signal?.addEventListener('abort', () => {
        over.push(name);
        resolve({ ok: false, why: 'stopped' });
      });
      if (name === 'mute') resolve({ ok: false, why: 'ethtool: Operation not supported' });
    });
  const blinker = new Blinker(run, { nowMs: () => 0, sleep: async () => new Promise((go) => setImmediate(go)) });
  assert.deepEqual(await blinker.blink('a', 10), { kind: 'blinks' });
  assert.deepEqual(await blinker.blink('b', 20), { kind: 'blinks' });
  assert.deepEqual([running, over], [['a 10', 'b 20'], ['a']]);
  assert.equal((await blinker.blink('mute', 5)).kind, 'cannot');
  assert.deepEqual([[...blinker.mute], over], [['mute'], ['a', 'b']]);
});

const inNamespace = `
import { portsOf } from '#machine/ports.ts';
import { Blinker } from '#machine/blinker.ts';
import { machinePrograms } from '#machine/programs.ts';
import { realClock } from '#base/clock.ts';
const ports = await portsOf({ lan: 'lan0', wan: 'wan0' }, new Set());
const blinked = await new Blinker(machinePrograms(new AbortController().signal), realClock).blink('lan0', 1);
console.log(JSON.stringify({ ports, blinked }));
`;

test('real ports of a namespace; one without a lamp says so', {
  skip: process.getuid?.() !== 0 && 'needs root',
}, () => {
  const script =
    'mount -t sysfs none /sys && ip link add lan0 type veth peer name far0 && ip link add wan0 type veth peer name far1 && ip link add br9 type bridge && ip addr add 192.0.2.1/24 dev lan0 && ip link set lan0 up && ip link set far0 up && exec "$0" --input-type=module-typescript -e "$1"';
  const said = execFileSync('unshare', ['-n', '-m', 'sh', '-c', script, process.execPath, inNamespace], {
    encoding: 'utf8',
    cwd: join(import.meta.dirname, '../..'),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const { ports, blinked } = JSON.parse(said);
  assert.deepEqual(
    ports.map((p: { name: string; link: string; role: string; canBlink: boolean }) => [
      p.name,
      p.link,
      p.role,
      p.canBlink,
    ]),
    [
      ['lan0', 'up', 'lan', false],
      ['wan0', 'down', 'wan', false],
    ],
  );
  assert.ok(ports[0].addresses.includes('192.0.2.1/24'));
  assert.equal(blinked.kind, 'cannot');
  assert.match(blinked.why, /ethtool/);
});

test('a lamp that blinks is stopped when the box stops', async () => {
  using folder = temporaryFolder();
  const program = join(folder.path, 'ethtool');
  writeFileSync(program, '#!/bin/sh\nexec sleep 60\n');
  chmodSync(program, 0o755);
  const { machinePrograms } = await import('./programs.ts');
  const stop = new AbortController();
  const real = machinePrograms(stop.signal);
  let ended: Promise<Ran> | undefined;
  const run: Run = (_, args, how) => {
    ended = real(program, args, how);
    return ended;
  };
  assert.deepEqual(await new Blinker(run, realClock).blink('a', 60), { kind: 'blinks' });
  stop.abort();
  assert.equal((await ended)?.ok, false);
});
