import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytesFor, computedSeconds, minutesOf, PlanError, readPlan } from './plan.ts';

test('without a word it is the whole grid, and words choose among it', () => {
  const whole = readPlan({});
  assert.deepEqual(
    [whole.nodes, whole.sizes],
    [
      [10, 20, 40, 60],
      [1, 10, 100],
    ],
  );
  assert.deepEqual(whole.shapes, ['loopback', 'equal', 'wide']);
  assert.deepEqual(whole.systems, ['rabbitmq', 'bittorrent', 'ours']);
  const some = readPlan({
    NODES: '3',
    SIZES: '1,1000',
    SHAPES: 'wide,equal',
    SYSTEMS: 'relay',
    REPEAT: '5',
    TRACE: '1',
  });
  assert.deepEqual(
    [some.nodes, some.sizes, some.shapes, some.systems],
    [[3], [1, 1_000], ['equal', 'wide'], ['relay']],
  );
  assert.deepEqual([some.repeat, some.trace], [5, true]);
  assert.ok(minutesOf(some) > 0 && minutesOf(some) < minutesOf({ ...some, nodes: [3, 60] }));
});

test('a word that means nothing ends it', () => {
  for (const env of [{ NODES: '0' }, { NODES: '201' }, { SIZES: 'many' }, { SHAPES: 'round' }, { SYSTEMS: 'mine' }])
    assert.throws(() => readPlan(env), PlanError);
});

test('RabbitMQ alone is computed where a shaped line makes it slow, and run everywhere else', () => {
  assert.equal(computedSeconds('rabbitmq', 'loopback', 60, 1_000), undefined);
  assert.equal(computedSeconds('rabbitmq', 'equal', 60, 10), undefined);
  assert.equal(computedSeconds('ours', 'equal', 60, 1_000), undefined);
  const seconds = computedSeconds('rabbitmq', 'equal', 20, 100) ?? 0;
  assert.ok(seconds >= 400 && seconds < 401);
  assert.ok(computedSeconds('rabbitmq', 'wide', 60, 100) === undefined);
});

test('a cell needs room for a file each', () => {
  assert.ok(bytesFor(60, 100) > 60 * 100e6);
  assert.ok(bytesFor(60, 1_000) - bytesFor(60, 100) > 60 * 800e6);
});
