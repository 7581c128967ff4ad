import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { silentLog } from '#base/log.ts';
import { adopt, MARKER_FILE, ROOT } from '#store/disk-marker.ts';
import { DISK_MARKER, DISK_ROOT, finishReset, orderReset } from './factory-reset.ts';
import { openKeeper, settingsFolder } from './fixtures.ts';

const HASH = 'a'.repeat(40);

async function diskWith(dir: string, name: string): Promise<{ path: string; id: string }> {
  const path = join(dir, name);
  mkdirSync(path);
  const { id } = await adopt(path, 0);
  for (const torrent of [HASH, `${'b'.repeat(40)}.123.removed`]) {
    mkdirSync(join(path, ROOT, torrent));
    writeFileSync(join(path, ROOT, torrent, '00000'), 'piece');
  }
  writeFileSync(join(path, ROOT, 'notes.txt'), 'of the operator');
  writeFileSync(join(path, 'holiday.jpg'), 'of the operator');
  return { path, id };
}

async function box(t: Parameters<typeof settingsFolder>[0]) {
  const folder = settingsFolder(t);
  const { dir, write, least, path, data } = folder;
  const disk = await diskWith(dir, 'disk');
  const foreign = await diskWith(dir, 'foreign');
  const admin = { host: '10.0.0.1', port: 80 };
  write({ ...least, vlans: [7], admin, disks: [disk.path], seats: 3, optOut: ['10.0.0.7'] });
  const { change } = await openKeeper(path);
  await change({ seats: 4 });
  for (const name of ['access.json', 'access.json.new', 'access.json.damaged-5'])
    writeFileSync(join(data, name), 'accounts');
  mkdirSync(join(data, 'audit'));
  writeFileSync(join(data, 'audit', '1'), 'who did what');
  writeFileSync(join(data, 'swarmbox.db'), 'index');
  const order = (cache: 'keep' | 'wipe') => ({
    cache,
    who: 'root',
    atMs: 5,
    disks: [disk, { path: foreign.path, id: 'another' }, { path: join(dir, 'gone'), id: 'x' }],
    forget: ['access.json', 'audit', ...(cache === 'wipe' ? ['swarmbox.db'] : [])],
  });
  return { ...folder, disk, foreign, order, kept: { ...least, vlans: [7], admin } };
}

test('the names that both know are the same', () => {
  assert.deepEqual([DISK_ROOT, DISK_MARKER], [ROOT, MARKER_FILE]);
});

test('a reset leaves the wire and the page where they are, and nothing of what was set, done or known', async (t) => {
  const { path, data, read, disk, order, kept } = await box(t);
  assert.equal(await finishReset(path, silentLog), undefined, 'nothing was ordered');
  await orderReset(data, order('keep'));
  assert.equal((await finishReset(path, silentLog))?.cache, 'keep');
  assert.deepEqual(read(), { ...kept, disks: [disk.path] });
  assert.deepEqual(readdirSync(data).toSorted(), ['settings-history.ndjson', 'swarmbox.db']);
  assert.ok(existsSync(join(disk.path, ROOT, HASH, '00000')));
  const { keeper } = await openKeeper(path);
  assert.deepEqual(
    keeper.history().map(({ kind, who }) => [kind, who]),
    [['reset', 'root']],
  );
  assert.equal(await finishReset(path, silentLog), undefined, 'it is done once');
});

test('wiping takes the pieces of this box from its disks, and nothing else from any disk', async (t) => {
  const { path, data, read, disk, foreign, order, kept } = await box(t);
  await orderReset(data, order('wipe'));
  await finishReset(path, silentLog);
  assert.deepEqual(read(), kept);
  assert.deepEqual(readdirSync(join(disk.path, ROOT)), ['notes.txt']);
  assert.ok(existsSync(join(disk.path, 'holiday.jpg')));
  assert.equal(readdirSync(join(foreign.path, ROOT)).length, 4);
  assert.deepEqual(readdirSync(data), ['settings-history.ndjson']);
});

test('a disk is mounted to be wiped, and one that is not there is named in the history', async (t) => {
  const { path, dir, data, disk, foreign, order } = await box(t);
  renameSync(disk.path, join(dir, 'unmounted'));
  await orderReset(data, order('wipe'));
  const mounted: string[] = [];
  await finishReset(path, silentLog, async (folder) => {
    mounted.push(folder);
    renameSync(join(dir, 'unmounted'), disk.path);
  });
  assert.deepEqual(mounted, [data]);
  assert.ok(!existsSync(join(disk.path, ROOT, HASH)));
  const { keeper } = await openKeeper(path);
  assert.equal(keeper.history()[0]?.note, `not wiped: ${foreign.path}, ${join(dir, 'gone')}`);
});

test('killed after any step, the next start does the rest', async (t) => {
  type Box = Awaited<ReturnType<typeof box>>;
  const steps: ((one: Box) => void)[] = [
    ({ disk }) => rmSync(join(disk.path, ROOT, HASH), { recursive: true }),
    ({ disk }) => rmSync(join(disk.path, ROOT, `${'b'.repeat(40)}.123.removed`), { recursive: true }),
    ({ disk }) => rmSync(join(disk.path, ROOT, DISK_MARKER)),
    ({ data }) => rmSync(join(data, 'access.json')),
    ({ data }) => rmSync(join(data, 'settings-history.ndjson')),
    ({ write, kept }) => write(kept),
  ];
  for (let done = 0; done <= steps.length; done++) {
    const one = await box(t);
    await orderReset(one.data, one.order('wipe'));
    for (const step of steps.slice(0, done)) step(one);
    await finishReset(one.path, silentLog);
    assert.deepEqual(one.read(), one.kept);
    assert.deepEqual(readdirSync(one.data), ['settings-history.ndjson']);
    assert.deepEqual(readdirSync(join(one.disk.path, ROOT)), ['notes.txt']);
  }
});

test('a reset never reaches out of the data folder, whatever its order says', async (t) => {
  const { path, dir, data, order } = await box(t);
  for (const name of ['../disk', '/etc', '.', '..', 'a/../../disk', ''])
    await assert.rejects(orderReset(data, { ...order('keep'), forget: [name] }), /nothing outside/, name);
  const forged = { ...order('keep'), forget: ['../disk', `${dir}/disk`] };
  writeFileSync(join(data, 'factory-reset.json'), JSON.stringify(forged));
  await finishReset(path, silentLog);
  assert.ok(existsSync(join(dir, 'disk', ROOT, HASH)));
  writeFileSync(join(data, 'factory-reset.json'), '{"cache":');
  assert.equal(await finishReset(path, silentLog), undefined);
});
