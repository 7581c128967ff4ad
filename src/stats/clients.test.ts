import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import Sqlite from 'better-sqlite3';
import fc from 'fast-check';
import { anyCharacter } from '#base/fixtures.ts';
import { silentLog } from '#base/log.ts';
import { infoHashOf } from '#base/units.ts';
import { Index } from '#index/index.ts';
import { ClientHistory } from './client-history.ts';
import { type Connection, clientsNow } from './clients-view.ts';
import { DAY_MS, MINUTE_MS } from './fixtures.ts';
import { programKind } from './program-kind.ts';

const NOON = Date.UTC(2026, 5, 15, 12);
const FILM = infoHashOf(Buffer.alloc(20, 1));
const GAME = infoHashOf(Buffer.alloc(20, 2));
const PC = '192.168.1.7';
const PHONE = 'fd00::c0de:1';

function setUp(t: TestContext, enabled = true, keepDays = 3) {
  const dir = mkdtempSync(join(tmpdir(), 'swarmbox-clients-'));
  const path = join(dir, 'swarmbox.db');
  const index = Index.open(path, silentLog);
  t.after(() => {
    index.close();
    rmSync(dir, { recursive: true });
  });
  const at = { nowMs: NOON };
  const history = new ClientHistory(
    { enabled, keepDays },
    { nowMs: () => at.nowMs, rows: index.clientDays, nameOf: (hash) => (hash === FILM ? '电影' : '') },
  );
  const onDisk = (text: string): boolean =>
    ['', '-wal'].some((suffix) => readFileSync(path + suffix).includes(Buffer.from(text)));
  return { index, at, history, onDisk, path };
}

test('nothing is kept of anybody unless it was switched on', (t) => {
  const { index, history, onDisk } = setUp(t, false);
  history.note(PC, FILM, 100);
  history.write();
  assert.deepEqual(history.of(PC), { address: PC, days: [], torrents: [] });
  assert.equal(index.clientDays.size, 0);
  assert.equal(onDisk(PC), false);
  assert.deepEqual(history.view, { on: false, keepDays: 3 });
});

test('a machine is told of by days and by torrents, what is not written yet included', (t) => {
  const { at, history } = setUp(t);
  history.note(PC, FILM, 100);
  history.note(PC, FILM, 50);
  history.note(PHONE, FILM, 7);
  const before = history.of(PC);
  history.write();
  assert.deepEqual(history.of(PC), before);
  at.nowMs += DAY_MS;
  history.note(PC, GAME, 30);
  history.note(PC, FILM, 1);
  history.write();
  history.note(PC, GAME, 3);
  const { days, torrents } = history.of(PC);
  assert.deepEqual(
    days.map(({ servedBytes, torrents: count }) => [servedBytes, count]),
    [
      [34, 2],
      [150, 1],
    ],
  );
  assert.deepEqual(
    torrents.map(({ infoHash, name, servedBytes, lastAtMs }) => [infoHash, name, servedBytes, lastAtMs]),
    [
      [FILM, '电影', 151, at.nowMs],
      [GAME, '', 33, at.nowMs],
    ],
  );
  assert.equal(history.of(PHONE).days[0]?.servedBytes, 7);
});

test('what is older than it is to be kept is gone from the files, also when nothing more is recorded', (t) => {
  const { at, history, index, onDisk } = setUp(t);
  history.note(PC, FILM, 100);
  for (let i = 0; i < 10; i++) history.write();
  assert.ok(onDisk(PC), 'else the rest proves nothing');
  history.setSettings({ enabled: false, keepDays: 3 });
  at.nowMs += 2 * DAY_MS;
  history.write();
  assert.equal(index.clientDays.size, 1, 'the third day');
  at.nowMs += DAY_MS;
  history.write();
  assert.equal(index.clientDays.size, 0);
  assert.equal(onDisk(PC), false);
});

test('a clock that has not been set yet costs nothing in the first minutes', (t) => {
  const { at, history, index } = setUp(t);
  history.note(PC, FILM, 100);
  history.write();
  const again = new ClientHistory(
    { enabled: true, keepDays: 3 },
    { nowMs: () => at.nowMs, rows: index.clientDays, nameOf: () => '' },
  );
  at.nowMs = 0;
  for (let i = 0; i < 5; i++) again.write();
  at.nowMs = NOON + MINUTE_MS;
  for (let i = 0; i < 20; i++) again.write();
  assert.equal(index.clientDays.size, 1);
  at.nowMs -= 400 * DAY_MS;
  again.write();
  assert.equal(index.clientDays.size, 0, 'what a clock that was wrong wrote would be kept for ever');
});

