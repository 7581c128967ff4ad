import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { silentLog } from '#base/log.ts';
import { problemsOf, type Schema } from '#base/schema-check.ts';
import { FORMATS } from '#base/schema-formats.ts';
import { type Edition, THIS_EDITION } from './edition.ts';
import { openKeeper, settingsFolder } from './fixtures.ts';
import { filled } from './setting-defaults.ts';
import { SETTING_SCHEMAS, SETTINGS_SCHEMA } from './setting-schemas.ts';
import { SettingsBook } from './settings-book.ts';
import { readSettings, textOf } from './settings-file.ts';
import type { SettingsStep } from './settings-steps.ts';
import { laidOver, usable } from './usable.ts';

const LEAST = { lan: 'eth0', wan: 'eth1', dataDir: '/d' };

/** BEFORE: `seats`, a number. AFTER: `tables`, an object with the number. */
const SEATS_TO_TABLES: SettingsStep = {
  since: '999.1.0',
  change: (given) => {
    if (!Object.hasOwn(given, 'seats')) return given;
    const { seats, ...others } = given;
    return { ...others, tables: { count: seats } };
  },
};

const tables: Schema = { type: 'object', properties: { count: { type: 'integer' } }, additionalProperties: false };
/** The version to come: it has a setting more, one of another name, one of another field, and takes a higher number. */
const { seats: _, ...staying } = SETTING_SCHEMAS;
const TO_COME: Schema = {
  ...SETTINGS_SCHEMA,
  properties: {
    ...staying,
    tables,
    cacheMiB: { type: 'integer' },
    shiny: { type: 'string' },
    dht: { ...SETTING_SCHEMAS.dht, additionalProperties: true },
    // What is filled in for those that are known today only.
    seats: { const: 32 },
  },
};
const NEWER: Edition = {
  version: '999.1.0',
  steps: [SEATS_TO_TABLES],
  problems: (given) => problemsOf({ ...filled(given), seats: given.seats ?? 32 }, TO_COME, TO_COME, FORMATS),
};

const written = (settings: object, version = NEWER.version) => JSON.stringify({ ...settings, version });

test('of what a newer version wrote the part is used that is known and right here; the rest is named, and kept', () => {
  const { given, others, leftOut } = readSettings(
    written({
      ...LEAST,
      shiny: 'x',
      cacheMiB: 1e9,
      seats: 7,
      dht: { enabled: false, deep: { er: 1 } },
      admin: { host: '10.0.0.1', port: 443, tls: true },
      prefill: { hours: [{ from: '25:99', to: '01:00' }, 7], dayShare: 0.25 },
    }),
  );
  const admin = { host: '10.0.0.1', port: 443 };
  assert.deepEqual(given, { ...LEAST, seats: 7, dht: { enabled: false }, admin, prefill: { dayShare: 0.25 } });
  assert.deepEqual(others, {
    shiny: 'x',
    cacheMiB: 1e9,
    dht: { deep: { er: 1 } },
    admin: { tls: true },
    prefill: { hours: [{ from: '25:99', to: '01:00' }, 7] },
  });
  assert.equal(leftOut.length, 5);
  assert.ok(leftOut.includes('there is no setting called "shiny"'));
  assert.ok(leftOut.includes('"cacheMiB" must be a whole number from 0 to 1048576'));
});

test('a setting without which there is no box stays wrong, and two that cannot be together cost one of them', () => {
  const wrong = readSettings(written({ wan: 'eth1', dataDir: 'nowhere', x: 1 })).given;
  assert.deepEqual(wrong, { wan: 'eth1', dataDir: 'nowhere' });
  assert.deepEqual(
    THIS_EDITION.problems(wrong).map(({ path, code }) => [path, code]),
    [
      ['dataDir', 'wrong-format'],
      ['lan', 'missing'],
    ],
  );
  // The port that a neighbour dials when nothing else is said.
  assert.deepEqual(readSettings(written({ ...LEAST, listenPort: 6881 })).given, LEAST);
});

test('what this version wrote, or an older one, or a person, is taken as it stands', () => {
  const given = { ...LEAST, shiny: 1, seats: -1 };
  for (const version of [undefined, '0.0.1', THIS_EDITION.version]) {
    const read = readSettings(JSON.stringify({ ...given, version }));
    assert.deepEqual(read, { given, others: {}, leftOut: [] });
  }
  for (const bad of [{ version: 7 }, { otherVersions: [] }])
    assert.throws(() => readSettings(JSON.stringify({ ...LEAST, ...bad })), /take them out/);
});

test('a step changes what was written before it, once, and the version from before finds what it had', () => {
  const old = readSettings(written({ ...LEAST, seats: 9 }, THIS_EDITION.version), NEWER);
  assert.deepEqual(old.given, { ...LEAST, tables: { count: 9 } });
  assert.deepEqual(old.others, { seats: 9 });
  assert.deepEqual(readSettings(JSON.stringify({ ...LEAST, seats: 9 }), NEWER).given, old.given, 'by hand');
  const text = textOf(old.given, old.others, NEWER);
  assert.deepEqual(readSettings(text, NEWER), old, 'as it was written');

  const back = readSettings(text);
  assert.deepEqual(back.given, { ...LEAST, seats: 9 });
  assert.deepEqual(back.others, { tables: { count: 9 } });
  const changed = textOf({ ...back.given, seats: 11 }, back.others);
  const again = readSettings(changed, NEWER);
  assert.deepEqual([again.given, again.others], [{ ...LEAST, tables: { count: 11 } }, { seats: 11 }]);
});

