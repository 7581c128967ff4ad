import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fromBase32 } from '#access/base32.ts';
import { boxIn, handClock, PASSWORD, tempFolder } from '#access/fixtures.ts';
import { hotp, stepAt } from '#access/totp.ts';
import type { MadeToken, SessionRow, SessionView, TotpOffer } from '../contract-access.ts';
import type { Problem } from '../contract-common.ts';
import { startAdmin } from '../fixtures.ts';
import { accessRoutes } from './access-routes.ts';

type Said<Body> = { readonly status: number; readonly body: Body; readonly cookie: string | undefined };
type Words = {
  cookie?: string | undefined;
  csrf?: string | undefined;
  token?: string;
  headers?: Record<string, string>;
};

/** A box with accounts that is asked over HTTP; everything that came out of it is kept, to look for secrets in. */
async function openBox(folder: string, clock = handClock()) {
  const box = await boxIn(folder, clock);
  const address = { now: '' };
  const { doors } = box.access;
  const admin = await startAdmin({
    // Another address for who asks, as all of a test come from one.
    doors: {
      asker: (by) => doors.asker({ ...by, address: address.now === '' ? by.address : address.now }),
      csrfHolds: (asker, token) => doors.csrfHolds(asker, token),
      mayStay: (asker) => doors.mayStay(asker),
      audit: (row) => doors.audit(row),
    },
    routes: accessRoutes({ access: box.access, certificateInUse: () => false }),
  });
  const ask = async <Body = Problem>(
    method: string,
    path: string,
    body?: unknown,
    { cookie, csrf, token, headers = {} }: Words = {},
  ): Promise<Said<Body>> => {
    const answer = await fetch(admin.url + path, {
      method,
      headers: {
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(cookie !== undefined && { cookie }),
        ...(csrf !== undefined && { 'x-csrf-token': csrf }),
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const set = answer.headers.get('set-cookie');
    return { status: answer.status, body: (await answer.json()) as Body, cookie: set?.split(';')[0] ?? undefined };
  };
  return {
    ...box,
    ask,
    address,
    url: admin.url,
    signIn: async (
      name: string,
      password: string,
      code?: string,
    ): Promise<Words & { status: number; why?: string }> => {
      const said = await ask<SessionView & Problem>('POST', '/api/session', { name, password, ...(code && { code }) });
      return { cookie: said.cookie, csrf: said.body.csrfToken, status: said.status, why: said.body.why };
    },
    [Symbol.asyncDispose]: async () => {
      await admin.close();
      await box[Symbol.asyncDispose]();
    },
  };
}
type Box = Awaited<ReturnType<typeof openBox>>;

const setUp = async ({ ask }: Box): Promise<Words> => {
  const said = await ask<SessionView>('POST', '/api/set-up', { name: 'ada', password: PASSWORD });
  assert.equal(said.status, 200, JSON.stringify(said.body));
  return { cookie: said.cookie, csrf: said.body.csrfToken };
};

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

test('the cookie is for this host and this page alone', async () => {
  await using folder = await tempFolder();
  await using box = await openBox(folder.path);
  const answer = await fetch(`${box.url}/api/set-up`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'ada', password: PASSWORD }),
  });
  assert.match(
    answer.headers.get('set-cookie') ?? '',
    /^swarmbox=[A-Za-z0-9_-]{43}; Path=\/; HttpOnly; SameSite=Strict; Max-Age=2592000$/,
  );
  const { setCookie } = await import('#access/cookies.ts');
  assert.match(
    setCookie('x', 'tls'),
    /^__Host-swarmbox=x; Path=\/; HttpOnly; SameSite=Strict; Max-Age=2592000; Secure$/,
  );
});

