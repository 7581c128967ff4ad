import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isNewer } from './version.ts';

test('a later version is later, number by number, and a candidate comes before what it is one for', () => {
  const rising = [
    '1.9',
    '1.10',
    '1.10.1',
    '2.0-beta2',
    '2.0-rc1',
    '2.0-rc2',
    '2.0-rc10',
    'v2.0',
    '2.0.1',
    '2026.9',
    '2026.11',
  ];
  for (const [i, a] of rising.entries())
    for (const [j, b] of rising.entries()) assert.equal(isNewer(a, b), i > j, `${a} after ${b}`);
  for (const [a, b] of [
    ['1.0', '1.0.0'],
    ['1.0+7', '1.0+8'],
    ['v3', '3'],
  ] as const)
    assert.ok(!isNewer(a, b) && !isNewer(b, a), `${a} is ${b}`);
});

test('whatever versions are called, one is not both later and earlier than another, and never later than itself', () => {
  const version = fc.stringMatching(/^[0-9a-z.+-]{0,12}$/);
  fc.assert(
    fc.property(version, version, version, (a, b, c) => {
      assert.ok(!isNewer(a, a));
      assert.ok(!(isNewer(a, b) && isNewer(b, a)));
      if (isNewer(a, b) && isNewer(b, c)) assert.ok(isNewer(a, c), `${a} ${b} ${c}`);
    }),
  );
});
