import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { makeBackup, openBackup } from './backup-file.ts';
import { Backups, type BackupsWorld } from './backups.ts';
import { openKeeper, settingsFolder } from './fixtures.ts';
import { WINDOW_MS } from './unconfirmed.ts';

const SECRET = '{"accounts":[{"name":"root","password":"$argon2id$hunter2"}]}';
const PASS = 'a long passphrase';
const DECISIONS = '{"version":1,"torrents":{}}';
/** What a guess costs on a box is a matter of one test. */
const CHEAP = 2;
const ORDERS = [{ infoHash: 'a'.repeat(40), name: 'monday' }];

async function boxWith(t: Parameters<typeof settingsFolder>[0], over: object = {}, world: Partial<BackupsWorld> = {}) {
  const folder = settingsFolder(t, over);
  const open = await openKeeper(folder.path);
  const box = { secrets: SECRET, orders: ORDERS as readonly unknown[], decisions: DECISIONS };
  const backups = new Backups({
    keeper: open.keeper,
    version: '1.2.3',
    keyCost: CHEAP,
    nowMs: () => open.clock.ms,
    exportSecrets: () => box.secrets,
    checkSecrets: (text) => (text.startsWith('{') ? undefined : 'no accounts'),
    importSecrets: async (text) => {
      box.secrets = text;
      return undefined;
    },
    decisions: () => box.decisions,
    takeDecisions: async (text) => {
      box.decisions = text;
    },
    orders: () => box.orders,
    addOrders: (orders) => {
      box.orders = [...box.orders, ...orders];
      return orders.length;
    },
    ...world,
  });
  return { ...folder, ...open, box, backups };
}

test('what one box writes, another reads: settings, orders, and with the passphrase the accounts', async (t) => {
  const old = await boxWith(t, { seats: 7, pin: ['b'.repeat(40)], disks: ['/a'] });
  const fresh = await boxWith(t, { scrubMBps: 9 });
  fresh.box.secrets = '{}';
  fresh.box.orders = [];
  fresh.box.decisions = '';
  const file = await old.backups.make(PASS);
  const done = await fresh.backups.restore(file, PASS, 'root');
  assert.deepEqual(done, { kind: 'done', revision: 2, accountsRestored: true, ordersRestored: 1 });
  assert.deepEqual(fresh.read(), { ...old.read(), dataDir: fresh.data });
  assert.equal(fresh.box.secrets, SECRET);
  assert.equal(fresh.keeper.history()[0]?.kind, 'backup');
  assert.deepEqual(fresh.box.orders, ORDERS);
  assert.equal(fresh.box.decisions, DECISIONS);
});

test('without a passphrase no secret is in the file, and with one none can be read in it', async (t) => {
  const { backups } = await boxWith(t, { seats: 7 });
  for (const file of [await backups.make(undefined), await backups.make(PASS)]) {
    for (const word of ['hunter2', 'argon2', 'accounts', PASS, Buffer.from(SECRET).toString('base64').slice(0, 20)])
      assert.ok(!file.includes(word), word);
    assert.match(file, /"seats":7/);
  }
  assert.ok(!(await backups.make(undefined)).includes('locked'));
  assert.notEqual(await backups.make(PASS), await backups.make(PASS));
});

test('whoever has no passphrase restores all but the accounts', async (t) => {
  const old = await boxWith(t, { seats: 7 });
  const fresh = await boxWith(t);
  fresh.box.secrets = 'own';
  const done = await fresh.backups.restore(await old.backups.make(PASS), undefined, 'root');
  assert.ok(done.kind === 'done' && !done.accountsRestored);
  assert.deepEqual([fresh.box.secrets, fresh.read().seats], ['own', 7]);
});

