import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PlanError, readPlan, secondsOf } from './plan.ts';

test('without a word everything is measured, within about ten minutes', () => {
  const plan = readPlan({});
  assert.deepEqual(
    plan.loads('memory').map(({ conns }) => conns),
    [8, 64, 200],
  );
  assert.equal(plan.rounds, 5);
  assert.ok(secondsOf(plan) <= 660, `${secondsOf(plan)} s`);
});

test('words pick, in the order of the whole; a word that is none is refused', () => {
  const plan = readPlan({ CASES: 'encrypted,memory', PEERS: 'rtorrent,libtorrent', CONNS: '64,2000', ROUNDS: '2' });
  assert.deepEqual(plan.cases, ['memory', 'encrypted']);
  assert.deepEqual(plan.peers, ['libtorrent', 'rtorrent']);
  assert.deepEqual(plan.loads('page-cache'), [
    { conns: 64, depth: 64 },
    { conns: 2000, depth: 8 },
  ]);
  assert.deepEqual(readPlan({ CONNS: '3', DEPTH: '1' }).loads('memory'), [{ conns: 3, depth: 1 }]);
  assert.ok(secondsOf(plan) < secondsOf(readPlan({})));
  for (const env of [{ CASES: 'memroy' }, { PEERS: 'box' }, { CONNS: '0' }, { CONNS: '8;64' }, { ROUNDS: '1.5' }])
    assert.throws(() => readPlan(env), PlanError);
});
