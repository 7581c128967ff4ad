import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { silentLog } from '#base/log.ts';
import { adopt } from '#store/disk-marker.ts';
import { makeBackup } from './backup-file.ts';
import { finishReset } from './factory-reset.ts';
import { openKeeper, settingsFolder } from './fixtures.ts';
import {
  backupOf,
  followPorts,
  newestBackup,
  orderFromOutside,
  planReset,
  settingsToGo,
  takeIn,
  whyUnusable,
} from './without-daemon.ts';

const clock = { nowMs: () => 7 };
const FORGET = ['access.json'];

test('a backup of the files alone is one that the daemon takes in, and holds no account', async (t) => {
  const { path, data, least } = settingsFolder(t, { seats: 9 });
  mkdirSync(data);
  writeFileSync(join(data, 'decisions.json'), '{"of":[]}');
  writeFileSync(join(data, 'access.json'), 'hunter2');
  const text = await backupOf(path, 5, '1.0.0');
  const said = JSON.parse(text);
  assert.deepEqual([said.settings, said.decisions, said.box], [{ ...least, seats: 9 }, '{"of":[]}', '1.0.0']);
  assert.doesNotMatch(text, /hunter2/);
});

test('of several backups the newest counts by what it says itself, and damaged ones are named', async (t) => {
  const { dir } = settingsFolder(t);
  const put = (name: string, text: string) => writeFileSync(join(dir, name), text);
  const made = (madeAtMs: number) => makeBackup({ settings: {}, orders: [] }, { madeAtMs, box: '1.0.0' });
  assert.deepEqual(await newestBackup(dir), { damaged: [] });
  put('b.backup', await made(30));
  put('c.backup', await made(20));
  put('cut.backup', (await made(40)).slice(0, 50));
  put('.hidden.backup', await made(50));
  put('other.json', await made(60));
  assert.deepEqual(await newestBackup(dir), {
    newest: { path: join(dir, 'b.backup'), madeAtMs: 30, box: '1.0.0' },
    damaged: ['cut.backup'],
  });
});

test('ports that are called otherwise are followed for good, and the history says so', async (t) => {
  const { path, read, least } = settingsFolder(t, { seats: 3, lan: 'enp1s0', wan: 'enp2s0' });
  const now = { lan: 'enp2s0', wan: 'enp3s0' };
  assert.deepEqual(await followPorts(path, now, clock, silentLog), { kind: 'done' });
  assert.deepEqual(read(), { ...least, seats: 3, ...now });
  const { keeper } = await openKeeper(path, { ms: 10_000_000 });
  assert.equal(keeper.unconfirmed, undefined);
  const [row] = keeper.history();
  assert.deepEqual([row?.who, row?.note], ['console', 'ports enp1s0 and enp2s0 are called enp2s0 and enp3s0']);
  assert.deepEqual((await followPorts(path, { lan: 'a', wan: 'a' }, clock, silentLog)).kind, 'refused');
  writeFileSync(path, '{');
  await assert.rejects(followPorts(path, now, clock, silentLog));
});

test('a backup is taken in for good, whatever it changes, and what stands in the file alone stays', async (t) => {
  const { path, read, least } = settingsFolder(t, { seats: 3 });
  const settings = { ...least, lan: 'eth7', seats: 8, admin: { host: '10.0.0.1', port: 80 }, dataDir: '/elsewhere' };
  const text = await makeBackup({ settings, orders: [{}, {}] }, { madeAtMs: 1, box: '1.0.0' });
  assert.deepEqual(await takeIn(path, text, clock, silentLog), { kind: 'done', isLocked: false, left: 2 });
  assert.deepEqual(read(), { ...settings, dataDir: least.dataDir });
  const { keeper } = await openKeeper(path, { ms: 10_000_000 });
  assert.equal(keeper.unconfirmed, undefined);
  assert.equal(keeper.given.seats, 8);
  assert.deepEqual(keeper.history()[0]?.kind, 'backup');
});

test('a backup that is damaged, or that this box cannot use, changes nothing', async (t) => {
  const { path, read } = settingsFolder(t, { seats: 3 });
  const before = read();
  const text = await makeBackup({ settings: { lan: 'eth0' }, orders: [] }, { madeAtMs: 1, box: '1.0.0' });
  for (const bad of [text, text.replace('eth0', 'eth1'), '{}'])
    assert.equal((await takeIn(path, bad, clock, silentLog)).kind, 'refused');
  assert.deepEqual(read(), before);
});

test('a reset that is ordered from outside is done by the next start, on the disks of the box that are here', async (t) => {
  const { path, dir, data, read, write, least } = settingsFolder(t);
  const disk = join(dir, 'disk');
  mkdirSync(disk);
  const { id } = await adopt(disk, 0);
  write({ ...least, seats: 3, disks: [disk, join(dir, 'away')] });
  mkdirSync(data);
  writeFileSync(join(data, 'access.json'), 'accounts');
  const asked = { cache: 'wipe', atMs: 5, forget: FORGET, dataDir: '/nowhere' } as const;
  assert.deepEqual(await planReset(path, asked), {
    disks: [{ path: disk, id }],
    away: [join(dir, 'away')],
    dataDir: data,
  });
  assert.equal(await orderFromOutside(path, asked), undefined);
  assert.equal((await finishReset(path, silentLog))?.who, 'console');
  assert.deepEqual(read(), least);
  assert.deepEqual(readdirSync(data), ['settings-history.ndjson']);
});

for (const [what, text] of [
  ['are no JSON', '{"lan": "eth0", '],
  ['have lost their ports', '{"dataDir": "/tmp/x", "seats": 3}'],
] as const)
  test(`settings that ${what} are put aside by a reset, and all of them is still there`, async (t) => {
    const { path, dir, data, least, write } = settingsFolder(t);
    writeFileSync(path, text);
    mkdirSync(data);
    writeFileSync(join(data, 'access.json'), 'accounts');
    assert.ok(await whyUnusable(path));
    const aside = await orderFromOutside(path, { cache: 'keep', atMs: 5, forget: FORGET, dataDir: data });
    assert.equal(aside && readFileSync(aside, 'utf8'), text);
    assert.ok(!readdirSync(dir).includes('config.json'));
    // As the image does for a box that has none.
    write(least);
    assert.equal((await finishReset(path, silentLog))?.cache, 'keep');
    assert.deepEqual(readdirSync(data), ['settings-history.ndjson']);
  });

test('settings that go to another disk wait for no disk of this one', async (t) => {
  const { path, least, read } = settingsFolder(t, { disks: ['/data/swarmbox/disks/x'], seats: 3 });
  writeFileSync(path, await settingsToGo(path));
  assert.deepEqual(read(), { ...least, seats: 3 });
});
