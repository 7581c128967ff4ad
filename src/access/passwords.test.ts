import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { anyCharacter } from '#base/fixtures.ts';
import { ACCESS_LIMITS } from './limits.ts';
import { PasswordHasher, parseStored } from './password-hasher.ts';
import { weaknessOf } from './password-policy.ts';

test('a password fits what was kept of it, and nothing else does', async () => {
  const hasher = new PasswordHasher();
  const kept = await hasher.hash('correct horse battery');
  assert.match(kept, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  assert.equal(await hasher.fits('correct horse battery', kept), true);
  assert.equal(await hasher.fits('correct horse batterx', kept), false);
  assert.notEqual(await hasher.hash('correct horse battery'), kept);
  assert.equal(await hasher.fits('anything', hasher.decoy()), false);
});

test('the tag is that of the reference implementation', async () => {
  // `echo -n password | argon2 somesalt -id -t 2 -k 65536 -p 1 -l 32`, as its own tests have it.
  const stored = '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc';
  assert.equal(await new PasswordHasher().fits('password', stored), true);
});

test('the same letters typed in two ways are the same password', async () => {
  const hasher = new PasswordHasher();
  const kept = await hasher.hash('caf\u00e9 au lait');
  assert.equal(await hasher.fits('cafe\u0301 au lait', kept), true);
});

test('only so many wait for their turn, and all of those get it', async () => {
  const hasher = new PasswordHasher({ memory: 512, passes: 1, parallelism: 1 });
  const kept = hasher.decoy();
  const room = ACCESS_LIMITS.hashes + ACCESS_LIMITS.hashesWaiting;
  const all = await Promise.all(Array.from({ length: room + 3 }, () => hasher.fits('anything', kept)));
  assert.equal(all.filter((one) => one === 'busy').length, 3);
  assert.equal(all.filter((one) => one === false).length, room);
  assert.equal(await hasher.fits('anything', kept), false);
});

test('what asks for more memory or time than any of ours is no stored password', () => {
  const kept = new PasswordHasher().decoy();
  assert.ok(parseStored(kept));
  for (const forged of [
    kept.replace('m=19456', 'm=9999999'),
    kept.replace('m=19456', 'm=1'),
    kept.replace('t=2', 't=999'),
    kept.replace('t=2', 't=0'),
    kept.replace('p=1', 'p=99'),
    kept.replace('argon2id', 'argon2i'),
    kept.slice(0, -30),
    '',
  ])
    assert.equal(parseStored(forged), undefined, forged);
  fc.assert(fc.property(fc.string(), (text) => parseStored(text) === undefined));
});

test('what is short, common or the own name is too weak', () => {
  for (const weak of [
    '',
    'short',
    '123456789',
    '1234567890',
    'Password123',
    'QWERTYUIOP',
    'aaaaaaaaaaaa',
    'ababababab',
  ])
    assert.ok(weaknessOf(weak, 'ada'), weak);
  for (const weak of [
    'administrator',
    'ADMINISTRATOR1',
    'operator-one',
    'operator-one2027',
    'abcdefghij',
    '一二三四五',
  ])
    assert.ok(weaknessOf(weak, 'operator-one'), weak);
  assert.ok(weaknessOf('x'.repeat(257), 'ada'));
  for (const fine of [
    'correct horse battery',
    'wo ai wo jia de mao 7',
    '我家的猫很喜欢下雨天和鱼',
    'ada likes 12 lemons',
  ])
    assert.equal(weaknessOf(fine, 'ada'), undefined, fine);
  fc.assert(fc.property(fc.string({ unit: anyCharacter }), fc.string(), (a, b) => weaknessOf(a, b) !== ''));
});
