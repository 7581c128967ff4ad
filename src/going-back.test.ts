import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { boxIn, PASSWORD, seat } from '#access/fixtures.ts';
import { isRefusal } from '#access/refusal.ts';
import { Bitfield } from '#base/bitfield.ts';
import { realClock } from '#base/clock.ts';
import { type LogLine, logTo, silentLog } from '#base/log.ts';
import { problemsOf, type Schema } from '#base/schema-check.ts';
import { FORMATS } from '#base/schema-formats.ts';
import { BLOCK_BYTES } from '#base/units.ts';
import type { Index } from '#index/index.ts';
import { steppedBy } from '#index/index-fixtures.ts';
import { MIGRATIONS, type Migration } from '#index/migrations.ts';
import { nobodyThere, openToAll, pieceOf, until } from '#manager/fixtures.ts';
import { keepMetainfo } from '#manager/kept-metainfo.ts';
import { Manager } from '#manager/manager.ts';
import type { Edition } from '#settings/edition.ts';
import { filled } from '#settings/setting-defaults.ts';
import { SETTING_SCHEMAS, SETTINGS_SCHEMA } from '#settings/setting-schemas.ts';
import { SettingsBook } from '#settings/settings-book.ts';
import { SettingsKeeper } from '#settings/settings-keeper.ts';
import { Store } from '#store/store.ts';
import { FramedPiece } from '#wire/framed-piece.ts';
import { oneFileTorrent } from '#wire/made-torrent.ts';
import { shapeOf } from '#wire/piece-shape.ts';
import { configOf } from './config.ts';
import { openIndex } from './data-folder.ts';

/** An update that is taken back: this version meets what the next one has left, and the next one what this one has left. */

const PIECES = 3;
/** A thread begins to hash, on a machine that has more to do. */
const HASHED_S = 60;
const NEXT = MIGRATIONS.length + 1;
const ADDS: Migration = {
  version: NEXT,
  adds: true,
  up: (db) =>
    db.exec("ALTER TABLE task ADD COLUMN later TEXT NOT NULL DEFAULT 'x'; CREATE TABLE later (x TEXT) STRICT"),
};
const BREAKS: Migration = { version: NEXT, adds: false, up: (db) => db.exec('ALTER TABLE task RENAME TO torrent') };

const SCHEMA: Schema = { ...SETTINGS_SCHEMA, properties: { ...SETTING_SCHEMAS, shiny: { type: 'string' } } };
/** The settings of the next version: it has one more. */
const NEXT_EDITION: Edition = {
  version: '999.0.0',
  steps: [],
  problems: (given) => problemsOf(filled(given), SCHEMA, SCHEMA, FORMATS),
};

