import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { hostAllowed, type Knock, originAllowed, refuse } from './gate.ts';

const knock = (over: Partial<Knock>): Knock => ({
  method: 'GET',
  url: '/',
  host: 'localhost',
  origin: undefined,
  contentLength: undefined,
  transferEncoding: undefined,
  ...over,
});

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

test('methods, bodies and long addresses are refused with their own status', () => {
  assert.equal(refuse(knock({}), []), undefined);
  assert.equal(refuse(knock({ method: 'HEAD', contentLength: '0' }), []), undefined);
  assert.equal(refuse(knock({ method: 'POST' }), [])?.status, 405);
  assert.equal(refuse(knock({ contentLength: '1' }), [])?.status, 413);
  assert.equal(refuse(knock({ transferEncoding: 'chunked' }), [])?.status, 413);
  assert.equal(refuse(knock({ url: `/${'x'.repeat(2000)}` }), [])?.status, 414);
  assert.equal(refuse(knock({ host: 'evil.example' }), [])?.status, 421);
});

test('no string as Host or Origin makes the gate throw', () => {
  fc.assert(fc.property(fc.string(), fc.string(), (a, b) => typeof hostAllowed(a, [b]) === 'boolean'));
  fc.assert(fc.property(fc.string(), fc.string(), (a, b) => typeof originAllowed(a, b) === 'boolean'));
});
