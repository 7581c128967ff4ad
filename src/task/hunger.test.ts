import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Hunger } from './hunger.ts';
import { LIMITS } from './limits.ts';

const need = (ip: string, lacked: number, ready: number, interested = true) => ({ ip, lacked, ready, interested });
const LATE = LIMITS.satedAfterMs;

test('a client counts once, however many connections it has, and not when it lacks nothing that the box lacks', () => {
  const hunger = new Hunger();
  hunger.counted([need('a', 5, 3), need('a', 5, 4), need('b', 0, 7), need('c', 1, 0)], 0);
  assert.equal(hunger.clients, 2);
  assert.equal(hunger.leastReady, 0);
  hunger.counted([], 1);
  assert.deepEqual([hunger.clients, hunger.leastReady], [0, Number.POSITIVE_INFINITY]);
});

test('what the box gains between two counts lies ready at once', () => {
  const hunger = new Hunger();
  hunger.counted([need('a', 5, 3)], 0);
  hunger.gained();
  hunger.gained();
  assert.equal(hunger.leastReady, 5);
});

test('who leaves alone what lies ready for it is hungry no more, until it takes something', () => {
  const hunger = new Hunger();
  hunger.counted([need('a', 5, 3), need('b', 5, 9)], 0);
  hunger.took('b', LATE - 1);
  assert.equal(hunger.look(LATE - 1), false);
  assert.equal(hunger.look(LATE), true);
  assert.deepEqual([hunger.clients, hunger.leastReady], [1, 9]);
  hunger.took('a', LATE + 1);
  assert.equal(hunger.look(LATE + 1), true);
  assert.equal(hunger.clients, 2);
});

test('who has nothing to take waits as long as it may, and the time begins when something lies ready', () => {
  const hunger = new Hunger();
  hunger.counted([need('a', 5, 0)], 0);
  hunger.look(5 * LATE);
  assert.equal(hunger.clients, 1);
  hunger.counted([need('a', 5, 0)], 10 * LATE);
  hunger.counted([need('a', 5, 2)], 10 * LATE + 1);
  assert.equal(hunger.clients, 1);
  hunger.look(11 * LATE - 1);
  assert.equal(hunger.clients, 1);
  hunger.look(11 * LATE);
  assert.equal(hunger.clients, 0);
});

test('one that left is forgotten: it comes back hungry', () => {
  const hunger = new Hunger();
  hunger.counted([need('a', 5, 2)], 0);
  hunger.look(LATE);
  hunger.counted([], LATE);
  hunger.counted([need('a', 5, 2)], LATE + 1);
  assert.equal(hunger.clients, 1);
});

test('who is interested in nothing that lies ready waits for something else: it stays hungry, and then nothing is ready for it', () => {
  const hunger = new Hunger();
  for (const ms of [0, LATE - 1]) hunger.counted([need('a', 5, 3, false)], ms);
  assert.deepEqual([hunger.clients, hunger.leastReady], [1, 3], 'it may only not have said so yet');
  hunger.look(LATE);
  assert.deepEqual([hunger.clients, hunger.leastReady], [1, 0]);
  hunger.counted([need('a', 5, 3)], LATE + 1);
  assert.deepEqual([hunger.clients, hunger.leastReady], [0, Number.POSITIVE_INFINITY], 'it is, and leaves it alone');
});
