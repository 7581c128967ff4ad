import assert from 'node:assert/strict';
import { test } from 'node:test';
import { busyBox } from '#admin/fixtures.ts';
import { looksLikeAddress, looksLikeEndpoint } from './question.ts';
import { withNew } from './recent.ts';

test('addresses and endpoints of both kinds are taken, mistakes are not', () => {
  for (const text of ['192.168.7.21', 'fd00::31', '::1']) assert.ok(looksLikeAddress(text), text);
  for (const text of ['', '192.168.7', 'example.org', '192.168.7.21:80', 'dead'])
    assert.ok(!looksLikeAddress(text), text);
  for (const text of ['203.0.113.9:6881', '[2001:db8::7]:51413']) assert.ok(looksLikeEndpoint(text), text);
  for (const text of ['203.0.113.9', '203.0.113.9:0', '203.0.113.9:70000', '2001:db8::7:51413', '[203.0.113.9]:1'])
    assert.ok(!looksLikeEndpoint(text), text);
});

test('decisions that the box has forgotten stay, each once, newest first, up to a bound', () => {
  const { recent } = busyBox().steering;
  const seen = withNew([], recent);
  assert.equal(withNew(seen, recent), seen, 'nothing new draws nothing');
  const first = recent[0];
  assert.ok(first);
  const newer = { ...first, atMs: first.atMs + 1000 };
  assert.deepEqual(withNew(seen, [newer]), [newer, ...recent]);
  const many = Array.from({ length: 900 }, (_, i) => ({ ...first, atMs: first.atMs + i }));
  assert.equal(withNew([], many).length, 200);
});
