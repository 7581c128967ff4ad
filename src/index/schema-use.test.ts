import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import Sqlite, { type Database } from 'better-sqlite3';
import { type LogLine, logTo } from '#base/log.ts';
import { FLEET_MIGRATIONS } from './fleet-migrations.ts';
import { Index } from './index.ts';
import { newHash, steppedBy, temporaryFile, within } from './index-fixtures.ts';
import { knownSchema, MIGRATIONS, type Migration, migrate } from './migrations.ts';
import { schemaOf, useOf } from './schema-use.ts';

const KNOWN = knownSchema(MIGRATIONS);

const tablesOf = (db: Database): string[] =>
  db
    .prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    .pluck()
    .all() as string[];

/** What the version after this one might do: a column more in every table, and a table. */
const ADDS: Migration = {
  version: KNOWN + 1,
  adds: true,
  up: (db) => {
    for (const table of tablesOf(db))
      db.exec(`ALTER TABLE ${table} ADD COLUMN later TEXT NOT NULL DEFAULT 'as it was'`);
    db.exec('CREATE TABLE later (task INTEGER PRIMARY KEY REFERENCES task (id) ON DELETE CASCADE) STRICT');
  },
};
const BREAKS: Migration = {
  version: KNOWN + 1,
  adds: false,
  up: (db) => db.exec('ALTER TABLE task RENAME COLUMN info_hash TO name'),
};

function opened(path: string): { index: Index; events: () => string[] } {
  const lines: LogLine[] = [];
  const index = Index.open(
    path,
    logTo((line) => lines.push(line)),
  );
  return { index, events: () => lines.map(({ event }) => event) };
}

/** Something of everything that an index keeps. */
function writeAll(index: Index, nowMs: number): void {
  const [infoHash, second, other] = [newHash(), newHash(), newHash()];
  const root = Buffer.alloc(32, 7);
  const written = [
    index.putTask({ infoHash, addedAtMs: nowMs, trackers: ['http://t/'], info: Buffer.from('i'), pieceCount: 9 }),
    index.setLayers(infoHash, Buffer.from('layers')),
    index.setHave(infoHash, Buffer.from([0xff, 0x80])),
    index.setReach(infoHash, 'public'),
    index.setIds([infoHash, second]),
    index.setPiecesHash(infoHash, newHash()),
    index.files.set(infoHash, [{ root, firstPiece: 0, pieceLength: 16, lengthBytes: 40 }]),
    index.listing.describe(infoHash, 'a film', 40),
    index.listing.decide(infoHash, 1),
    index.addTraffic(infoHash, 5, 6, nowMs),
    index.setSetting('key', `at ${nowMs}`),
    index.addTotal('served', 5),
    index.putTask({ infoHash: other, addedAtMs: nowMs }),
    index.emptyTask(other),
    index.removeTask(other),
  ];
  assert.ok(written.every(Boolean));
  assert.equal(index.heats.visited(infoHash, nowMs), 1);
  assert.deepEqual(index.task(second)?.have, Buffer.from([0xff, 0x80]));
  assert.equal(index.files.holders(root, other).length > 0, true);
}

test('an index that a later version only added to is used with everything in it, told of once, and the later one goes on with it', () => {
  using file = temporaryFile();
  within(file.path, (index) => writeAll(index, 1));
  assert.equal(steppedBy(file.path, ADDS), 1);

  for (const round of [1, 2]) {
    const { index, events } = opened(file.path);
    assert.deepEqual([index.size, index.setting('key'), index.total('served')], [round, `at ${round}`, 5 * round]);
    index.beginRun();
    writeAll(index, round + 1);
    index.endRun();
    index.close();
    assert.deepEqual(events(), ['index-of-newer']);
  }
  assert.deepEqual(readdirSync(file.folder), ['swarmbox.db']);
  assert.deepEqual(useOf(file.path, KNOWN), { use: 'newer', schema: KNOWN + 1 });

  assert.equal(steppedBy(file.path, ADDS), 0);
  const later = new Sqlite(file.path);
  assert.deepEqual(later.prepare('SELECT DISTINCT later FROM task').pluck().all(), ['as it was']);
  assert.equal(later.prepare('SELECT count(*) FROM task').pluck().get(), 3);
  assert.equal(later.pragma('integrity_check', { simple: true }), 'ok');
  later.close();
});

test('an index that a later version has left as this one cannot use it is moved aside whole, and its settings stay', () => {
  using file = temporaryFile();
  within(file.path, (index) => writeAll(index, 1));
  steppedBy(file.path, BREAKS);
  const bytes = readFileSync(file.path);

  const { index, events } = opened(file.path);
  assert.deepEqual([index.beginRun(), index.size, index.setting('key')], ['first', 0, 'at 1']);
  writeAll(index, 2);
  index.close();
  assert.deepEqual(events(), ['index-too-new']);
  const aside = readdirSync(file.folder).filter((name) => /^swarmbox\.db\.newer-.*Z$/.test(name));
  assert.deepEqual([aside.length, readFileSync(join(file.folder, aside[0] as string))], [1, bytes]);

  assert.equal(steppedBy(file.path, BREAKS), 1, 'the later version takes its step again');
  assert.equal(
    within(file.path, (again) => again.size),
    0,
  );
});

test('who may use a database follows its last step that did more than add', () => {
  const db = new Sqlite(':memory:');
  const oldest = () => db.prepare('SELECT oldest FROM schema_use').pluck().get();
  migrate(db);
  assert.equal(oldest(), MIGRATIONS.findLast(({ adds }) => !adds)?.version);
  const steps = [ADDS, { ...BREAKS, version: KNOWN + 2 }, { ...ADDS, version: KNOWN + 3, up: () => {} }];
  migrate(db, [...MIGRATIONS, ...steps.slice(0, 1)]);
  assert.equal(oldest(), MIGRATIONS.findLast(({ adds }) => !adds)?.version);
  migrate(db, [...MIGRATIONS, ...steps]);
  assert.deepEqual([oldest(), schemaOf(db)], [KNOWN + 2, KNOWN + 3]);
  migrate(db);
  assert.deepEqual([oldest(), schemaOf(db)], [KNOWN + 2, KNOWN + 3], 'older code lowers nothing');
  db.close();
});

type Column = { readonly name: string; readonly type: string; readonly notnull: number; readonly pk: number };
const columnsOf = (db: Database): Map<string, Column[]> =>
  new Map(tablesOf(db).map((table) => [table, db.pragma(`table_info(${table})`) as Column[]]));

for (const [what, steps] of [
  ['index', MIGRATIONS],
  ['fleet’s book', FLEET_MIGRATIONS],
] as const)
  test(`a step of the ${what} that says it only adds takes nothing away, and refuses nothing that was taken before`, () => {
    const db = new Sqlite(':memory:');
    for (const [at, step] of steps.entries()) {
      const before = columnsOf(db);
      migrate(db, steps.slice(0, at + 1));
      if (!step.adds) continue;
      const after = columnsOf(db);
      for (const [table, columns] of before) {
        const now = after.get(table)?.map(({ name, type, notnull, pk }) => ({ name, type, notnull, pk }));
        for (const { name, type, notnull, pk } of columns)
          assert.ok(
            now?.some((c) => JSON.stringify(c) === JSON.stringify({ name, type, notnull, pk })),
            `step ${step.version} changes ${table}.${name}`,
          );
      }
    }
    db.close();
  });
