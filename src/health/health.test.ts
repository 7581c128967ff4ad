import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { silentLog } from '#base/log.ts';
import { busyPercent, parseNetDev, rateBytesPerS } from './counters.ts';
import { Health, type HealthSources, machineSources } from './health.ts';
import { HEALTH_LIMITS } from './limits.ts';
import { Probes } from './probe.ts';
import type { HealthView } from './view.ts';
import { healthWarnings, wearWarnings } from './warnings.ts';

const HEAD =
  'Inter-|   Receive  |  Transmit\n face |bytes packets errs drop fifo frame compressed multicast|bytes ...\n';
const line = (name: string, rx: number, tx: number, errors = 0) =>
  `${name}: ${rx} 1 ${errors} 2 0 0 0 0 ${tx} 1 0 3 0 0 0 0\n`;

/** A machine whose every answer the test sets. */
function fakeMachine() {
  const machine = {
    ms: 0,
    net: HEAD + line('  lan0', 0, 0) + line('wan0', 0, 0),
    sources: {} as HealthSources,
    carrier: async (_: string) => '1\n',
  };
  machine.sources = {
    netDev: async () => machine.net,
    carrier: (port) => machine.carrier(port),
    speedMbps: async () => '1000\n',
    cpus: async () => [{ user: machine.ms / 4, nice: 0, sys: 0, irq: 0, idle: (machine.ms * 3) / 4 }],
    memory: async () => ({ totalBytes: 1000, availableBytes: 600 }),
    disk: async () => ({ totalBytes: 2000, freeBytes: 1000 }),
    elapsedMs: () => machine.ms,
    nowMs: () => 1_000_000 + machine.ms,
  };
  return machine;
}
const startOn = (sources: HealthSources) =>
  Health.start({
    interfaces: ['lan0', { name: 'wan0', role: 'wan' }],
    dataDir: '/data',
    intervalMs: 3_600_000,
    log: silentLog,
    sources,
  });

test('rates are bytes per second between two looks, and the history pairs WAN in with LAN out', async () => {
  const machine = fakeMachine();
  const health = await startOn(machine.sources);
  assert.equal(health.view().ports[0]?.rxBytesPerS, 0);
  assert.deepEqual(
    health.view().ports.map((p) => p.role),
    [undefined, 'wan'],
  );
  machine.ms = 2000;
  machine.net = HEAD + line('lan0', 100, 8000) + line('wan0', 3000, 50);
  await health.poll();
  assert.deepEqual(health.rates('wan0'), { rxBytesPerS: 1500, txBytesPerS: 25 });
  assert.deepEqual(health.history('wan0', 'lan0'), [[1_002_000, 1500, 4000]]);
  machine.ms = 7000;
  await health.poll();
  assert.equal(health.view().loadPercent, 25);
  assert.deepEqual(health.view().disk, { path: '/data', totalBytes: 2000, freeBytes: 1000 });
  assert.equal(health.view().ports[0]?.speedMbps, 1000);
  await health.close();
});

test('the history is bounded to five minutes at one look a second', async () => {
  const machine = fakeMachine();
  const health = await startOn(machine.sources);
  for (let i = 1; i <= HEALTH_LIMITS.historySamples + 20; i++) {
    machine.ms = i * 1000;
    await health.poll();
  }
  const seen = health.history('wan0', 'lan0');
  assert.equal(seen.length, HEALTH_LIMITS.historySamples);
  assert.equal(seen.at(-1)?.[0], 1_000_000 + machine.ms);
  await health.close();
});

test('every probe that fails becomes unknown in its own field, and the view still stands', async () => {
  const machine = fakeMachine();
  const broken = () => Promise.reject(new Error('EIO'));
  machine.sources = { ...machine.sources, disk: broken, cpus: broken, speedMbps: async () => '-1' };
  machine.carrier = broken;
  const health = await startOn(machine.sources);
  const view = health.view();
  assert.equal(view.disk.freeBytes, 'unknown');
  assert.equal(view.loadPercent, 'unknown');
  assert.equal(view.memory.availableBytes, 600);
  assert.deepEqual([view.ports[0]?.link, view.ports[0]?.speedMbps], ['unknown', 'unknown']);
  machine.sources.netDev = broken;
  await health.poll();
  assert.equal(health.view().ports[0]?.rxBytesPerS, 'unknown');
  assert.ok(healthWarnings(health.view()).some((w) => w.code === 'port-missing'));
  await health.close();
});

