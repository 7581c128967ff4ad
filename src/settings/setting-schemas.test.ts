import assert from 'node:assert/strict';
import { test } from 'node:test';
import { problemsOf } from '#base/schema-check.ts';
import { FORMATS } from '#base/schema-formats.ts';
import { seatRuleNames } from '#manager/seat-rules.ts';
import { problemText } from './problem-text.ts';
import { DEFAULTS, filled } from './setting-defaults.ts';
import { AT_ONCE, FILE_ONLY, INFOS, TO_CONFIRM } from './setting-infos.ts';
import { settingProblems } from './setting-rules.ts';
import { SEAT_RULES, SETTING_SCHEMAS, SETTINGS_SCHEMA } from './setting-schemas.ts';

const least = { lan: 'eth0', wan: 'eth1', dataDir: '/d' };

test('each default is as its own schema says, and travels as JSON with the same words', () => {
  assert.deepEqual(settingProblems(least), []);
  const sent = JSON.parse(JSON.stringify({ schema: SETTINGS_SCHEMA, values: filled(least) }));
  assert.deepEqual(problemsOf(sent.values, sent.schema, sent.schema, FORMATS), []);
  for (const key of Object.keys(DEFAULTS)) assert.ok(key in SETTING_SCHEMAS, key);
});

test('every setting stands on the page once, and says when it counts', () => {
  const first = INFOS.filter(({ path }) => !path.includes('.')).map(({ path }) => path);
  assert.deepEqual(first.toSorted(), Object.keys(SETTING_SCHEMAS).toSorted());
  assert.equal(new Set(INFOS.map(({ path }) => path)).size, INFOS.length);
  assert.deepEqual([...TO_CONFIRM].toSorted(), ['admin', 'bridge', 'lan', 'names', 'vlans', 'wan']);
  assert.deepEqual([...FILE_ONLY], ['dataDir']);
  assert.ok(AT_ONCE.has('limits') && !AT_ONCE.has('lan'));
});

test('the rules for seats are those that there are', () => {
  assert.deepEqual(SEAT_RULES, seatRuleNames);
});

test('a setting that spoils two others is told of once, by what it must be', () => {
  assert.deepEqual(settingProblems({ ...least, wan: 'eth0' }).map(problemText), ['"wan" must differ from "lan"']);
  assert.deepEqual(
    settingProblems({ ...least, localPeer: null, lan: 7 }).map(({ path }) => path),
    ['lan', 'localPeer'],
  );
});
