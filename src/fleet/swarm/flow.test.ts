import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Flow } from './flow.ts';

test('a line is known after a moment, and idle time says nothing of it', () => {
  const flow = new Flow(300);
  assert.equal(flow.bytesPerS, 0);
  let nowMs = 0;
  for (; nowMs < 150; nowMs += 10) {
    flow.pass(nowMs, nowMs > 0);
    flow.add(1_000);
  }
  assert.ok(flow.bytesPerS > 90_000 && flow.bytesPerS < 120_000, `${flow.bytesPerS}`);
  const before = flow.bytesPerS;
  flow.pass(nowMs + 60_000, false);
  assert.equal(flow.bytesPerS, before);
  flow.pass(nowMs + 70_000, true);
  assert.ok(flow.bytesPerS < 1);
});

test('the most it carried is believed for a while', () => {
  const flow = new Flow(300);
  flow.pass(0, true);
  for (let nowMs = 10; nowMs <= 500; nowMs += 10) {
    flow.add(1_000);
    flow.pass(nowMs, true);
  }
  flow.pass(1_500, true);
  assert.ok(flow.bytesPerS < 5_000);
  assert.ok(flow.mostBytesPerS > 70_000);
});
