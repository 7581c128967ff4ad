import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isLikelyPeer, isPublicIp } from './public-ip.ts';

test('what is reached by the same address from everywhere is public', () => {
  for (const ip of ['203.0.113.7', '8.8.8.8', '100.128.0.1', '172.32.0.1', '2001:db8::1', '2a00::1'])
    assert.ok(isPublicIp(ip), ip);
  const not = [
    '0.0.0.0',
    '10.1.2.3',
    '100.64.0.1',
    '127.0.0.1',
    '169.254.1.1',
    '172.16.0.1',
    '192.168.1.1',
    '224.0.0.1',
  ];
  for (const ip of [
    ...not,
    '255.255.255.255',
    '::',
    '::1',
    'fc00::1',
    'fd12::1',
    'fe80::1',
    'ff15::efc0:988f',
    '',
    'host',
  ])
    assert.ok(!isPublicIp(ip), ip);
});

test('a stranger is not believed that a well-known service, or a machine of the LAN, is a peer', () => {
  assert.ok(isLikelyPeer({ ip: '203.0.113.7', port: 6881 }));
  assert.ok(!isLikelyPeer({ ip: '203.0.113.7', port: 443 }));
  assert.ok(!isLikelyPeer({ ip: '192.168.1.1', port: 6881 }));
});
