import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { InfoHash } from '#base/units.ts';
import { LIMITS } from './limits.ts';
import { type Order, OrderList, worthOf } from './order-list.ts';

const hash = (n: number): InfoHash => n.toString(16).padStart(40, '0') as InfoHash;
const order = (n: number, orderedAtMs = 0): Order => ({
  infoHash: hash(n),
  name: `课程 ${n}`,
  trackers: ['udp://t:1'],
  orderedAtMs,
});
const numbers = (orders: readonly Order[]): number[] => orders.map(({ infoHash }) => Number.parseInt(infoHash, 16));

test('orders keep the order in which they were dropped, and outlive the process', () => {
  const list = new OrderList(undefined);
  for (const n of [3, 1, 2]) assert.equal(list.add(order(n)), 'added');
  assert.equal(list.add(order(3)), 'known');
  list.change(hash(1), { endedAtMs: 5, bytes: 7 });
  const again = new OrderList(list.text);
  assert.deepEqual(again.all, list.all);
  assert.deepEqual([numbers(again.waiting), again.of(hash(1))?.bytes], [[3, 2], 7]);
});

test('what has ended may be ordered again, and is the last then', () => {
  const list = new OrderList(undefined);
  for (const n of [1, 2]) list.add(order(n));
  list.change(hash(1), { endedAtMs: 5, refused: 'private' });
  assert.equal(list.add(order(1)), 'added');
  assert.deepEqual([numbers(list.waiting), list.of(hash(1))?.refused], [[2, 1], undefined]);
});

test('a full list takes nothing more until one has ended', () => {
  const list = new OrderList(undefined);
  for (let n = 0; n < LIMITS.waiting; n++) list.add(order(n));
  assert.equal(list.add(order(LIMITS.waiting)), 'full');
  assert.equal(list.add(order(0)), 'known');
  list.change(hash(0), { endedAtMs: 1 });
  assert.equal(list.add(order(LIMITS.waiting)), 'added');
});

test('what waited for a month is given up; what ended a week ago is told of no more', () => {
  const list = new OrderList(undefined);
  list.add(order(1));
  list.add(order(2, 10));
  list.age(LIMITS.giveUpMs);
  assert.deepEqual([numbers(list.waiting), list.of(hash(1))?.refused], [[2], 'given-up']);
  list.age(LIMITS.giveUpMs + LIMITS.keepMs - 20);
  assert.ok(list.of(hash(1)));
  list.age(LIMITS.giveUpMs + LIMITS.keepMs);
  assert.equal(list.of(hash(1)), undefined);
});

test('of those that have ended, the latest are told of', () => {
  const list = new OrderList(undefined);
  for (let n = 0; n <= LIMITS.ended; n++) {
    list.add(order(100 + n));
    list.change(hash(100 + n), { endedAtMs: n });
  }
  list.age(LIMITS.ended);
  assert.deepEqual([list.of(hash(100)), list.of(hash(101))?.endedAtMs], [undefined, 1]);
});

test('what waits never goes from the disk, what is whole after what is hardly asked for, and what is given up as any other', () => {
  assert.equal(worthOf(order(1), LIMITS.giveUpMs), Number.POSITIVE_INFINITY);
  const whole = { ...order(1), endedAtMs: 1_000 };
  const worth = worthOf(whole, 1_000);
  assert.ok(worth !== undefined && worth < 1 && worth > 0.5);
  assert.equal(worthOf(whole, 1_000 + LIMITS.keepMs), undefined);
  assert.equal(worthOf({ ...whole, refused: 'private' }, 1_000), undefined);
  assert.equal(worthOf(undefined, 0), undefined);
});

test('a list that cannot be read begins anew, and an order that makes no sense is left out', () => {
  for (const text of ['', '{', 'null', '{"a":1}', '[null,7,{}]']) assert.deepEqual(new OrderList(text).all, [], text);
  const broken = JSON.stringify([{ ...order(1), infoHash: 'x' }, { ...order(2), bytes: '9' }, order(3)]);
  assert.deepEqual(numbers(new OrderList(broken).all), [3]);
  fc.assert(fc.property(fc.json(), (text) => void new OrderList(text).age(1)));
});
