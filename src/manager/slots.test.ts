import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Slots } from './slots.ts';

test('slots are granted in the order of asking, never more than there are', () => {
  const slots = new Slots(2);
  const got: string[] = [];
  const ask = (name: string) => {
    const granted = () => void got.push(name);
    slots.ask(granted);
    return granted;
  };
  ask('a');
  ask('b');
  ask('c');
  ask('d');
  assert.deepEqual(got, ['a', 'b']);
  slots.release();
  assert.deepEqual(got, ['a', 'b', 'c']);
  assert.equal(slots.waiting, 1);
});

test('a withdrawn asking is not granted', () => {
  const slots = new Slots(0);
  let granted = false;
  const ask = () => {
    granted = true;
  };
  slots.ask(ask);
  slots.withdraw(ask);
  slots.release();
  assert.equal(granted, false);
  assert.equal(slots.free, 1);
});