test('signing out, another password, and an ended session are the end of a cookie', async () => {
  await using folder = await tempFolder();
  await using box = await openBox(folder.path);
  const holds = async (by: Words) => (await box.ask('GET', '/api/accounts', undefined, by)).status === 200;
  const first = await setUp(box);
  const second = await box.signIn('ada', PASSWORD);
  const out = await box.ask('DELETE', '/api/session', undefined, first);
  assert.equal(out.cookie, 'swarmbox=');
  assert.ok(!(await holds(first)) && (await holds(second)));

  const third = await box.signIn('ada', PASSWORD);
  const wrong = await box.ask(
    'POST',
    '/api/account/password',
    { old: 'not it at all', new: 'another horse battery' },
    third,
  );
  assert.deepEqual([wrong.status, wrong.body.why], [403, 'wrong-password']);
  const weak = await box.ask('POST', '/api/account/password', { old: PASSWORD, new: 'password123' }, third);
  assert.deepEqual([weak.status, weak.body.why], [422, 'weak-password']);
  const changed = await box.ask<SessionView>(
    'POST',
    '/api/account/password',
    { old: PASSWORD, new: 'another horse battery' },
    third,
  );
  const fourth = { cookie: changed.cookie, csrf: changed.body.csrfToken };
  assert.ok(!(await holds(second)) && !(await holds(third)) && (await holds(fourth)));

  const fifth = await box.signIn('ada', 'another horse battery');
  const { sessions } = (await box.ask<{ sessions: SessionRow[] }>('GET', '/api/sessions', undefined, fifth)).body;
  const other = sessions.find(({ isOwn }) => !isOwn);
  assert.equal((await box.ask('DELETE', `/api/sessions/${other?.id}`, undefined, fifth)).status, 200);
  assert.ok(!(await holds(fourth)) && (await holds(fifth)));
});

test('a thousand wrong passwords lock out who sent them, and the right one from elsewhere is let in', async () => {
  await using folder = await tempFolder();
  const clock = handClock();
  await using box = await openBox(folder.path, clock);
  await setUp(box);
  box.address.now = '198.51.100.66';
  const whys = new Map<string, number>();
  for (let at = 0; at < 1000; at++) {
    clock.atMs += 50;
    const { why = '' } = await box.signIn('ada', `wrong password ${at}`);
    whys.set(why, (whys.get(why) ?? 0) + 1);
  }
  assert.ok((whys.get('wrong-password') ?? 0) < 15, JSON.stringify([...whys]));
  assert.equal((whys.get('wrong-password') ?? 0) + (whys.get('locked') ?? 0), 1000);
  // Locked out means the right one as well.
  const said = await box.ask('POST', '/api/session', { name: 'ada', password: PASSWORD });
  assert.deepEqual([said.status, said.body.why], [429, 'locked']);
  assert.ok((said.body.waitMs ?? 0) > 0 && (said.body.waitMs ?? 0) <= 900_000);
  const before = clock.atMs;
  box.address.now = '198.51.100.67';
  assert.equal((await box.signIn('ada', PASSWORD)).status, 200);
  assert.ok(clock.atMs - before <= 3000);
  // And the sender too, once it waited as long as was said.
  box.address.now = '198.51.100.66';
  clock.atMs += said.body.waitMs ?? 0;
  assert.equal((await box.signIn('ada', PASSWORD)).status, 200);
});

test('a name that nobody has is answered as a wrong password is', async () => {
  await using folder = await tempFolder();
  await using box = await openBox(folder.path);
  await setUp(box);
  const answers = [];
  for (const name of ['ada', 'nobody', '', '../../etc/passwd', '\u0000', '__proto__', 'constructor'])
    answers.push(await box.ask('POST', '/api/session', { name, password: 'not the right one' }));
  for (const { status, body, cookie } of answers)
    assert.deepEqual({ status, body, cookie }, { status: 403, body: answers[0]?.body, cookie: undefined });
});