test('a question that is never answered is unknown after its time, and is not asked again', async () => {
  const probes = new Probes(10);
  let asked = 0;
  const hang = () => {
    asked++;
    return new Promise<number>(() => {});
  };
  assert.equal(await probes.ask('disk', hang), 'unknown');
  assert.equal(await probes.ask('disk', hang), 'unknown');
  assert.equal(asked, 1);
  const broken = () => {
    throw new Error('at once');
  };
  assert.equal(await probes.ask('net', broken), 'unknown');
  assert.equal(await probes.ask('net', async () => 7), 7);
  assert.equal(await probes.ask('net', async () => 8), 8);
});

test('warnings name what is wrong, the worst first', () => {
  const port = {
    name: 'lan0',
    link: 'up',
    speedMbps: 1000,
    rxBytesPerS: 0,
    txBytesPerS: 0,
    errors: 0,
    dropped: 0,
  } as const;
  const well: HealthView = {
    loadPercent: 10,
    cores: 4,
    memory: { totalBytes: 100, availableBytes: 50, processBytes: 1 },
    disk: { path: '/d', totalBytes: 100, freeBytes: 50 },
    ports: [port],
    loopDelay: { p99Ms: 0, maxMs: 1 },
    uptimeS: 1,
  };
  assert.deepEqual(healthWarnings(well), []);
  const ill: HealthView = {
    ...well,
    loadPercent: 99,
    memory: { ...well.memory, availableBytes: 1 },
    disk: { path: '/d', totalBytes: 100, freeBytes: 1 },
    ports: [{ ...port, link: 'down' }],
  };
  assert.deepEqual(
    healthWarnings(ill).map((w) => w.code),
    ['port-down', 'disk-low', 'memory-low', 'load-high'],
  );
});

test('a worn disk is named so that it can be found, with what the sentence needs', () => {
  const worn = { name: 'sda', model: 'WDC WD40', serial: 'WD-1', verdict: 'passed', worn: 'bad-sectors' } as const;
  const devices = [
    { ...worn, newBadSectors: 8, temperatureC: 34 },
    { name: 'sdb', verdict: 'passed' },
    { name: 'nvme0n1', verdict: 'failing', worn: 'says-failing' },
  ] as const;
  assert.deepEqual(wearWarnings('/srv/a', { verdict: 'failing', worn: 'says-failing', devices }), [
    {
      code: 'disk-sectors',
      severity: 'warn',
      detail: { path: '/srv/a', name: 'sda, WDC WD40, WD-1', count: 8, percent: 0, celsius: 34 },
    },
    {
      code: 'disk-worn',
      severity: 'bad',
      detail: { path: '/srv/a', name: 'nvme0n1', count: 0, percent: 0, celsius: '?' },
    },
  ]);
  assert.deepEqual(wearWarnings('/srv/a', undefined), []);
});

test('/proc/net/dev is read whatever it holds, and a counter that ran back is not a negative rate', () => {
  assert.deepEqual(parseNetDev(HEAD + line('wan0', 7, 9, 4)).get('wan0'), {
    rxBytes: 7,
    txBytes: 9,
    errors: 4,
    dropped: 5,
  });
  fc.assert(fc.property(fc.string(), (text) => parseNetDev(text) instanceof Map));
  fc.assert(
    fc.property(fc.nat(), fc.nat(), fc.integer({ min: -5, max: 5000 }), (a, b, ms) => rateBytesPerS(a, b, ms) >= 0),
  );
  const still = [{ user: 1, nice: 0, sys: 0, irq: 0, idle: 1 }];
  assert.ok(Number.isNaN(busyPercent(still, still)));
});

test('the real machine answers', { skip: process.platform !== 'linux' }, async () => {
  const health = await Health.start({
    interfaces: ['lo', 'no-such-port'],
    dataDir: '.',
    intervalMs: 3_600_000,
    log: silentLog,
    sources: machineSources,
  });
  const view = health.view();
  assert.equal(typeof view.memory.totalBytes, 'number');
  assert.equal(typeof view.disk.freeBytes, 'number');
  assert.equal(typeof view.ports[0]?.errors, 'number');
  assert.equal(view.ports[1]?.errors, 'unknown');
  await health.close();
});
