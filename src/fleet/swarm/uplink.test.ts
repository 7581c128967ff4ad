import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Uplink } from './uplink.ts';

const limits = { leastAfloat: 1_000, afloatMs: 100, flowMs: 300, ackMs: 500 };
const [a, b] = [{}, {}];

test('no more is on its way than at least may be, until something arrives', () => {
  const uplink = new Uplink<object>(limits);
  uplink.gave(a, 1, 600, 0);
  uplink.gave(b, 1, 600, 0);
  assert.ok(uplink.room <= 0);
  assert.equal(uplink.arrived(a, 2, 10), false, 'that was not from here');
  assert.ok(uplink.arrived(a, 1, 10));
  assert.ok(uplink.room > 0);
  assert.equal(uplink.arrived(a, 1, 10), false);
});

test('a line that carries much has more on its way', () => {
  const uplink = new Uplink<object>(limits);
  for (let i = 0; i < 200; i++) {
    uplink.gave(a, i, 1_000, 5 * i);
    uplink.arrived(a, i, 5 * i + 5);
  }
  // 200,000 bytes a second, for 105 ms.
  assert.ok(uplink.room > 15_000 && uplink.room < 30_000, `${uplink.room}`);
});

test('who is late, or says nothing, keeps nothing back from the others, until he is in time again', () => {
  const uplink = new Uplink<object>(limits);
  uplink.gave(a, 1, 1_000, 0);
  assert.equal(uplink.tick(499), false);
  assert.ok(uplink.room <= 0);
  assert.ok(uplink.tick(500));
  assert.equal(uplink.room, 1_000);
  uplink.gave(a, 2, 5_000, 500);
  assert.equal(uplink.room, 1_000, 'it is not waited for');
  assert.ok(uplink.arrived(a, 2, 510), 'but known when it comes');
  uplink.gave(a, 3, 50_000, 520);
  assert.ok(uplink.room <= 0);
  uplink.left(a);
  assert.ok(uplink.room > 0);
});
