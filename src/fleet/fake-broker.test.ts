import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Topology } from './broker.ts';
import { BROKER_LIMITS, retryAfterMs } from './broker-limits.ts';
import { type Bench, brokerCompliance, messageTo, until } from './compliance.ts';
import { FakeRabbit } from './fake-broker.ts';
import type { SteadyBroker } from './steady-broker.ts';
import { topicMatches } from './topic.ts';

const onError = (error: unknown): void => {
  throw error;
};
const atOnce = { nowMs: () => 0, sleep: async () => {} };

async function open(): Promise<Bench> {
  const rabbit = new FakeRabbit();
  return {
    connect: (topology) => rabbit.connect({ topology, onError, clock: atOnce }),
    cut: (broker) => rabbit.cut(broker as SteadyBroker),
    block: async (on) => rabbit.block(on ? 'low on memory' : undefined),
    [Symbol.asyncDispose]: async () => assert.equal(rabbit.sessions.size, 0),
  };
}

brokerCompliance('fake', open);

const TOPOLOGY: Topology = {
  exchanges: [{ name: 'x' }],
  queues: [{ name: 'q', kind: 'classic' }],
  bindings: [{ queue: 'q', exchange: 'x', key: '#' }],
};

test('it waits longer after each failure, and starts again after a connection that lasted', async () => {
  const rabbit = new FakeRabbit();
  let nowMs = 0;
  const slept: number[] = [];
  const wakes: (() => void)[] = [];
  const clock = {
    nowMs: () => nowMs,
    sleep: (ms: number, signal: AbortSignal) =>
      new Promise<void>((resolve, reject) => {
        slept.push(ms);
        wakes.push(resolve);
        signal.addEventListener('abort', () => reject(signal.reason));
      }),
  };
  rabbit.stop();
  await using broker = rabbit.connect({ topology: () => TOPOLOGY, onError, clock, random: () => 0.5 });
  const asleep = async (): Promise<void> => {
    while (wakes.length === 0) await new Promise(setImmediate);
  };
  for (let i = 0; i < 9; i++) {
    await asleep();
    assert.equal(broker.state.kind, 'down');
    if (i === 8) rabbit.start();
    wakes.shift()?.();
  }
  const [first, most] = BROKER_LIMITS.retryMs;
  assert.deepEqual(
    slept,
    Array.from({ length: 9 }, (_, i) => Math.min(most, first * 2 ** i) * 0.75),
  );
  await until(broker, 'up');
  rabbit.cut(broker);
  await asleep();
  assert.equal(slept.pop(), most * 0.75, 'it did not last');
  wakes.shift()?.();
  await until(broker, 'up');
  nowMs += BROKER_LIMITS.steadyMs;
  rabbit.cut(broker);
  await asleep();
  assert.equal(slept.pop(), first * 0.75);
});

test('a fleet that comes back spreads over half of the wait', () => {
  for (const failures of [0, 3, 100]) {
    const [least, most] = [retryAfterMs(failures, 0), retryAfterMs(failures, 0.999_999)];
    assert.ok(most <= BROKER_LIMITS.retryMs[1] && Math.abs(most / least - 2) < 1e-3);
  }
});

test('what was sent into a connection that is gone is lost, whether it got there or not', async () => {
  const rabbit = new FakeRabbit();
  await using broker = rabbit.connect({ topology: () => TOPOLOGY, onError, clock: atOnce });
  await until(broker, 'up');
  const there = broker.publish(messageTo('x', 'k', 'there'), true);
  rabbit.isDeaf = true;
  const nowhere = broker.publish(messageTo('x', 'k', 'nowhere'), true);
  rabbit.cut(broker);
  assert.deepEqual([(await there).kind, (await nowhere).kind], ['lost', 'lost']);
  assert.equal(rabbit.depth('q'), 1);
});

test('a broker that stops keeps what is persistent', async () => {
  const rabbit = new FakeRabbit();
  await using broker = rabbit.connect({ topology: () => TOPOLOGY, onError, clock: atOnce });
  await until(broker, 'up');
  await broker.publish(messageTo('x', 'k', 'a'), true);
  await broker.publish({ ...messageTo('x', 'k', 'b'), persistent: false }, true);
  rabbit.stop();
  assert.equal(rabbit.depth('q'), 1);
  assert.equal(broker.state.kind, 'up', 'it has yet to hear of it');
  await until(broker, 'down');
  rabbit.start();
  await until(broker, 'up');
});

test('what a consumer or a listener throws is told to its owner and ends nothing', async () => {
  const rabbit = new FakeRabbit();
  const errors: unknown[] = [];
  await using broker = rabbit.connect({ topology: () => TOPOLOGY, onError: (e) => errors.push(e), clock: atOnce });
  broker.onState(() => {
    throw new Error('made up: listener');
  });
  await until(broker, 'up');
  broker.consume({
    queue: 'q',
    prefetch: 1,
    onDelivery: () => {
      throw new Error('made up: consumer');
    },
  });
  await broker.publish(messageTo('x', 'k', 'a'), true);
  while (errors.length < 2) await new Promise(setImmediate);
  assert.deepEqual(errors.map(String), ['Error: made up: listener', 'Error: made up: consumer']);
  assert.equal(broker.state.kind, 'up');
});

test('keys mean what AMQP says', () => {
  const cases: [string, string, boolean][] = [
    ['#', 'a.b', true],
    ['#', '', true],
    ['a.*', 'a', false],
    ['a.*', 'a.b', true],
    ['a.*', 'a.b.c', false],
    ['a.#', 'a', true],
    ['#.c', 'a.b.c', true],
    ['a.#.c', 'a.c', true],
    ['a.#.c', 'a.b.d', false],
    ['*.*', 'a.', true],
  ];
  for (const [pattern, key, meant] of cases) assert.equal(topicMatches(pattern, key), meant, `${pattern} ${key}`);
});
