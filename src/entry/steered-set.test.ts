import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LIMITS } from './limits.ts';
import { SteeredSet } from './steered-set.ts';

const at = (n: number) => ({ ip: `203.0.${n >> 8}.${n & 255}`, port: 6881 });

test('the kernel is told of an endpoint once, and again when half its time is over', () => {
  const set = new SteeredSet([]);
  assert.deepEqual(set.admit([at(1), at(1), at(2)], 0), { added: [at(1), at(2)], renewed: [] });
  assert.deepEqual(set.admit([at(1)], 1_000), { added: [], renewed: [] });
  assert.deepEqual(set.admit([at(1), at(3)], LIMITS.steerForMs / 2 + 1), { added: [at(3)], renewed: [at(1)] });
});

test('a pair passes once told, until its time is over; the endpoint stays steered for others', () => {
  const set = new SteeredSet([]);
  set.admit([at(1)], 0);
  assert.equal(set.pass('192.168.1.5', at(1), false, 0), true);
  assert.equal(set.pass('192.168.1.5', at(1), false, 1), false, 'the kernel knows');
  assert.equal(set.pass('192.168.1.6', at(1), false, 1), true);
  assert.equal(set.pass('192.168.1.5', at(1), false, LIMITS.passForMs + 1), true);
  assert.equal(set.size, 1);
});

test('a pair that passes for a short while passes for a long one when told so, and not the other way round', () => {
  const set = new SteeredSet([]);
  const pass = (briefly: boolean, nowMs: number): boolean => set.pass('192.168.1.5', at(1), briefly, nowMs);
  assert.equal(pass(true, 0), true);
  assert.equal(pass(true, LIMITS.passBrieflyMs - 1), false);
  assert.equal(pass(true, LIMITS.passBrieflyMs), true, 'told again in its time it does not last longer');
  assert.equal(pass(false, LIMITS.passBrieflyMs + 1), true);
  assert.equal(pass(true, 2 * LIMITS.passBrieflyMs), false);
});

test('pairs are bounded: a full set takes no more, so that the kernel never refuses one', () => {
  for (const briefly of [true, false]) {
    const set = new SteeredSet([]);
    for (let n = 0; n < LIMITS.passedPairs; n++) assert.equal(set.pass('192.168.1.5', at(n), briefly, 0), true);
    assert.equal(set.pass('192.168.1.6', at(1), briefly, 1), false);
    const over = (briefly ? LIMITS.passBrieflyMs : LIMITS.passForMs) + 1;
    assert.equal(set.pass('192.168.1.5', at(LIMITS.passedPairs), briefly, over), true);
  }
});

test('the box, and the networks that the operator named, are never steered', () => {
  const never = new SteeredSet(['203.0.0.1', '198.51.100.0/24', '2001:db8::/32', 'fe80::1']);
  const named = ['203.0.0.1', '198.51.100.77', '2001:db8:7::7', 'fe80::1'].map((ip) => ({ ip, port: 6881 }));
  const others = ['203.0.0.2', '198.51.101.77', '2001:db9::7', 'fe80::2'].map((ip) => ({ ip, port: 6881 }));
  assert.deepEqual(never.admit([...named, ...others], 0).added, others);
  const [four] = others;
  assert.deepEqual(new SteeredSet(['::/0']).admit(others, 0).added, [four, others[1]], 'IPv4 is not a part of IPv6');
});

test('expired endpoints are forgotten', () => {
  const set = new SteeredSet([]);
  set.admit([at(1)], 0);
  set.admit([], LIMITS.steerForMs + 1);
  assert.equal(set.size, 0);
});
