import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { problemsOf } from '#base/schema-check.ts';
import { FORMATS } from '#base/schema-formats.ts';
import { Backups } from '#settings/backups.ts';
import { openKeeper, settingsFolder } from '#settings/fixtures.ts';
import type { Problem, Right } from './contract-common.ts';
import type { SettingsChanged, SettingsHistory, SettingsView } from './contract-settings.ts';
import { doorsFor, startAdmin } from './fixtures.ts';
import type { AuditEntry, Doors } from './route.ts';
import { settingsRoutes } from './routes/settings-routes.ts';

/** The routes over real HTTP, with a real settings file behind them. */
async function box(t: TestContext, right: Right = 'administer') {
  const folder = settingsFolder(t, { seats: 7 });
  const open = await openKeeper(folder.path);
  const audited: AuditEntry[] = [];
  const resets: string[] = [];
  const backups = new Backups({
    keeper: open.keeper,
    version: '1',
    keyCost: 2,
    nowMs: () => 0,
    exportSecrets: () => 'hunter2',
    checkSecrets: () => undefined,
    importSecrets: async () => undefined,
    decisions: () => '',
    takeDecisions: async () => {},
    orders: () => [{ a: 1 }],
    addOrders: (orders) => orders.length,
  });
  const routes = settingsRoutes({
    keeper: open.keeper,
    backups,
    waitingForRestart: () => ['lan'],
    reset: async (cache, who) => {
      resets.push(`${cache} ${who}`);
      return undefined;
    },
    nowMs: () => Date.UTC(2026, 0, 2),
  });
  const doors: Doors = {
    ...doorsFor(right),
    asker: ({ address, via }) => ({ kind: 'token', name: 'script', right, address, via }),
    audit: (row) => void audited.push(row),
  };
  const { url, close } = await startAdmin({ doors, routes });
  t.after(close);
  const ask = async <Answer>(method: string, path: string, body?: object): Promise<[number, Answer & Problem]> => {
    const headers = { 'content-type': 'application/json', 'x-csrf-token': 'x' };
    const answer = await fetch(`${url}/api${path}`, { method, headers, ...(body && { body: JSON.stringify(body) }) });
    return [answer.status, (await answer.json()) as Answer & Problem];
  };
  return { ...folder, ...open, ask, audited, resets };
}

test('the page is given the values, what they may be, and the schema that the box itself checks with', async (t) => {
  const { ask } = await box(t, 'look');
  const [, view] = await ask<SettingsView>('GET', '/settings');
  assert.deepEqual([view.revision, view.values.seats, view.defaults.seats], [1, 7, 32]);
  assert.deepEqual(problemsOf(view.values, view.schema, view.schema, FORMATS), []);
  const wrong = problemsOf(
    { ...view.values, prefill: { hours: [{ from: '2', to: '3' }], dayShare: 1 } },
    view.schema,
    view.schema,
    FORMATS,
  );
  assert.deepEqual(
    wrong.map(({ path }) => path),
    ['prefill.hours.0.from', 'prefill.hours.0.to'],
  );
  assert.deepEqual(view.infos.find(({ path }) => path === 'lan')?.needsConfirmation, true);
  assert.deepEqual(view.waitingForRestart, ['lan']);
});

test('a change is checked, made, told of and written down; a stale or a wrong one is refused field by field', async (t) => {
  const { ask, audited, read } = await box(t);
  const wrong = { revision: 1, values: { seats: -1 } };
  assert.deepEqual(await ask('POST', '/settings/check', wrong), [
    200,
    { fields: [{ path: 'seats', code: 'too-small', detail: { limit: 0 } }] },
  ]);
  const [status, problem] = await ask('PATCH', '/settings', wrong);
  assert.deepEqual([status, problem.why, problem.fields?.[0]?.path], [422, 'invalid', 'seats']);
  assert.deepEqual(await ask('PATCH', '/settings', { revision: 1, values: { seats: 8 }, note: 'more' }), [
    200,
    { revision: 2, waitingForRestart: ['lan'] },
  ]);
  assert.equal(read().seats, 8);
  const [stale, { why }] = await ask('PATCH', '/settings', { revision: 1, values: { seats: 9 } });
  assert.deepEqual([stale, why], [409, 'stale']);
  const done = audited.find(({ outcome }) => outcome === 'done');
  assert.deepEqual([done?.what, done?.detail], ['settings-changed', { settings: 'seats', revision: 2 }]);
  assert.equal(audited.length, 3);
  const [, history] = await ask<SettingsHistory>('GET', '/settings/history');
  assert.deepEqual(
    history.rows.map(({ kind, note }) => [kind, note]),
    [
      ['change', 'more'],
      ['start', ''],
    ],
  );
  assert.deepEqual(await ask('GET', '/settings/diff?from=1&to=2'), [
    200,
    { rows: [{ path: 'seats', before: 7, after: 8 }] },
  ]);
  assert.equal((await ask('GET', '/settings/diff?from=1&to=9'))[0], 404);
  assert.equal((await ask('POST', '/settings/restore', { revision: 1 }))[0], 200);
  assert.equal(read().seats, 7);
});

