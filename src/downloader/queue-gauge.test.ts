import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { QueueGauge } from './queue-gauge.ts';

/** Ten blocks at 20 ms, so that the gauge knows the way. */
function known(gauge: QueueGauge, stream: PassThrough): void {
  for (let i = 0; i < 10; i++) gauge.block(stream, 20, i);
  gauge.read(10);
}

test('of all connections the one that waits least is believed: the queue of the line is in all of them', () => {
  const gauge = new QueueGauge(() => undefined);
  const [near, far] = [new PassThrough(), new PassThrough()];
  known(gauge, near);
  known(gauge, far);
  gauge.block(far, 400, 100);
  gauge.block(near, 50, 100);
  assert.deepEqual(gauge.read(200), { leastMs: 30, mostMs: 30 });
});

test('blocks that wait in an origin show no queue as long as the round trips are short', () => {
  const gauge = new QueueGauge(() => ({ rttMs: 21, leastMs: 20 }));
  const stream = new PassThrough();
  known(gauge, stream);
  gauge.block(stream, 370, 100);
  assert.deepEqual(gauge.read(200), { leastMs: 1, mostMs: 350 });
});

test('nothing is told where no block came, nor by a connection that is new', () => {
  const gauge = new QueueGauge(() => ({ rttMs: 90, leastMs: 20 }));
  const stream = new PassThrough();
  for (let i = 0; i < 8; i++) gauge.block(stream, 100 + 10 * i, i);
  assert.equal(gauge.read(100), undefined);
  gauge.block(stream, 190, 150);
  assert.deepEqual(gauge.read(200), { leastMs: 70, mostMs: 90 });
  assert.equal(gauge.read(300), undefined);
});

test('a path that became longer for good is no queue any more after some minutes', () => {
  const gauge = new QueueGauge(() => undefined);
  const stream = new PassThrough();
  known(gauge, stream);
  let seen = { leastMs: 0, mostMs: 0 };
  for (let nowMs = 1_000; nowMs < 400_000; nowMs += 1_000) {
    gauge.block(stream, 120, nowMs);
    seen = gauge.read(nowMs) ?? seen;
    if (nowMs === 100_000) assert.equal(seen.leastMs, 100);
  }
  assert.equal(seen.leastMs, 0);
});