test('with a second factor a code is needed, each only once, and a lost phone can be forgotten', async () => {
  await using folder = await tempFolder();
  const clock = handClock();
  await using box = await openBox(folder.path, clock);
  const ada = await setUp(box);
  const offer = await box.ask<TotpOffer>('POST', '/api/account/totp', { password: PASSWORD }, ada);
  const { secret, uri, qr } = offer.body;
  assert.ok(uri.includes(secret) && qr.length === qr[0]?.length && qr.every((row) => /^[01]+$/.test(row)));
  const key = fromBase32(secret) as Buffer;
  const codeNow = () => hotp(key, stepAt(clock.atMs));
  const wrongCode = () => {
    const near = [-1, 0, 1].map((step) => hotp(key, stepAt(clock.atMs) + step));
    return ['000000', '111111', '222222', '333333'].find((code) => !near.includes(code)) as string;
  };
  // Not before it was confirmed.
  assert.equal((await box.signIn('ada', PASSWORD)).status, 200);
  assert.equal((await box.ask('POST', '/api/account/totp/confirm', { code: wrongCode() }, ada)).body.why, 'wrong-code');
  const on = await box.ask<SessionView>('POST', '/api/account/totp/confirm', { code: codeNow() }, ada);
  assert.equal(on.body.account?.hasTotp, true);

  assert.equal((await box.signIn('ada', PASSWORD)).why, 'code-needed');
  assert.equal((await box.signIn('ada', PASSWORD, wrongCode())).why, 'wrong-code');
  assert.equal((await box.signIn('ada', PASSWORD, codeNow())).why, 'wrong-code', 'the code that confirmed is used');
  assert.equal((await box.signIn('ada', 'not the right one', codeNow())).why, 'wrong-password');
  clock.atMs += 60_000;
  const code = codeNow();
  assert.equal((await box.signIn('ada', PASSWORD, code)).status, 200);
  assert.equal((await box.signIn('ada', PASSWORD, code)).why, 'wrong-code');
  const twice = await box.ask('POST', '/api/account/totp', { password: PASSWORD }, ada);
  assert.deepEqual([twice.status, twice.body.why], [409, 'conflict']);

  assert.equal(
    (await box.ask('POST', '/api/account/totp/remove', { password: 'not the right one' }, ada)).body.why,
    'wrong-password',
  );
  assert.equal(
    (await box.ask<SessionView>('POST', '/api/account/totp/remove', { password: PASSWORD }, ada)).body.account?.hasTotp,
    false,
  );
  assert.equal((await box.signIn('ada', PASSWORD)).status, 200);
  // Somebody lost the phone: another administrator, or the control socket.
  await box.ask('POST', '/api/accounts', { name: 'bob', password: 'x y z some words', right: 'administer' }, ada);
  const bob = await box.signIn('bob', 'x y z some words');
  const theirs = (await box.ask<TotpOffer>('POST', '/api/account/totp', { password: 'x y z some words' }, bob)).body
    .secret;
  const confirmed = await box.ask(
    'POST',
    '/api/account/totp/confirm',
    { code: hotp(fromBase32(theirs) as Buffer, stepAt(clock.atMs)) },
    bob,
  );
  assert.equal(confirmed.status, 200);
  assert.equal((await box.signIn('bob', 'x y z some words')).why, 'code-needed');
  assert.equal((await box.ask('PATCH', '/api/accounts/bob', { removeTotp: true }, ada)).status, 200);
  assert.equal((await box.signIn('bob', 'x y z some words')).status, 200);
});

test('guessing codes with the right password gets nowhere', async () => {
  await using folder = await tempFolder();
  const clock = handClock();
  await using box = await openBox(folder.path, clock);
  const ada = await setUp(box);
  const { secret } = (await box.ask<TotpOffer>('POST', '/api/account/totp', { password: PASSWORD }, ada)).body;
  const key = fromBase32(secret) as Buffer;
  await box.ask('POST', '/api/account/totp/confirm', { code: hotp(key, stepAt(clock.atMs)) }, ada);
  let looked = 0;
  for (let at = 0; at < 60; at++) {
    clock.atMs += 1000;
    box.address.now = `198.51.100.${at}`;
    const near = [-1, 0, 1].map((step) => hotp(key, stepAt(clock.atMs) + step));
    const guess = String(at).padStart(6, '0');
    if (near.includes(guess)) continue;
    if ((await box.signIn('ada', PASSWORD, guess)).why === 'wrong-code') looked++;
  }
  assert.ok(looked < 25, String(looked));
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