test('what moves the page waits for its confirmation, and is taken back when one asks for it', async (t) => {
  const { ask, read } = await box(t);
  const [, moved] = await ask<SettingsChanged>('PATCH', '/settings', { revision: 1, values: { names: ['a.example'] } });
  assert.ok(moved.unconfirmed);
  assert.deepEqual((await ask<SettingsView>('GET', '/settings'))[1].unconfirmed, moved.unconfirmed);
  assert.equal((await ask('POST', '/settings/confirm', { token: 'guess' }))[0], 404);
  assert.equal((await ask('POST', '/settings/revert'))[0], 200);
  assert.equal(read().names, undefined);
  const [, again] = await ask<SettingsChanged>('PATCH', '/settings', { revision: 3, values: { names: ['a.example'] } });
  assert.equal((await ask('POST', '/settings/confirm', { token: again.unconfirmed?.token }))[0], 200);
  assert.deepEqual(read().names, ['a.example']);
});

test('a backup goes out and comes in; a reset is done for who types its word', async (t) => {
  const { ask, read, change, resets, audited } = await box(t);
  const [, backup] = await ask<object>('POST', '/backup', {});
  assert.ok(!JSON.stringify(backup).includes('hunter2'));
  await change({ seats: 1 });
  const [status, restored] = await ask<object>('POST', '/backup/restore', { backup: JSON.stringify(backup) });
  assert.deepEqual(
    [status, restored],
    [200, { revision: 3, waitingForRestart: ['lan'], accountsRestored: false, ordersRestored: 1 }],
  );
  assert.equal(read().seats, 7);
  const [, foreign] = await ask('POST', '/backup/restore', { backup: '{}' });
  assert.equal(foreign.why, 'not-a-backup');
  assert.equal((await ask('POST', '/backup', { passphrase: 'short' }))[0], 422);
  const [refused, { why }] = await ask('POST', '/factory-reset', { cache: 'keep', typed: 'Reset' });
  assert.deepEqual([refused, why, resets], [422, 'typed-wrong', []]);
  assert.deepEqual(await ask('POST', '/factory-reset', { cache: 'wipe', typed: 'reset' }), [200, {}]);
  assert.deepEqual(resets, ['wipe script']);
  assert.ok(!JSON.stringify(audited).includes('short'));
});

test('a list of 100,000 info-hashes can be set, backed up and restored', async (t) => {
  const { ask, path } = await box(t);
  const block = Array.from({ length: 100_000 }, (_, i) => i.toString(16).padStart(40, '0'));
  assert.equal((await ask('PATCH', '/settings', { revision: 1, values: { block } }))[0], 200);
  const [, backup] = await ask<object>('POST', '/backup', {});
  assert.equal((await ask('PATCH', '/settings', { revision: 2, values: { block: null } }))[0], 200);
  assert.equal((await ask('POST', '/backup/restore', { backup: JSON.stringify(backup) }))[0], 200);
  assert.equal(JSON.parse(readFileSync(path, 'utf8')).block.length, 100_000);
});

test('who may only operate changes no setting, makes no backup and resets nothing', async (t) => {
  const { ask, keeper, resets } = await box(t, 'operate');
  for (const [method, path, body] of [
    ['PATCH', '/settings', { revision: 1, values: { seats: 1 } }],
    ['POST', '/settings/check', { revision: 1, values: {} }],
    ['POST', '/settings/confirm', { token: 'x' }],
    ['POST', '/settings/revert', undefined],
    ['POST', '/settings/restore', { revision: 1 }],
    ['POST', '/backup', {}],
    ['POST', '/backup/restore', { backup: '' }],
    ['POST', '/factory-reset', { cache: 'wipe', typed: 'reset' }],
  ] as const)
    assert.equal((await ask(method, path, body))[0], 403, path);
  assert.deepEqual([keeper.revision, resets], [1, []]);
});
