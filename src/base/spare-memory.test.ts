import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SpareMemory } from './spare-memory.ts';

test('memory that was given comes again, to whoever takes as much', () => {
  const spare = new SpareMemory(1_000);
  const memory = spare.take(100);
  const view = Buffer.from(memory);
  view.fill(7);
  spare.give(memory);
  assert.equal(view.length, 0); // who kept a view has no way to what is another's now
  assert.equal(spare.bytes, 100);
  assert.equal(spare.take(99).byteLength, 99);
  assert.equal(spare.bytes, 100);
  const again = spare.take(100);
  assert.deepEqual(Buffer.from(again), Buffer.alloc(100, 7));
  assert.equal(spare.bytes, 0);
});

test('what is given twice is kept once', () => {
  const spare = new SpareMemory(1_000);
  const memory = spare.take(100);
  spare.give(memory);
  spare.give(memory);
  assert.equal(spare.bytes, 100);
  assert.notEqual(spare.take(100), spare.take(100));
});

test('no more is kept than was said: the oldest goes', () => {
  const spare = new SpareMemory(250);
  const taken = [50, 100, 100, 60].map((bytes) => spare.take(bytes));
  for (const memory of taken) spare.give(memory);
  assert.equal(spare.bytes, 160);
  spare.give(spare.take(251));
  assert.equal(spare.bytes, 0);
});
