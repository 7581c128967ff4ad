import assert from 'node:assert/strict';
import { test } from 'node:test';
import { infoHashOf } from '#base/units.ts';
import { hash } from './fixtures.ts';
import { LearnedFlows } from './learned-flows.ts';
import { LIMITS } from './limits.ts';
import { SteeredSet } from './steered-set.ts';

const at = (n: number) => ({ ip: `203.0.${n >> 8}.${n & 255}`, port: 6881 });

test('the kernel is told of an endpoint once, and again when half its time is over', () => {
  const set = new SteeredSet([]);
  assert.deepEqual(set.admit([at(1), at(1), at(2)], 0), [at(1), at(2)]);
  assert.deepEqual(set.admit([at(1)], 1_000), []);
  assert.deepEqual(set.admit([at(1)], LIMITS.steerForMs / 2 + 1), [at(1)]);
});

test('a passed endpoint leaves the set and is not steered again until its time is over', () => {
  const set = new SteeredSet([]);
  set.admit([at(1)], 0);
  assert.equal(set.pass(at(1), 0), true);
  assert.equal(set.pass(at(2), 0), false);
  assert.deepEqual(set.admit([at(1), at(2)], 1), []);
  assert.deepEqual(set.admit([at(1)], LIMITS.passForMs + 1), [at(1)]);
});

test('the box never steers itself', () => {
  assert.deepEqual(new SteeredSet([at(1).ip]).admit([at(1), at(2)], 0), [at(2)]);
});

test('expired endpoints are forgotten, and the passed ones are bounded', () => {
  const set = new SteeredSet([]);
  set.admit([at(1)], 0);
  set.admit([], LIMITS.steerForMs + 1);
  assert.equal(set.size, 0);
  for (let n = 0; n < LIMITS.passedEndpoints + 1; n++) set.pass(at(n), 0);
  assert.deepEqual(set.admit([at(0), at(1)], 1), [at(0)], 'the oldest made room');
});

test('a learned flow is found until its time is over, and its torrent opens encrypted handshakes', () => {
  const flows = new LearnedFlows();
  const infoHash = infoHashOf(hash);
  assert.deepEqual(flows.learn('192.168.1.5', [at(1)], infoHash, 'http-tracker', 0), [at(1)]);
  assert.deepEqual(flows.learn('192.168.1.5', [at(1)], infoHash, 'http-tracker', 0), [], 'said once');
  assert.equal(flows.find('192.168.1.5', at(1))?.infoHash, infoHash);
  assert.equal(flows.find('192.168.1.6', at(1)), undefined);
  assert.equal(flows.skeys.size, 1);
  flows.learn('192.168.1.5', [at(2)], infoHash, 'plain-handshake', LIMITS.steerForMs + 1);
  assert.equal(flows.find('192.168.1.5', at(1)), undefined);
  assert.equal(flows.skeys.size, 1);
});
