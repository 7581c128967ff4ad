import assert from 'node:assert/strict';
import { test } from 'node:test';
import { settle, TestClock } from './fixtures.ts';
import { type Asker, Pacer } from './pacer.ts';

const BLOCK = 16_384;

class TestAsker implements Asker {
  isAhead = false;
  asked = 0;
  wants: number;

  constructor(wants: number) {
    this.wants = wants;
  }

  askOne(): number {
    if (this.asked === this.wants) return 0;
    this.asked++;
    return BLOCK;
  }
}

function begin(): { clock: TestClock; pacer: Pacer; run: (ms: number) => Promise<void> } {
  const clock = new TestClock();
  const pacer = new Pacer(clock, new AbortController().signal);
  const run = async (ms: number): Promise<void> => {
    for (let at = 0; at < ms; at += 5) {
      clock.advance(5);
      await settle(2);
    }
  };
  return { clock, pacer, run };
}

test('without a rate everything is asked for at once, and nothing was held', () => {
  const { pacer, clock } = begin();
  const asker = new TestAsker(1_000);
  pacer.wait(asker);
  assert.equal(asker.asked, 1_000);
  assert.equal(pacer.takeHeld(), false);
  assert.equal(clock.sleepers, 0);
});

test('at a rate so many are asked for in a time and hardly any at once; askers take turns', async () => {
  const { pacer, run } = begin();
  pacer.setRate(100 * BLOCK);
  const [one, other] = [new TestAsker(1_000), new TestAsker(1_000)];
  pacer.wait(one);
  pacer.wait(other);
  assert.ok(one.asked + other.asked <= 4, `${one.asked} and ${other.asked} at once`);
  await run(1_000);
  assert.ok(Math.abs(one.asked + other.asked - 100) <= 4, `${one.asked} and ${other.asked}`);
  assert.ok(Math.abs(one.asked - other.asked) <= 3, `${one.asked} and ${other.asked}`);
  assert.equal(pacer.takeHeld(), true);
});

test('while a client waits for something, nothing is asked for ahead of clients', async () => {
  const { pacer, run } = begin();
  pacer.setRate(100 * BLOCK);
  const [ahead, demand] = [new TestAsker(1_000), new TestAsker(20)];
  ahead.isAhead = true;
  pacer.wait(demand);
  pacer.wait(ahead);
  await run(100);
  assert.equal(ahead.asked, 0);
  await run(500);
  assert.equal(demand.asked, 20);
  assert.ok(ahead.asked > 30, `${ahead.asked}`);
});

test('who is ahead has a rate of its own, and holds nobody up', async () => {
  const { pacer, run, clock } = begin();
  pacer.setRate(Number.POSITIVE_INFINITY, 10 * BLOCK);
  const [ahead, demand] = [new TestAsker(1_000), new TestAsker(200)];
  ahead.isAhead = true;
  assert.deepEqual([pacer.isFreeFor(ahead), pacer.isFreeFor(demand)], [false, true]);
  pacer.wait(ahead);
  await run(1_000);
  assert.ok(Math.abs(ahead.asked - 10) <= 2, `${ahead.asked}`);
  pacer.wait(demand);
  assert.equal(demand.asked, 200);
  assert.equal(pacer.takeHeld(), false, 'the rate of all held nobody');
  pacer.setRate(Number.POSITIVE_INFINITY);
  assert.equal(ahead.asked, 1_000);
  await run(100);
  assert.equal(clock.sleepers, 0, 'a timer is left');
});

test('who has nothing to ask for does not hold the others up, and does not count as held', async () => {
  const { pacer, run, clock } = begin();
  pacer.setRate(100 * BLOCK);
  const [idle, busy] = [new TestAsker(0), new TestAsker(3)];
  pacer.wait(idle);
  pacer.wait(busy);
  await run(200);
  assert.equal(busy.asked, 3);
  pacer.takeHeld();
  pacer.wait(idle);
  await run(200);
  assert.equal(pacer.takeHeld(), false);
  assert.equal(clock.sleepers, 0, 'a timer is left');
});

test('at a rate of nothing all wait, and go on when there is one again', async () => {
  const { pacer, run } = begin();
  pacer.setRate(0);
  const asker = new TestAsker(10);
  pacer.wait(asker);
  await run(100);
  assert.equal(asker.asked, 0);
  pacer.setRate(100 * BLOCK);
  await run(200);
  assert.equal(asker.asked, 10);
});

test('who has left is not asked', async () => {
  const { pacer, run } = begin();
  pacer.setRate(100 * BLOCK);
  const asker = new TestAsker(100);
  pacer.wait(asker);
  const { asked } = asker;
  pacer.leave(asker);
  await run(200);
  assert.equal(asker.asked, asked);
});

test('a clock that is set back holds nobody up', async () => {
  const { pacer, clock, run } = begin();
  pacer.setRate(100 * BLOCK);
  pacer.wait(new TestAsker(3));
  await run(100);
  clock.advance(-3_600_000);
  const asker = new TestAsker(1_000);
  pacer.wait(asker);
  await run(3_000);
  assert.ok(asker.asked > 90, `${asker.asked}`);
});
