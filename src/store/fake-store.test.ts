import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Bench, describingCompliance, lendingCompliance, taskStoreCompliance } from './compliance.ts';
import { FakeStore } from './fake-store.ts';
import { gappedMaker, randomSample } from './fixtures.ts';

async function open(): Promise<Bench> {
  const store = new FakeStore(gappedMaker);
  return {
    task: (shape) => store.task(shape),
    reopen: async () => store.forgetMemory(),
    damage: async (shape, index) => store.damage(shape.infoHash, index),
    full: async (on) => {
      store.faults.full = on;
    },
    broken: async (_, on) => {
      store.faults.error = on ? Object.assign(new Error('made up'), { code: 'EIO' }) : undefined;
    },
    [Symbol.asyncDispose]: async () => {},
  };
}

taskStoreCompliance('fake', open);
lendingCompliance('fake', open);
describingCompliance('fake', open);

test('fake: a slow disk answers when it is let go', async () => {
  const store = new FakeStore(gappedMaker);
  const { promise, resolve } = Promise.withResolvers<void>();
  store.faults.pause = () => promise;
  const sample = randomSample(2);
  const task = store.task(sample.shape);
  let answered = false;
  const accepting = task.accept(sample.piece(0)).then((answer) => {
    answered = true;
    return answer;
  });
  await new Promise(setImmediate);
  assert.equal(answered, false);
  assert.ok(task.cached(0) === undefined);
  resolve();
  assert.deepEqual(await accepting, { kind: 'durable' });
});