test('one is forgotten, or all are, and nothing of them is left in the files', (t) => {
  const { history, index, onDisk } = setUp(t);
  history.note(PC, FILM, 100);
  history.note(PHONE, FILM, 100);
  history.write();
  history.note(PC, GAME, 100);
  assert.equal(history.forget(PC), true);
  assert.deepEqual(history.of(PC).days, []);
  history.write();
  assert.deepEqual([onDisk(PC), onDisk(PHONE)], [false, true]);
  history.forget();
  assert.deepEqual([onDisk(PHONE), index.clientDays.size], [false, 0]);
});

test('what somebody reads meanwhile is gone from the files when they have read it', (t) => {
  const { history, onDisk, path } = setUp(t);
  history.note(PC, FILM, 100);
  for (let i = 0; i < 10; i++) history.write();
  const reader = new Sqlite(path, { readonly: true });
  t.after(() => reader.close());
  reader.exec('BEGIN');
  reader.prepare('SELECT count(*) FROM client_day').get();
  assert.equal(history.forget(), true);
  assert.equal(onDisk(PC), true, 'else the rest proves nothing');
  reader.exec('COMMIT');
  history.write();
  assert.equal(onDisk(PC), false);
});

test('switched off, what waits is not written', (t) => {
  const { history, index } = setUp(t);
  history.note(PC, FILM, 100);
  history.setSettings({ enabled: false, keepDays: 3 });
  history.write();
  assert.equal(index.clientDays.size, 0);
});

const connection = (some: Partial<Connection>): Connection => ({
  address: PC,
  infoHash: FILM,
  name: undefined,
  rateBytesPerS: 1,
  servedBytes: 10,
  sinceMs: NOON,
  ...some,
});

test('of machines nothing is told but how many there are, unless it is wanted', () => {
  const all = [
    connection({ name: 'qBittorrent/5.1.4' }),
    connection({ name: 'qBittorrent/5.1.4', infoHash: GAME, sinceMs: NOON - 5 }),
    connection({ name: '-TR4060-', address: PHONE, rateBytesPerS: 9 }),
  ];
  const programs = [
    { name: 'qBittorrent', connections: 2 },
    { name: 'Transmission', connections: 1 },
  ];
  const aggregate = clientsNow(all, false);
  assert.deepEqual(aggregate, { connected: 2, connections: 3, omitted: 0, programs });
  assert.doesNotMatch(JSON.stringify(aggregate), /192\.168|fd00/);
  assert.deepEqual(clientsNow(all, true).rows, [
    {
      address: PHONE,
      names: ['-TR4060-'],
      connections: 1,
      torrents: 1,
      serveRateBytesPerS: 9,
      servedBytes: 10,
      sinceMs: NOON,
    },
    {
      address: PC,
      names: ['qBittorrent/5.1.4'],
      connections: 2,
      torrents: 2,
      serveRateBytesPerS: 2,
      servedBytes: 20,
      sinceMs: NOON - 5,
    },
  ]);
});

test('ever so many machines and programs are cut, and all are counted', () => {
  const many = Array.from({ length: 700 }, (_, i) =>
    connection({
      address: `10.0.${i >> 8}.${i & 255}`,
      name: `P${'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOP'[i % 40]}x 1.${i}`,
    }),
  );
  const view = clientsNow(many, true);
  assert.deepEqual([view.connected, view.rows?.length, view.omitted, view.programs.length], [700, 500, 200, 20]);
  assert.equal(
    view.programs.reduce((sum, p) => sum + p.connections, 0),
    700,
  );
});

test('a program is told by its name without its version, whatever it says', () => {
  const said = [
    'qBittorrent v4.6.0',
    'µTorrent 3.5.5',
    'libtorrent/2.0.9',
    'aria2/1.36.0',
    '-UT355W-',
    'A2-1-36-',
    '迅雷 11',
    'Deluge/2.1.1',
    '',
    undefined,
    '-??0001-',
    '12345',
  ];
  assert.deepEqual(said.map(programKind), [
    'qBittorrent',
    'µTorrent',
    'libtorrent',
    'aria2',
    'µTorrent',
    'aria2',
    '迅雷',
    'Deluge',
    'other',
    'other',
    'other',
    'other',
  ]);
  fc.assert(
    fc.property(fc.string({ unit: anyCharacter, maxLength: 200 }), (name) => {
      const kind = programKind(name);
      assert.ok(kind.length > 0 && kind.length <= 32);
      assert.doesNotMatch(kind, /\p{Cc}/u);
    }),
  );
});
