import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compactEndpoint } from './compact-endpoint.ts';

const hex = (ip: string): string => compactEndpoint(ip, 6881).toString('hex');

test('addresses as trackers and DHT nodes write them', () => {
  assert.equal(hex('203.0.113.11'), 'cb00710b1ae1');
  assert.equal(hex('2001:db8:113::11'), '20010db80113000000000000000000111ae1');
  assert.equal(hex('::1'), `${'0'.repeat(31)}11ae1`);
  assert.equal(hex('fe80::'), `fe80${'0'.repeat(28)}1ae1`);
  assert.equal(hex('fe80::1%eth0'), `fe80${'0'.repeat(27)}11ae1`);
  assert.equal(hex('1:2:3:4:5:6:7:8'), '000100020003000400050006000700081ae1');
});
