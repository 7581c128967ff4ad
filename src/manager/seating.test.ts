import assert from 'node:assert/strict';
import { test } from 'node:test';
import { infoHashOf } from '#base/units.ts';
import { LIMITS } from './limits.ts';
import { Seating } from './seating.ts';

class FakeTask {
  readonly infoHash = infoHashOf(Buffer.alloc(20, 1));
  wanting = 0;
  fillRateBytesPerS = 0;
  seated = false;

  seat(has: boolean): void {
    this.seated = has;
  }
}

function setUp(seats = 1) {
  let nowMs = 0;
  const world = { clock: { nowMs: () => nowMs }, another: () => 0.5, through: () => 0 };
  const seating = new Seating({ seats, seatRule: 'priced' }, world, () => 0.5);
  const wants = (task: FakeTask, wanting: number): void => {
    task.wanting = wanting;
    seating.changed(task);
  };
  const pass = (seconds: number): void => {
    for (let i = 0; i < seconds; i++) {
      nowMs += 1_000;
      seating.tick();
    }
  };
  return { seating, wants, pass };
}

test('a task sits down when somebody wants something of it, and rises when nobody does', () => {
  const { seating, wants } = setUp();
  const task = new FakeTask();
  wants(task, 1);
  assert.deepEqual([task.seated, seating.free], [true, 0]);
  wants(task, 0);
  assert.deepEqual([task.seated, seating.free], [false, 1]);
});

test('who found no free seat looks again on its own timer', () => {
  const { wants, pass } = setUp();
  const [first, second] = [new FakeTask(), new FakeTask()];
  first.fillRateBytesPerS = second.fillRateBytesPerS = 1e6;
  wants(first, 1);
  wants(second, 1);
  assert.deepEqual([first.seated, second.seated], [true, false]);
  wants(first, 0);
  pass((2 * LIMITS.seatLookMs) / 1_000);
  assert.equal(second.seated, true);
});

test('who fetches slowly gives its seat up for a while, fetching on without one', () => {
  const { seating, wants, pass } = setUp(2);
  const [slow, fast] = [new FakeTask(), new FakeTask()];
  fast.fillRateBytesPerS = LIMITS.slowBytesPerS;
  slow.fillRateBytesPerS = LIMITS.slowBytesPerS - 1;
  wants(slow, 3);
  wants(fast, 1);
  pass(LIMITS.slowForMs / 1_000 + 1);
  assert.deepEqual([slow.seated, fast.seated], [false, true]);
  wants(slow, 4);
  assert.equal(slow.seated, false);
  slow.fillRateBytesPerS = 1e6;
  pass((LIMITS.slowRestMs + 2 * LIMITS.seatLookMs) / 1_000);
  assert.deepEqual([slow.seated, seating.free], [true, 0]);
});

test('a task that leaves leaves its seat', () => {
  const { seating, wants } = setUp();
  const task = new FakeTask();
  wants(task, 2);
  seating.left(task);
  assert.deepEqual([task.seated, seating.free], [false, 1]);
});