test('what is not a whole backup is told of, and changes nothing', async (t) => {
  const { backups, read, box, keeper } = await boxWith(t, { seats: 7 });
  const [before, orders] = [read(), box.orders];
  const file = await backups.make(PASS);
  const parsed = JSON.parse(file);
  const again = (over: object) => JSON.stringify({ ...parsed, ...over });
  const tries: [string, string | undefined, string, RegExp][] = [
    [file, 'another passphrase', 'wrong-passphrase', /not the one/],
    [file.slice(0, -20), PASS, 'not-a-backup', /a part of it is missing/],
    [file.slice(0, 40), PASS, 'not-a-backup', /a part of it is missing/],
    ['', undefined, 'not-a-backup', /missing/],
    ['null', undefined, 'not-a-backup', /not a backup/],
    ['{"kind": "other"}', undefined, 'not-a-backup', /not a backup/],
    [again({ version: 2, box: '9.0.0' }), PASS, 'not-a-backup', /newer version \(9.0.0\): update/],
    [again({ settings: { ...parsed.settings, seats: 8 } }), PASS, 'not-a-backup', /was changed/],
    [again({ locked: { ...parsed.locked, salt: 'AAAA' } }), PASS, 'not-a-backup', /damaged/],
    [again({ locked: { ...parsed.locked, data: '' } }), PASS, 'wrong-passphrase', /./],
    [again({ locked: 7 }), PASS, 'not-a-backup', /damaged/],
    [
      await makeBackup({ settings: { ...parsed.settings, seats: -1 }, orders: [] }, { madeAtMs: 0, box: '' }),
      undefined,
      'invalid',
      /cannot use/,
    ],
    [
      await makeBackup(
        { settings: parsed.settings, orders: [], secrets: 'x' },
        { passphrase: PASS, madeAtMs: 0, box: '', keyCost: CHEAP },
      ),
      PASS,
      'not-a-backup',
      /accounts cannot be used: no accounts/,
    ],
  ];
  for (const [text, passphrase, why, words] of tries) {
    const outcome = await backups.restore(text, passphrase, 'root');
    assert.ok(outcome.kind === 'refused', text.slice(0, 60));
    assert.equal(outcome.why, why);
    assert.match(outcome.text, words);
  }
  assert.deepEqual([read(), box.orders, box.secrets, keeper.revision], [before, orders, SECRET, 1]);
});

test('the secrets of one backup do not open beside the settings of another', async () => {
  const of = async (seats: number) =>
    JSON.parse(
      await makeBackup(
        { settings: { seats }, orders: [], secrets: SECRET },
        { passphrase: PASS, madeAtMs: 0, box: '' },
      ),
    );
  const [a, b] = [await of(1), await of(2)];
  const mixed = await openBackup(JSON.stringify({ ...a, locked: b.locked }), PASS);
  assert.equal(mixed.kind === 'refused' && mixed.why, 'wrong-passphrase');
  const whole = await openBackup(JSON.stringify(a), PASS);
  assert.equal(whole.kind === 'opened' && whole.secrets, SECRET);
  // Neither do they open for less work than they were locked with.
  assert.equal((await openBackup(JSON.stringify(a), PASS, CHEAP)).kind, 'refused');
});

test('accounts that cannot be taken leave the settings as they were', async (t) => {
  const old = await boxWith(t, { seats: 7 });
  const file = await old.backups.make(PASS);
  const fresh = await boxWith(t, { seats: 1 }, { importSecrets: async () => 'the disk is full' });
  const outcome = await fresh.backups.restore(file, PASS, 'root');
  assert.match(outcome.kind === 'refused' ? outcome.text : '', /so nothing was: the disk is full/);
  assert.equal(fresh.read().seats, 1);
  assert.deepEqual(fresh.box.orders, ORDERS);
});

test('a backup that moves the page is taken back unless it is confirmed', async (t) => {
  const old = await boxWith(t, { admin: { host: '10.9.9.9', port: 80 } });
  const fresh = await boxWith(t);
  const done = await fresh.backups.restore(await old.backups.make(undefined), undefined, 'root');
  assert.ok(done.kind === 'done' && done.unconfirmed);
  fresh.clock.ms += WINDOW_MS;
  await fresh.keeper.look();
  assert.equal(fresh.read().admin, undefined);
});

test('no text makes reading a backup throw', async () => {
  const file = await makeBackup({ settings: { seats: 1 }, orders: [] }, { madeAtMs: 0, box: '' });
  const broken = fc
    .tuple(fc.nat(file.length), fc.nat(3), fc.string({ maxLength: 3 }))
    .map(([at, n, put]) => file.slice(0, at) + put + file.slice(at + n));
  const check = async (text: string) => {
    const opened = await openBackup(text, undefined);
    assert.ok(opened.kind === 'refused' || JSON.stringify(opened.settings) === '{"seats":1}');
  };
  await fc.assert(fc.asyncProperty(fc.oneof(broken, fc.json(), fc.string()), check), { numRuns: 1_000 });
});

test('the longest lists that the settings may have come back', async () => {
  const list = (from: number) => Array.from({ length: 100_000 }, (_, i) => (from + i).toString(16).padStart(64, '0'));
  const settings = { pin: list(0), block: list(100_000), allow: list(200_000) };
  const opened = await openBackup(await makeBackup({ settings, orders: [] }, { madeAtMs: 0, box: '1' }), undefined);
  assert.ok(opened.kind === 'opened', JSON.stringify(opened).slice(0, 200));
  assert.equal((opened.settings.allow as string[]).length, 100_000);
});
