import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PASSWORD, tempFolder } from '#access/fixtures.ts';
import type { SessionRow, SessionView } from '../contract-access.ts';
import { openBox, setUp, type Words } from './fixtures.ts';

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
