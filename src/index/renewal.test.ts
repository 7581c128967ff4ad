import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import Sqlite from 'better-sqlite3';
import { silentLog } from '#base/log.ts';
import type { InfoHash } from '#base/units.ts';
import { Index } from './index.ts';
import { MIGRATIONS } from './migrations.ts';
import { renewIndex } from './renewal.ts';

const infoHash = '01'.repeat(20) as InfoHash;

function temporary(t: TestContext): { folder: string; path: string } {
  const folder = mkdtempSync(join(tmpdir(), 'swarmbox-renewal-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return { folder, path: join(folder, 'swarmbox.db') };
}

test('the index before is moved aside whole, and nobody else opens the new one', async (t) => {
  const { folder, path } = temporary(t);
  const before = Index.open(path, silentLog);
  before.beginRun();
  before.putTask({ infoHash, addedAtMs: 1 });
  before.setSetting('disks', 'here');
  await assert.rejects(() => renewIndex(path, silentLog), /is in use: stop the daemon first/);
  before.close();
  const unready = renewIndex(path, silentLog, async (settings) => {
    assert.equal(settings.get('disks'), 'here');
    throw new Error('not yet');
  });
  await assert.rejects(unready, /not yet/);
  assert.deepEqual(readdirSync(folder), ['swarmbox.db']);

  const { index, movedTo, goesOn } = await renewIndex(path, silentLog);
  assert.deepEqual([index.size, index.setting('disks'), goesOn], [0, 'here', false]);
  assert.throws(() => Index.open(path, silentLog), /is in use/);
  await assert.rejects(() => renewIndex(path, silentLog), /is in use/);
  const aside = Index.open(movedTo as string, silentLog);
  assert.equal(aside.size, 1);
  aside.close();
  index.close();
  assert.deepEqual(readdirSync(folder).length, 2);
});

test('an interrupted one goes on; one that ended, or that a daemon has begun to use, is an index like any other', async (t) => {
  const { path } = temporary(t);
  const first = await renewIndex(path, silentLog);
  assert.deepEqual([first.movedTo, first.goesOn], [undefined, false]);
  first.index.putTask({ infoHash, addedAtMs: 1 });
  first.index.close();

  const second = await renewIndex(path, silentLog);
  assert.deepEqual([second.movedTo, second.goesOn, second.index.size], [undefined, true, 1]);
  second.index.close();
  const daemon = Index.open(path, silentLog);
  assert.equal(daemon.beginRun(), 'first');
  daemon.close();

  const third = await renewIndex(path, silentLog);
  assert.deepEqual([third.goesOn, third.index.size], [false, 0]);
  third.index.endRun();
  third.index.close();
  const next = Index.open(path, silentLog);
  assert.equal(next.beginRun(), 'clean');
  next.close();
});

test('an index of a later version is moved aside like any other, as it is', async (t) => {
  const { folder, path } = temporary(t);
  const later = new Sqlite(path);
  later.exec(`CREATE TABLE setting (key TEXT PRIMARY KEY, value);
    INSERT INTO setting VALUES ('disks', 'here'), ('other', 7), ('none', NULL)`);
  later.pragma(`user_version = ${MIGRATIONS.length + 1}`);
  later.close();
  const bytes = readFileSync(path);
  const { index, movedTo } = await renewIndex(path, silentLog);
  assert.deepEqual([index.size, index.setting('disks'), index.setting('other')], [0, 'here', undefined]);
  index.close();
  assert.deepEqual(readFileSync(movedTo as string), bytes);
  assert.equal(readdirSync(folder).length, 2);
});
