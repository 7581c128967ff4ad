import assert from 'node:assert/strict';
import { mkdirSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { silentLog } from '#base/log.ts';
import { Scope } from '#base/scope.ts';
import { temporaryFolder } from './fixtures.ts';
import type { Run } from './programs.ts';
import { Restarts } from './restarts.ts';
import { TimeZone } from './time-zone.ts';

function bench(path: string, hasSystemd: boolean, run: Run = async () => ({ ok: true, output: '' })) {
  const zoneinfo = join(path, 'zoneinfo');
  for (const zone of ['Asia/Shanghai', 'Europe/Berlin', 'Etc/UTC']) {
    mkdirSync(join(zoneinfo, zone, '..'), { recursive: true });
    writeFileSync(join(zoneinfo, zone), 'TZif');
  }
  const localtime = join(path, 'localtime');
  symlinkSync(join(zoneinfo, 'Etc/UTC'), localtime);
  const env: { TZ?: string } = {};
  const zone = new TimeZone({
    run,
    hasSystemd,
    localtime,
    zoneinfo,
    env,
    synchronised: join(path, 'synchronised'),
    log: silentLog,
  });
  return { zone, env, localtime, zoneinfo };
}

test('the zone is the one that the machine has, and changes with the link', async () => {
  using folder = temporaryFolder();
  const { zone, env, localtime, zoneinfo } = bench(folder.path, false);
  const before = await zone.view();
  assert.equal(before.zone, 'Etc/UTC');
  assert.ok(before.zones.includes('Asia/Shanghai') && before.zones.includes('UTC'));
  assert.equal(before.isSynchronised, undefined);
  assert.deepEqual(await zone.change('Asia/Shanghai'), { kind: 'done' });
  assert.equal(readlinkSync(localtime), join(zoneinfo, 'Asia/Shanghai'));
  assert.deepEqual([env.TZ, (await zone.view()).zone], ['Asia/Shanghai', 'Asia/Shanghai']);
  for (const wrong of [
    '',
    '../../etc/passwd',
    '/etc/passwd',
    'Asia/../../x',
    'Asia/Nowhere',
    'Asia',
    'Asia'.repeat(20),
  ])
    assert.equal((await zone.change(wrong)).kind, 'invalid', wrong);
  assert.equal(env.TZ, 'Asia/Shanghai');
});

test('where systemd runs it is asked, and says whether the clock is set by others', async () => {
  using folder = temporaryFolder();
  const asked: string[] = [];
  let fails = false;
  const { zone, env } = bench(folder.path, true, async (program, args) => {
    asked.push([program, ...args].join(' '));
    if (fails) return { ok: false, why: 'timedatectl: not allowed' };
    return { ok: true, output: args[0] === 'show' ? 'yes\n' : '' };
  });
  assert.equal((await zone.view()).isSynchronised, true);
  assert.deepEqual(await zone.change('Europe/Berlin'), { kind: 'done' });
  assert.equal(env.TZ, 'Europe/Berlin');
  assert.ok(asked.includes('timedatectl set-timezone Europe/Berlin'));
  fails = true;
  assert.equal((await zone.change('Etc/UTC')).kind, 'failed');
  assert.equal(env.TZ, 'Europe/Berlin');
  assert.equal((await zone.view()).isSynchronised, undefined);
});

test('this process has the new zone at once', async () => {
  using folder = temporaryFolder();
  const before = process.env.TZ;
  const { zoneinfo, localtime } = bench(folder.path, false);
  const zone = new TimeZone({
    run: async () => ({ ok: true, output: '' }),
    hasSystemd: false,
    localtime,
    zoneinfo,
    env: process.env,
    synchronised: '',
    log: silentLog,
  });
  try {
    const hours = () => new Date(0).getHours();
    await zone.change('Etc/UTC');
    assert.equal(hours(), 0);
    await zone.change('Asia/Shanghai');
    assert.equal(hours(), 8);
  } finally {
    if (before === undefined) delete process.env.TZ;
    else process.env.TZ = before;
  }
});

test('what nobody would start again is not ended', async () => {
  const ended: string[] = [];
  await using scope = new Scope(() => {});
  const restarts = (env: Record<string, string>, hasSystemd: boolean, mayReboot = true) =>
    new Restarts({
      env,
      hasSystemd,
      mayReboot,
      run: async (program, args) => {
        ended.push([program, ...args].join(' '));
        return { ok: true, output: '' };
      },
      clock: { nowMs: () => 0, sleep: async () => void (await nextTurn()) },
      scope,
      log: silentLog,
      end: () => ended.push('the daemon'),
    });
  const can = (env: Record<string, string>, hasSystemd: boolean, mayReboot = true) =>
    Object.values(restarts(env, hasSystemd, mayReboot).view);
  assert.deepEqual(can({}, true), [false, true], 'started by hand');
  const started = { SYSTEMD_EXEC_PID: String(process.pid) };
  assert.deepEqual(can(started, true), [true, true]);
  assert.deepEqual(can(started, false), [false, false]);
  assert.deepEqual(can({ SYSTEMD_EXEC_PID: '1' }, true), [false, true], 'a shell that systemd started started it');
  assert.deepEqual(can({ SWARMBOX_RESTARTED: '1' }, false), [true, false]);
  assert.deepEqual(can(started, true, false), [true, false]);
  const none = restarts({}, false);
  assert.deepEqual([none.restart('daemon'), none.restart('machine')], [false, false]);
  await nextTurn();
  assert.deepEqual(ended, []);
  const both = restarts(started, true);
  assert.equal(both.restart('daemon'), true);
  assert.deepEqual(ended, [], 'the answer is sent first');
  assert.equal(both.restart('daemon'), true);
  for (let i = 0; i < 5; i++) await nextTurn();
  assert.deepEqual(ended, ['the daemon'], 'once');
  restarts({}, true).restart('machine');
  for (let i = 0; i < 5; i++) await nextTurn();
  assert.equal(ended.at(-1), 'systemctl reboot');
});
