import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { copyFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import Sqlite from 'better-sqlite3';
import { type LogLine, logTo } from '#base/log.ts';
import { Index } from './index.ts';
import { newHash, temporaryFile, within } from './index-fixtures.ts';
import { INDEX_LIMITS } from './limits.ts';
import { MIGRATIONS, migrate } from './migrations.ts';
import { schemaOf } from './schema-use.ts';

test('a run that did not say goodbye is seen', () => {
  using file = temporaryFile();
  assert.equal(
    within(file.path, (index) => index.beginRun()),
    'first',
  );
  assert.equal(
    within(file.path, (index) => index.beginRun()),
    'unclean',
  );
  within(file.path, (index) => index.endRun());
  assert.equal(
    within(file.path, (index) => index.beginRun()),
    'clean',
  );
  assert.equal(
    within(file.path, (index) => index.beginRun()),
    'unclean',
  );
});

test('a database from a later version that says of nobody that he may use it is moved aside with all that is in it, once nobody has it open', () => {
  using file = temporaryFile();
  const writer = new Sqlite(file.path);
  writer.pragma('journal_mode = WAL');
  writer.exec('CREATE TABLE later (x); INSERT INTO later VALUES (1)');
  writer.pragma(`user_version = ${MIGRATIONS.length + 1}`);
  const copy = join(file.folder, 'copy.db');
  // As a crash leaves it: the version stands in the log, not yet in the file.
  for (const suffix of ['', '-wal']) copyFileSync(file.path + suffix, copy + suffix);
  const lines: LogLine[] = [];
  const open = (path: string) =>
    Index.open(
      path,
      logTo((line) => lines.push(line)),
    );
  assert.throws(() => open(file.path), /is in use/);
  writer.close();
  const index = open(copy);
  assert.equal(index.beginRun(), 'first');
  index.close();
  const [aside, ...more] = readdirSync(file.folder).filter((name) => /^copy\.db\.newer-.*Z$/.test(name));
  assert.deepEqual([more, lines.map(({ level, event }) => [level, event])], [[], [['warn', 'index-too-new']]]);
  const kept = new Sqlite(join(file.folder, aside as string), { readonly: true });
  assert.deepEqual([schemaOf(kept), kept.prepare('SELECT x FROM later').pluck().all()], [MIGRATIONS.length + 1, [1]]);
  kept.close();
  assert.ok(readdirSync(file.folder).includes('swarmbox.db'));
});

/** Opens a damaged file; returns what was logged and what lies beside it. */
function openDamaged(path: string, folder: string): { lines: LogLine[]; aside: string[] } {
  const lines: LogLine[] = [];
  const index = Index.open(
    path,
    logTo((line) => lines.push(line)),
  );
  assert.equal(index.beginRun(), 'first');
  assert.deepEqual(index.tasks(), []);
  assert.equal(index.putTask({ infoHash: newHash(), addedAtMs: 1 }), true);
  index.endRun();
  index.close();
  return { lines, aside: readdirSync(folder).filter((name) => name.startsWith('swarmbox.db.corrupt-')) };
}

test('a file that is no database is moved aside whole, with a log line, and a fresh one begun', () => {
  using file = temporaryFile();
  const garbage = randomBytes(8192);
  writeFileSync(file.path, garbage);
  const { lines, aside } = openDamaged(file.path, file.folder);
  assert.equal(aside.length, 1);
  assert.deepEqual(readFileSync(join(file.folder, aside[0] as string)), garbage);
  assert.deepEqual(
    lines.map((l) => [l.level, l.event]),
    [['error', 'index-corrupt']],
  );
  assert.equal(
    within(file.path, (index) => index.tasks().length),
    1,
  );
});

test('a disk that damages each of them is not filled with them: the last few stay', () => {
  using file = temporaryFile();
  for (let i = 0; i <= INDEX_LIMITS.aside; i++) {
    writeFileSync(file.path, `no database: ${i}`);
    writeFileSync(`${file.path}-wal`, '');
    openDamaged(file.path, file.folder);
  }
  const aside = readdirSync(file.folder).filter((name) => /\.corrupt-.*Z$/.test(name));
  const texts = aside.sort().map((name) => readFileSync(join(file.folder, name), 'utf8'));
  assert.deepEqual(
    texts,
    Array.from({ length: INDEX_LIMITS.aside }, (_, i) => `no database: ${i + 1}`),
  );
});

test('damage in the middle is found after an unclean stop', () => {
  using file = temporaryFile();
  within(file.path, (index) => {
    index.beginRun();
    for (let i = 0; i < 200; i++)
      index.putTask({ infoHash: newHash(), addedAtMs: i, info: randomBytes(500), pieceCount: 1 });
  });
  const bytes = readFileSync(file.path);
  for (let at = 4096 * Math.floor(bytes.length / 8192); at < bytes.length; at += 4096) bytes.fill(0xee, at, at + 200);
  writeFileSync(file.path, bytes);
  const { lines, aside } = openDamaged(file.path, file.folder);
  assert.equal(lines[0]?.event, 'index-corrupt');
  assert.deepEqual(readFileSync(join(file.folder, aside[0] as string)), bytes);
});

test('migrations are numbered without gaps, and a step that fails takes all of them back', () => {
  assert.deepEqual(
    MIGRATIONS.map((m) => m.version),
    MIGRATIONS.map((_, i) => i + 1),
  );
  const db = new Sqlite(':memory:');
  const steps = [
    { version: 1, adds: true, up: () => void db.exec('CREATE TABLE a (x)') },
    { version: 2, adds: true, up: () => void db.exec('CREATE TABLE a (x)') },
  ];
  assert.throws(() => migrate(db, steps), /already exists/);
  assert.equal(schemaOf(db), 0);
  assert.equal(migrate(db, steps.slice(0, 1)), 1);
  assert.equal(schemaOf(db), 1);
  assert.equal(migrate(db, steps.slice(0, 1)), 0);
  db.close();
});

test('a disk that takes no more makes a write say so, once in the log, and the rest goes on', () => {
  using file = temporaryFile();
  const lines: LogLine[] = [];
  const index = Index.open(
    file.path,
    logTo((line) => lines.push(line)),
  );
  const other = new Sqlite(file.path);
  const infoHash = newHash();
  index.putTask({ infoHash, addedAtMs: 1 });
  // Another process holds the write lock: the same answer as a full disk, without needing one.
  other.exec('BEGIN IMMEDIATE');
  assert.equal(index.addTraffic(infoHash, 1, 1, 1), false);
  assert.equal(index.task(infoHash)?.servedBytes, 0);
  other.exec('ROLLBACK');
  other.close();
  assert.equal(index.addTraffic(infoHash, 2, 1, 1), true);
  assert.equal(index.task(infoHash)?.servedBytes, 2);
  assert.deepEqual(
    lines.map((l) => l.event),
    ['index-not-written', 'index-written-again'],
  );
  index.close();
});