function boxOf(t: TestContext) {
  const dir = mkdtempSync(join(tmpdir(), 'going-back-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  const [path, dataDir] = [join(dir, 'config.json'), join(dir, 'data')];
  mkdirSync(dataDir);
  writeFileSync(path, JSON.stringify({ lan: 'eth0', wan: 'eth1', dataDir, seats: 7 }));
  return { path, dataDir, torrent: oneFileTorrent(PIECES * BLOCK_BYTES, BLOCK_BYTES) };
}
type Box = ReturnType<typeof boxOf>;

const storeIn = (dataDir: string) =>
  Store.open<FramedPiece>(
    { disks: [{ path: dataDir }], probeBytes: 0, cacheBytes: 1 << 20, floorBytes: 0, hashWorkers: 1 },
    FramedPiece,
    silentLog,
  );

/** This version, as the house puts it together; `work` while it runs. What it said, by event. */
async function run({ path, dataDir }: Box, work: (parts: Awaited<ReturnType<typeof partsOf>>) => Promise<void>) {
  const lines: LogLine[] = [];
  const log = logTo((line) => lines.push(line));
  const parts = await partsOf(path, dataDir, log);
  try {
    await work(parts);
  } finally {
    await parts.manager.close();
    await parts.store.close();
    await parts.access.close();
    parts.index.endRun();
    parts.index.close();
  }
  const told = [...lines, ...parts.accessLines];
  return told.filter(({ level, event }) => level !== 'info' || event === 'index-of-newer').map(({ event }) => event);
}

async function partsOf(path: string, dataDir: string, log: ReturnType<typeof logTo>) {
  const keeper = await SettingsKeeper.open(path, { clock: realClock, log });
  const index = openIndex(configOf(keeper.given), log);
  const stop = index.beginRun();
  const store = await storeIn(dataDir);
  const manager = new Manager(openToAll, { ...nobodyThere(), store, index }, log);
  const { access, lines: accessLines } = await boxIn(dataDir);
  manager.resume(stop);
  return { keeper, index, stop, store, manager, access, accessLines };
}

/** The first life of the box: one torrent, asked for once, an account, and a setting. */
const fill = (box: Box) =>
  run(box, async ({ index, store, access }) => {
    const { meta } = box.torrent;
    const task = store.task(shapeOf(meta));
    await task.writeMetainfo(meta.infoBytes);
    const have = new Bitfield(PIECES);
    for (let piece = 0; piece < PIECES; piece++) {
      assert.equal((await task.accept(pieceOf(box.torrent, piece))).kind, 'durable');
      have.set(piece);
    }
    index.putTask({ infoHash: meta.infoHash, addedAtMs: 5 });
    keepMetainfo(index, meta, true);
    index.setHave(meta.infoHash, have.bytes);
    index.heats.visited(meta.infoHash, 6);
    index.setSetting('prefill', '[]');
    assert.ok(!isRefusal(await access.signIn.setUp({ name: 'ada', password: PASSWORD }, seat('', 'socket'))));
  });

/** The next version starts, has its way with the data, and somebody sets what only it knows. */
async function update({ path, dataDir }: Box, step: Migration): Promise<number> {
  const steps = steppedBy(join(dataDir, 'swarmbox.db'), step);
  const book = await SettingsBook.open(path, 1, silentLog, NEXT_EDITION);
  const given = { ...book.given, shiny: 'x' };
  const row = { revision: book.revision + 1, atMs: 1, who: 'root', note: '', kind: 'change', given } as const;
  await book.begin({ row, before: book.given });
  await book.settle();
  const file = join(dataDir, 'access.json');
  const access = { ...JSON.parse(readFileSync(file, 'utf8')), version: 2, readableFrom: 1, doors: ['front'] };
  writeFileSync(file, JSON.stringify(access));
  return steps;
}

const isAdaIn = async (access: Awaited<ReturnType<typeof partsOf>>['access']) =>
  !isRefusal(await access.signIn.signIn({ name: 'ada', password: PASSWORD }, seat('', 'tls')));

/** A task tells the index now and then, and when it goes. */
const piecesOf = ({ torrent }: Box, index: Index, manager: Manager) =>
  manager.living(torrent.meta.infoHash)?.have?.count ?? index.task(torrent.meta.infoHash)?.haveCount;

const LEFT_OUT = 'a setting that a newer version wrote is left out, and kept for it';

for (const [what, step, event] of [
  ['only added to the index', ADDS, 'index-of-newer'],
  ['changed the index so that it is of no use to this one', BREAKS, 'index-too-new'],
] as const)
  test(`after an update that was taken back and had ${what}, torrents, accounts and settings are there; and again after the next`, async (t) => {
    const box = boxOf(t);
    const { infoHash } = box.torrent.meta;
    assert.deepEqual(await fill(box), []);
    assert.equal(await update(box, step), 1);

    const said = await run(box, async ({ keeper, index, stop, access, store, manager }) => {
      assert.deepEqual([keeper.given.seats, keeper.given.shiny], [7, undefined]);
      await until('all pieces are known', () => piecesOf(box, index, manager) === PIECES, HASHED_S);
      await until('without a doubt', () => index.task(infoHash)?.doubtful === false, HASHED_S);
      const read = await store.task(shapeOf(box.torrent.meta)).read(1);
      assert.equal(read.kind, 'ok');
      assert.equal(index.setting('prefill'), '[]');
      assert.ok(await isAdaIn(access));
      const isKept = step.adds;
      assert.equal(stop, isKept ? 'clean' : 'first');
      assert.equal(index.heats.of(infoHash, 7)?.clients, isKept ? 1 : 0, 'what no disk tells');
      await access.accounts.add({ name: 'bob', password: PASSWORD, right: 'look' });
      const { revision } = keeper;
      assert.equal((await keeper.change({ revision, values: { seats: 8 } }, 'root')).kind, 'done');
    });
    assert.deepEqual(said.toSorted(), [LEFT_OUT, event].toSorted());
    const aside = readdirSync(box.dataDir).filter((name) => /^swarmbox\.db\.newer-.*Z$/.test(name));
    assert.equal(aside.length, step.adds ? 0 : 1);

    assert.equal(await update(box, step), step.adds ? 0 : 1);
    const book = await SettingsBook.open(box.path, 1, silentLog, NEXT_EDITION);
    assert.deepEqual([book.given.seats, book.given.shiny], [8, 'x']);
    const { accounts, doors } = JSON.parse(readFileSync(join(box.dataDir, 'access.json'), 'utf8'));
    assert.deepEqual([accounts.map(({ name }: { name: string }) => name), doors], [['ada', 'bob'], ['front']]);
    await run(box, async ({ index, access, manager }) => {
      await until('all pieces are known', () => piecesOf(box, index, manager) === PIECES, HASHED_S);
      assert.ok(await isAdaIn(access));
    });
  });
