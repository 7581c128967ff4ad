import assert from 'node:assert/strict';
import { isIPv4, isIPv6 } from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import { FORMATS, isIPv4Text, isIPv6Text } from './schema-formats.ts';

const is = (format: string, text: string): boolean => FORMATS[format]?.(text) ?? assert.fail(format);

test('an address is what Node takes for one', () => {
  const v4ish = fc.stringMatching(/^[0-9.]{1,16}$/);
  const v6ish = fc.stringMatching(/^[0-9a-fA-F:.]{1,46}$/);
  fc.assert(fc.property(fc.oneof(v4ish, v6ish, fc.ipV4(), fc.ipV6(), fc.string()), agrees), { numRuns: 3_000 });
  for (const text of [
    '::',
    '::1',
    '1::',
    '::ffff:1.2.3.4',
    '1:2:3:4:5:6:1.2.3.4',
    '1:2:3:4:5:6:7:8',
    '1:2:3:4:5:6:7::',
  ])
    assert.equal(isIPv6Text(text), true, text);
  for (const text of [':::', '1::2::3', '1.2.3.4::', '::1.2.3.4:5', '1:2:3:4:5:6:7:8::', '12345::', ':1', '1:'])
    assert.equal(isIPv6Text(text), false, text);
});

const agrees = (text: string): void => {
  assert.equal(isIPv4Text(text), isIPv4(text), text);
  assert.equal(isIPv6Text(text), isIPv6(text), text);
};

test('networks, hosts with ports, times and paths are told from what only looks like them', () => {
  for (const text of ['192.0.2.7', '10.0.0.0/8', '2001:db8::/32', '0.0.0.0/0']) assert.ok(is('network', text), text);
  for (const text of ['10.0.0.0/33', '::/129', '10.0.0.1; drop', 'example.org', '1.2.3', '', '10.0.0.0/'])
    assert.ok(!is('network', text), text);
  for (const text of ['[::1]:80', '10.0.0.1:1', 'a.example:2']) assert.ok(is('host-port', text), text);
  for (const text of ['::1:80', 'a:0', 'a:65536', 'a', 'a b:1', '[x]:1', '300.1.1.1:1'])
    assert.ok(!is('host-port', text), text);
  for (const text of ['00:00', '24:00']) assert.ok(is('time-of-day', text), text);
  for (const text of ['8:00', '24:30', '24:01', '12:60']) assert.ok(!is('time-of-day', text), text);
  for (const text of ['data', '', '/a\0b', `/${'a'.repeat(4_096)}`]) assert.ok(!is('absolute-path', text), text);
  for (const text of ['eth0"; drop', '..', 'a'.repeat(16), '']) assert.ok(!is('interface', text), text);
  for (const text of ['-a.example', 'a..b', '1.2.3.4', 'a'.repeat(64), '*.example'])
    assert.ok(!is('host-name', text), text);
  assert.ok(is('host-name', 'cache.cafe.example'));
});
