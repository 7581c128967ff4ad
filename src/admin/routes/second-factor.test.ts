import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromBase32 } from '#access/base32.ts';
import { handClock, PASSWORD, tempFolder } from '#access/fixtures.ts';
import { hotp, stepAt } from '#access/totp.ts';
import type { SessionView, TotpOffer } from '../contract-access.ts';
import { openBox, setUp } from './fixtures.ts';

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
