import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fromBase32 } from '#access/base32.ts';
import { handClock, PASSWORD, tempFolder } from '#access/fixtures.ts';
import { hotp, stepAt } from '#access/totp.ts';
import type { MadeToken, SessionRow, SessionView, TotpOffer } from '../contract-access.ts';
import { openBox, setUp } from './fixtures.ts';

const CHANGES: readonly (readonly [string, string, unknown?])[] = [
  ['POST', '/api/accounts', { name: 'bob', password: 'x y z some words', right: 'look' }],
  ['PATCH', '/api/accounts/ada', { right: 'look' }],
  ['DELETE', '/api/accounts/ada'],
  ['POST', '/api/tokens', { name: 'a', right: 'look' }],
  ['DELETE', '/api/tokens/0011223344556677'],
  ['PUT', '/api/access', { guestsMayLook: true }],
  ['PUT', '/api/certificate', { certificate: 'a', key: 'b' }],
  ['DELETE', '/api/certificate'],
];
const OWN: readonly (readonly [string, string, unknown?])[] = [
  ['POST', '/api/account/password', { old: PASSWORD, new: 'another horse battery' }],
  ['POST', '/api/account/totp', { password: PASSWORD }],
  ['POST', '/api/account/totp/confirm', { code: '123456' }],
  ['POST', '/api/account/totp/remove', { password: PASSWORD }],
  ['DELETE', '/api/sessions/0011223344556677'],
];
const SECRETS = ['/api/accounts', '/api/tokens', '/api/audit'];
const LOOKS = ['/api/sessions', '/api/access', '/api/certificate'];

test('without a session nothing is answered but who one is, and the ways in', async () => {
  await using folder = await tempFolder();
  await using box = await openBox(folder.path);
  await setUp(box);
  const { body, status } = await box.ask<SessionView>('GET', '/api/session');
  assert.equal(status, 200);
  assert.deepEqual(body, { isSetUp: true, guestsMayLook: false, via: 'plain' });
  for (const [method, path, sent] of [...CHANGES, ...OWN]) {
    const said = await box.ask(method, path, sent);
    assert.deepEqual([said.status, said.body.why], [401, 'not-signed-in'], `${method} ${path}`);
  }
  for (const path of [...SECRETS, ...LOOKS]) assert.equal((await box.ask('GET', path)).status, 401, path);
  const again = await box.ask('POST', '/api/set-up', { name: 'eve', password: PASSWORD });
  assert.deepEqual([again.status, again.body.why], [409, 'already-set-up']);
  assert.equal(box.access.register.data.accounts.length, 1);
});

test('who may look or operate sees little and changes nothing; a wrong or ended token is nobody', async () => {
  await using folder = await tempFolder();
  const clock = handClock();
  await using box = await openBox(folder.path, clock);
  const ada = await setUp(box);
  for (const right of ['look', 'operate']) {
    await box.ask('POST', '/api/accounts', { name: right, password: 'x y z some words', right }, ada);
    const made = await box.ask<MadeToken>('POST', '/api/tokens', { name: right, right, days: 2 }, ada);
    const { status, ...words } = await box.signIn(right, 'x y z some words');
    assert.equal(status, 200);
    for (const by of [words, { token: made.body.token }]) {
      for (const [method, path, sent] of CHANGES) {
        const said = await box.ask(method, path, sent, by);
        assert.deepEqual([said.status, said.body.why], [403, 'not-allowed'], `${right} ${method} ${path}`);
      }
      for (const path of SECRETS) assert.equal((await box.ask('GET', path, undefined, by)).status, 403, path);
      for (const path of LOOKS) assert.equal((await box.ask('GET', path, undefined, by)).status, 200, path);
    }
    const { sessions } = (await box.ask<{ sessions: SessionRow[] }>('GET', '/api/sessions', undefined, words)).body;
    assert.deepEqual(
      sessions.map(({ account, isOwn }) => [account, isOwn]),
      [[right, true]],
    );
    // An administrator's token cannot act for a person.
    for (const [method, path, sent] of OWN.slice(0, 4))
      assert.equal((await box.ask(method, path, sent, { token: made.body.token })).status, 401, path);
    clock.atMs += 2 * 86_400_000;
    assert.equal((await box.ask('GET', '/api/access', undefined, { token: made.body.token })).status, 401);
    Object.assign(ada, await box.signIn('ada', PASSWORD));
  }
  await box.ask('PUT', '/api/access', { guestsMayLook: true }, ada);
  assert.equal((await box.ask('GET', '/api/access')).status, 200);
  assert.equal((await box.ask('GET', '/api/accounts')).status, 401);
  assert.equal((await box.ask('GET', '/api/access', undefined, { token: `sbx_${'A'.repeat(43)}` })).status, 401);
  assert.equal(
    (await box.ask('GET', '/api/access', undefined, { headers: { authorization: 'Basic YTpi' } })).status,
    401,
  );
});