test('what the older version had no use for comes back with the newer one, but where something else was chosen meanwhile', () => {
  const said = { ...LEAST, shiny: 'x', cacheMiB: 1e9, dht: { enabled: false, deep: 1 } };
  const { given, others } = readSettings(written(said));
  assert.deepEqual(readSettings(textOf(given, others)), { given, others, leftOut: [] }, 'read by who wrote it');
  assert.deepEqual(readSettings(textOf(given, others), NEWER), { given: said, others: {}, leftOut: [] });
  const chosen = { ...given, cacheMiB: 512, dht: { enabled: true } };
  assert.deepEqual(readSettings(textOf(chosen, others), NEWER).given, {
    ...said,
    cacheMiB: 512,
    dht: { enabled: true, deep: 1 },
  });
});

test('a box that was taken back runs with what it knows, warns once, and keeps the rest through every change', async (t) => {
  const { path, write, least } = settingsFolder(t);
  write({ ...least, seats: 7, shiny: 'x', version: NEWER.version });
  const text = readFileSync(path, 'utf8');
  const { keeper, change, lines, clock } = await openKeeper(path);
  assert.deepEqual(keeper.given, { ...least, seats: 7 });
  assert.deepEqual(
    lines.map(({ level, fields }) => [level, fields.why]),
    [['warn', 'there is no setting called "shiny"']],
  );
  assert.equal(readFileSync(path, 'utf8'), text, 'looking changes nothing');
  const asked = await change({ version: '1.0.0' });
  assert.ok(asked.kind === 'refused' && asked.fields?.[0]?.code === 'unknown-field');

  await change({ admin: { host: '10.0.0.1', port: 80 } });
  clock.ms += 100_000;
  await keeper.look();
  assert.equal(readFileSync(path, 'utf8'), text, 'taken back, byte by byte');
  await change({ seats: 8 });
  const file = JSON.parse(readFileSync(path, 'utf8'));
  assert.deepEqual(file, { ...least, seats: 8, version: THIS_EDITION.version, otherVersions: { shiny: 'x' } });
  const { keeper: again, lines: silent } = await openKeeper(path);
  assert.deepEqual([again.given, silent], [{ ...least, seats: 8 }, []]);
  await again.restore(1, 'root');
  assert.equal(again.given.seats, 7);
  assert.ok(!again.history().some(({ kind }) => kind === 'file'), 'nobody has edited it');

  const book = await SettingsBook.open(path, 1, silentLog, NEWER);
  assert.deepEqual(book.given, { ...least, tables: { count: 7 }, shiny: 'x' });
  assert.deepEqual(book.at(1)?.given, { ...least, tables: { count: 7 } });
});

test('a change that a newer version had left unconfirmed is taken back by this one all the same', async (t) => {
  const { path, write, least, data } = settingsFolder(t);
  const { clock } = await openKeeper(path);
  const before = { ...least, shiny: 'x' };
  const given = { ...before, admin: { host: '10.0.0.1', port: 80 } };
  const row = { revision: 2, atMs: clock.ms, who: 'root', note: '', kind: 'change', given };
  const confirm = { token: 'token', untilMs: clock.ms };
  write({ ...given, version: NEWER.version });
  writeFileSync(`${path}.before`, JSON.stringify({ ...before, version: NEWER.version }));
  writeFileSync(join(data, 'settings-change.json'), JSON.stringify({ row, before, confirm }));
  const { keeper } = await openKeeper(path, clock);
  assert.deepEqual(keeper.given, least);
  assert.deepEqual(JSON.parse(readFileSync(path, 'utf8')), { ...before, version: NEWER.version });
});

test('whatever a newer version wrote, nothing of it is lost, and what is used has only mistakes that cannot be left out', () => {
  const name = fc.oneof(
    fc.constantFrom(...Object.keys(SETTING_SCHEMAS), '__proto__', 'a.b', 'admin.port', 'x'.repeat(70), ''),
    fc.string(),
  );
  const field = fc.dictionary(
    fc.constantFrom('enabled', 'port', 'hours', 'host', 'x', 'y.z', '__proto__'),
    fc.jsonValue(),
  );
  fc.assert(
    fc.property(fc.dictionary(name, fc.oneof(fc.jsonValue(), field), { maxKeys: 12 }), (made) => {
      const said = { ...(JSON.parse(JSON.stringify(made)) as object), ...LEAST };
      const { given, others } = usable(said, THIS_EDITION.problems);
      assert.deepEqual(THIS_EDITION.problems(given), []);
      assert.equal(JSON.stringify(sorted(laidOver(others, given))), JSON.stringify(sorted(said)));
    }),
  );
});

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const rows = Object.entries(value).map(([key, each]) => [key, sorted(each)] as const);
  return rows.toSorted(([a], [b]) => (a < b ? -1 : 1));
}
