import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { anyCharacter } from '#base/fixtures.ts';
import { ACCOUNT_NAME } from './access-data.ts';
import { base32, fromBase32 } from './base32.ts';
import { hotp, isTotpSecret, newTotpSecret, otpauthUri, stepAt, stepOfCode } from './totp.ts';

const KEY = Buffer.from('12345678901234567890');

test('the codes of RFC 4226, appendix D', () => {
  const codes = '755224 287082 359152 969429 338314 254676 287922 162583 399871 520489'.split(' ');
  codes.forEach((code, counter) => {
    assert.equal(hotp(KEY, counter), code);
  });
});

test('the codes of RFC 6238, appendix B, by their last six digits', () => {
  for (const [seconds, code] of [
    [59, '287082'],
    [1111111109, '081804'],
    [1111111111, '050471'],
    [1234567890, '005924'],
    [2000000000, '279037'],
    [20000000000, '353130'],
  ] as const) {
    assert.equal(hotp(KEY, stepAt(seconds * 1000)), code);
    assert.equal(stepOfCode(base32(KEY), code, seconds * 1000), stepAt(seconds * 1000));
  }
});

test('base32 is that of RFC 4648, section 10, and comes back', () => {
  for (const [text, written] of [
    ['', ''],
    ['f', 'MY'],
    ['fo', 'MZXQ'],
    ['foo', 'MZXW6'],
    ['foob', 'MZXW6YQ'],
    ['fooba', 'MZXW6YTB'],
    ['foobar', 'MZXW6YTBOI'],
  ] as const)
    assert.equal(base32(Buffer.from(text)), written);
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      assert.deepEqual(fromBase32(base32(bytes)), Buffer.from(bytes));
    }),
  );
  assert.equal(fromBase32('MZXW1'), undefined);
});

test('a code of the step before or after counts, one further away does not, and none twice', () => {
  const secret = newTotpSecret();
  assert.ok(isTotpSecret(secret));
  const key = fromBase32(secret) as Buffer;
  const nowMs = 1_800_000_015_000;
  const step = stepAt(nowMs);
  for (const near of [-1, 0, 1]) assert.equal(stepOfCode(secret, hotp(key, step + near), nowMs), step + near);
  for (const far of [-3, -2, 2, 3]) {
    const code = hotp(key, step + far);
    // Six digits may repeat by chance.
    if ([-1, 0, 1].some((near) => hotp(key, step + near) === code)) continue;
    assert.equal(stepOfCode(secret, code, nowMs), undefined);
  }
  assert.equal(stepOfCode(secret, hotp(key, step), nowMs, step), undefined);
  assert.equal(stepOfCode(secret, hotp(key, step - 1), nowMs, step), undefined);
  assert.equal(stepOfCode(secret, hotp(key, step + 1), nowMs, step), step + 1);
});

test('no text as a code makes it throw', () => {
  const secret = newTotpSecret();
  fc.assert(fc.property(fc.string({ unit: anyCharacter }), (code) => stepOfCode(secret, code, 1e12) !== null));
});

test('what an app reads names the box and the account, and is short whatever they are called', () => {
  const uri = new URL(otpauthUri('ABC', 'ada.l', 'cafe-2'));
  assert.equal(decodeURIComponent(uri.pathname), '/Swarmbox cafe-2:ada.l');
  assert.equal(uri.searchParams.get('issuer'), 'Swarmbox cafe-2');
  assert.equal(uri.searchParams.get('secret'), 'ABC');
  fc.assert(
    fc.property(fc.stringMatching(ACCOUNT_NAME), fc.string({ unit: anyCharacter }), (account, box) => {
      assert.ok(otpauthUri(newTotpSecret(), account, box).length <= 160);
    }),
  );
});
