import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Values } from '#admin/contract-settings.ts';
import { DEFAULTS, filled } from '#settings/setting-defaults.ts';
import { INFOS } from '#settings/setting-infos.ts';
import { SETTINGS_SCHEMA } from '#settings/setting-schemas.ts';
import { en } from '../../words/setting-names-en.ts';
import { fieldsOf } from './fields.ts';

/** Every field of the daemon's own settings, both of those that the page may listen at. */
const all = [{ admin: DEFAULTS.admin }, { admin: { path: '/p' } }].flatMap((own) =>
  fieldsOf({
    schema: SETTINGS_SCHEMA,
    infos: [...INFOS],
    defaults: DEFAULTS as unknown as Values,
    values: filled({ lan: 'a', wan: 'b', ...own }) as Values,
  }),
);

test('every setting of the daemon has words, and no words are left of one that is gone', () => {
  const paths = new Set(all.map(({ path }) => path));
  assert.ok(paths.size > 30);
  assert.deepEqual(
    [...paths].filter((path) => !Object.hasOwn(en.settings, path)),
    [],
  );
  assert.deepEqual(
    Object.keys(en.settings).filter((path) => !paths.has(path)),
    [],
  );
});

test('every choice of a setting has words', () => {
  const choices = all.flatMap(({ path, shape }) =>
    shape.kind === 'choice' ? shape.of.map((one) => `${path}.${one}`) : [],
  );
  assert.ok(choices.length > 0);
  assert.deepEqual([...new Set(choices)].sort(), Object.keys(en.choices).sort());
});

test('every setting of the daemon has a field of its own kind', () => {
  assert.deepEqual(
    all.filter(({ shape }) => shape.kind === 'raw').map(({ path }) => path),
    [],
  );
});