test('a cookie alone changes nothing: not without the token of its session, not from another site', async () => {
  await using folder = await tempFolder();
  await using box = await openBox(folder.path);
  const ada = await setUp(box);
  const other = await box.signIn('ada', PASSWORD);
  for (const [method, path, sent] of [...CHANGES, ...OWN, ['DELETE', '/api/session'] as const])
    for (const by of [
      { cookie: ada.cookie },
      { cookie: ada.cookie, csrf: '' },
      { cookie: ada.cookie, csrf: other.csrf },
      { ...ada, headers: { origin: 'https://evil.example' } },
      { ...ada, headers: { origin: 'null' } },
      { ...ada, headers: { 'sec-fetch-site': 'cross-site' } },
    ]) {
      const said = await box.ask(method, path, sent, by);
      assert.deepEqual([said.status, said.body.why], [403, 'other-site'], `${method} ${path}`);
    }
  // The ways in ask for no token, and are not for other sites either.
  for (const [path, sent] of [
    ['/api/session', { name: 'ada', password: PASSWORD }],
    ['/api/set-up', { name: 'eve', password: PASSWORD }],
  ] as const)
    assert.equal((await box.ask('POST', path, sent, { headers: { origin: 'https://evil.example' } })).status, 403);
  assert.deepEqual((await box.access.doors.asker({ cookie: ada.cookie ?? '', address: '', via: 'plain' })).name, 'ada');
  assert.equal(
    (await box.ask('PUT', '/api/access', { guestsMayLook: true }, { ...ada, headers: { origin: box.url } })).status,
    200,
  );
});

test('everything that was done is written down, by whom, and no secret with it, nor in any file or log line', async () => {
  await using folder = await tempFolder();
  const secrets: string[] = [PASSWORD, 'x y z some words', 'another horse battery', 'a password as a name'];
  const heard: string[] = [];
  const clock = handClock();
  {
    await using box = await openBox(folder.path, clock);
    const ada = await setUp(box);
    await box.signIn('a password as a name', PASSWORD);
    await box.signIn('ada', 'a wrong password');
    await box.ask('POST', '/api/accounts', { name: 'bob', password: 'x y z some words', right: 'look' }, ada);
    await box.ask('PATCH', '/api/accounts/bob', { password: 'another horse battery', right: 'operate' }, ada);
    const made = await box.ask<MadeToken>('POST', '/api/tokens', { name: 'script', right: 'administer' }, ada);
    await box.ask('PUT', '/api/access', { guestsMayLook: true }, { token: made.body.token });
    const offer = await box.ask<TotpOffer>('POST', '/api/account/totp', { password: PASSWORD }, ada);
    const code = hotp(fromBase32(offer.body.secret) as Buffer, stepAt(clock.atMs));
    await box.ask('POST', '/api/account/totp/confirm', { code }, ada);
    await box.ask('DELETE', '/api/certificate', undefined, ada);
    await box.ask('DELETE', '/api/accounts/bob', undefined, ada);
    await box.ask('DELETE', '/api/accounts/ada', undefined, ada);
    const audit = await box.ask<{ rows: { who: string; what: string; outcome: string }[] }>(
      'GET',
      '/api/audit?limit=50',
      undefined,
      ada,
    );
    assert.deepEqual(
      audit.body.rows.map(({ who, what, outcome }) => `${who} ${what} ${outcome}`),
      [
        'ada account-removed refused',
        'ada account-removed done',
        'ada certificate-changed done',
        'ada totp-on done',
        'token:script access-changed done',
        'ada token-made done',
        'ada account-changed done',
        'ada account-made done',
        ' sign-in refused',
        ' sign-in refused',
        'ada set-up done',
      ],
    );
    const tokens = await box.ask('GET', '/api/tokens', undefined, ada);
    const accounts = await box.ask('GET', '/api/accounts', undefined, ada);
    const sessions = await box.ask('GET', '/api/sessions', undefined, ada);
    const shown = [audit, tokens, accounts, sessions].map(({ body }) => JSON.stringify(body));
    const csrf = ada.csrf as string;
    const cookie = (ada.cookie as string).replace('swarmbox=', '');
    secrets.push(made.body.token, cookie, csrf);
    for (const text of shown)
      for (const hidden of [...secrets, offer.body.secret, 'argon2']) assert.ok(!text.includes(hidden), text);
    heard.push(JSON.stringify(box.lines));
  }
  for (const name of await readdir(folder.path)) heard.push(await readFile(join(folder.path, name), 'utf8'));
  assert.ok(heard.length >= 4);
  for (const text of heard) for (const hidden of secrets) assert.ok(!text.includes(hidden), hidden);
});

test('own certificates are put in and taken out', async () => {
  await using folder = await tempFolder();
  await using box = await openBox(folder.path);
  const ada = await setUp(box);
  type View = { madeByBox: boolean; inUse: boolean; names: string[]; fingerprint: string };
  const first = (await box.ask<View>('GET', '/api/certificate', undefined, ada)).body;
  assert.deepEqual([first.madeByBox, first.inUse, first.names], [true, false, ['box.lan', '192.0.2.1']]);
  const { selfSigned } = await import('#access/certificate/self-signed.ts');
  const own = selfSigned('own', ['own.example'], box.access.nowMs());
  const bad = await box.ask('PUT', '/api/certificate', { ...own, key: 'none' }, ada);
  assert.deepEqual([bad.status, bad.body.fields], [422, [{ path: 'key', code: 'wrong-format' }]]);
  const put = (await box.ask<View>('PUT', '/api/certificate', own, ada)).body;
  assert.deepEqual([put.madeByBox, put.names], [false, ['own.example']]);
  const back = (await box.ask<View>('DELETE', '/api/certificate', undefined, ada)).body;
  assert.equal(back.madeByBox, true);
  assert.notEqual(back.fingerprint, first.fingerprint);
});
