import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Gate } from './gate.ts';

test('as many as there are slots are inside, the others in order, and no more than may wait', async () => {
  const gate = new Gate(2, 2);
  const first = await gate.enter();
  await gate.enter();
  const order: number[] = [];
  const third = gate.enter();
  const fourth = gate.enter();
  void third.then(() => order.push(3));
  void fourth.then(() => order.push(4));
  assert.equal(await gate.enter(), undefined, 'two wait already');
  assert.equal(gate.load, 4);
  first?.[Symbol.dispose]();
  (await third)?.[Symbol.dispose]();
  await fourth;
  assert.deepEqual(order, [3, 4]);
});

test('who waited too long is turned away, and the next one enters', async () => {
  let nowMs = 0;
  const gate = new Gate(1, 9, 100, () => nowMs);
  const inside = await gate.enter();
  const late = gate.enter();
  nowMs = 60;
  const inTime = gate.enter();
  nowMs = 101;
  inside?.[Symbol.dispose]();
  assert.equal(await late, undefined);
  assert.ok(await inTime);
  const stuck = gate.enter();
  nowMs = 300;
  gate.expire();
  assert.equal(await stuck, undefined, 'although nobody has left');
});
