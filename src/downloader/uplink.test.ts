import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { type TestContext, test } from 'node:test';
import { Scope } from '#base/scope.ts';
import { TestClock } from './fixtures.ts';
import { YIELD } from './line-yield.ts';
import { Uplink } from './uplink.ts';
import type { UplinkLimits } from './uplink-limits.ts';

const BLOCK = 16_384;
const CLIENT = { isAhead: false };
const AHEAD = { isAhead: true };

function begin(t: TestContext, limits: Partial<UplinkLimits>, queueMs = () => 0) {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const clock = new TestClock();
  const scope = new Scope((error) => assert.fail(String(error)));
  let kept: string | undefined;
  const world = {
    clock,
    roundTrip: () => ({ rttMs: 10 + queueMs(), leastMs: 10 }),
    lineBytes: () => undefined,
    kept: () => kept,
    keep: (text: string) => {
      kept = text;
    },
  };
  const make = () => new Uplink({ hours: [], yield: true, wasteShare: 0.1, ...limits }, world, scope);
  t.after(() => scope.close());
  const stream = new PassThrough();
  /** Blocks at a hundred a second, each after its time. */
  const fetch = (uplink: Uplink, seconds: number, { isAhead } = CLIENT): void => {
    for (let i = 0; i < seconds * 100; i++) {
      clock.advance(10);
      uplink.block(stream, BLOCK, 20 + queueMs(), isAhead);
      if ((i * 10) % YIELD.lookMs === 0) t.mock.timers.tick(YIELD.lookMs);
    }
  };
  return { make, fetch, scope, kept: () => kept };
}

test('on a line without a queue nothing is paced', (t) => {
  const { make, fetch } = begin(t, {});
  const uplink = make();
  fetch(uplink, 10);
  assert.equal(uplink.isFreeFor(CLIENT), true);
  assert.equal(uplink.view().why, 'free');
});

/** An uplink that has fetched for ten seconds while a queue of 80 ms stood. */
function crowded(t: Parameters<typeof begin>[0], limits: Parameters<typeof begin>[1]) {
  let queueMs = 0;
  const { make, fetch } = begin(t, limits, () => queueMs);
  const uplink = make();
  fetch(uplink, 2);
  queueMs = 80;
  fetch(uplink, 10);
  return uplink;
}

test('when a queue stands the box makes way', (t) => {
  const uplink = crowded(t, {});
  const { why, allowedBytesPerS } = uplink.view();
  assert.equal(why, 'makes-way');
  assert.ok((allowedBytesPerS ?? Number.POSITIVE_INFINITY) < 0.1 * 100 * BLOCK, `${allowedBytesPerS}`);
});

test('told not to make way, it does not', (t) => {
  const uplink = crowded(t, { yield: false });
  assert.equal(uplink.isFreeFor(CLIENT), true);
});

test('the day used up: nothing more is asked for, also after a restart', async (t) => {
  const { make, fetch, scope, kept } = begin(t, { dayGB: 0.001 });
  const uplink = make();
  assert.equal(uplink.isSpent, false);
  fetch(uplink, 1);
  assert.equal(uplink.isSpent, true);
  assert.deepEqual([uplink.view().why, uplink.view().allowedBytesPerS], ['day-used-up', 0]);
  await scope.close();
  assert.match(kept() ?? '', /"dayBytes":1638400/);
  assert.equal(make().isSpent, true);
});

test('other limits count at once, and so does what the day has brought so far', (t) => {
  const { make, fetch } = begin(t, {});
  const uplink = make();
  fetch(uplink, 1);
  const limits = { hours: [], yield: true, wasteShare: 0.1 };
  uplink.setLimits({ ...limits, mbps: 8 });
  assert.deepEqual([uplink.isFreeFor(CLIENT), uplink.view().allowedBytesPerS], [false, 1e6]);
  uplink.setLimits({ ...limits, dayGB: 0.001 });
  assert.equal(uplink.isSpent, true);
  uplink.setLimits(limits);
  assert.deepEqual([uplink.isSpent, uplink.isFreeFor(CLIENT)], [false, true]);
});

test('told to make way no more, the box stops making way at once', (t) => {
  const uplink = crowded(t, {});
  assert.equal(uplink.isFreeFor(CLIENT), false);
  uplink.setLimits({ hours: [], yield: false, wasteShare: 0.1 });
  assert.equal(uplink.isFreeFor(CLIENT), true);
});

test('pre-filling has a share of the day, and clients have the rest', (t) => {
  const { make, fetch } = begin(t, { dayGB: 0.01 });
  const uplink = make();
  fetch(uplink, 3);
  uplink.prefilled(4_900_000);
  assert.equal(uplink.isSpentFor(0.5), false);
  uplink.prefilled(200_000);
  assert.deepEqual([uplink.isSpentFor(0.5), uplink.isSpent], [true, false]);
});

test('while clients fetch, who is ahead of them waits for what they leave; afterwards for nothing', (t) => {
  const { make, fetch } = begin(t, { yield: false });
  const uplink = make();
  assert.equal(uplink.isFreeFor(AHEAD), true);
  fetch(uplink, 2);
  assert.deepEqual([uplink.isFreeFor(CLIENT), uplink.isFreeFor(AHEAD)], [true, false]);
  fetch(uplink, 5, AHEAD);
  assert.equal(uplink.isFreeFor(AHEAD), true);
});
