import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { hostAllowed, originAllowed, turnedAway } from './gate.ts';

test('only an address, localhost or a configured name is answered', () => {
  for (const host of [
    'localhost',
    'LOCALHOST:8080',
    '127.0.0.1:8080',
    '192.168.1.2',
    '[::1]:80',
    '[fe80::1]',
    'Box.Lan:80',
  ])
    assert.ok(hostAllowed(host, ['box.lan']), host);
  for (const host of [
    undefined,
    '',
    'evil.example',
    'localhost.evil.example',
    '127.0.0.1.nip.example',
    'a b',
    '@x',
    '[x]',
    'box.lan:80:80',
  ])
    assert.ok(!hostAllowed(host, ['box.lan']), String(host));
});

test('another origin may not listen, a program without one may', () => {
  assert.ok(originAllowed('http://10.0.0.1:8080', '10.0.0.1:8080'));
  assert.ok(originAllowed('http://BOX.lan', 'box.LAN'));
  assert.ok(originAllowed(undefined, 'box'));
  for (const origin of ['http://evil.example', 'null', '', 'http://10.0.0.1:81', 'http://10.0.0.1.evil.example:8080'])
    assert.ok(!originAllowed(origin, '10.0.0.1:8080'), origin);
});

test('a stranger host and a long address are turned away with their own status', () => {
  assert.equal(turnedAway({ host: 'localhost', url: '/' }, []), undefined);
  assert.equal(turnedAway({ host: 'localhost', url: `/${'x'.repeat(2000)}` }, [])?.status, 414);
  assert.equal(turnedAway({ host: 'evil.example', url: '/' }, [])?.status, 421);
});

test('no string as Host or Origin makes the gate throw', () => {
  fc.assert(fc.property(fc.string(), fc.string(), (a, b) => typeof hostAllowed(a, [b]) === 'boolean'));
  fc.assert(fc.property(fc.string(), fc.string(), (a, b) => typeof originAllowed(a, b) === 'boolean'));
});
