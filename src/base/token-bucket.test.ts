import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { TokenBucket } from './token-bucket.ts';

test('a bucket starts full, refuses what is not there, and tells when it will be', () => {
  const bucket = new TokenBucket(1_000, 500, 0);
  assert.equal(bucket.take(500, 0), true);
  bucket.settle(500, 0);
  assert.equal(bucket.take(100, 0), false);
  assert.equal(bucket.msUntil(100, 0), 100);
  assert.equal(bucket.take(100, 99), false);
  assert.equal(bucket.take(100, 100), true);
  assert.equal(bucket.msUntil(1, 50), 1, 'a clock set back fills nothing, and nobody waits for no time at all');
  assert.throws(() => bucket.take(501, 1_000), /bug/);
});

test('what is held takes up room; what is given back can be taken again', () => {
  const bucket = new TokenBucket(1_000, 500, 0);
  assert.ok(bucket.take(400, 0));
  assert.equal(bucket.take(101, 60_000), false, 'nothing fills in the place of what is held');
  bucket.giveBack(400);
  assert.ok(bucket.take(500, 60_000));
  bucket.settle(500, 60_000);
  assert.equal(bucket.take(1, 60_000), false);
});

type Step = { readonly afterMs: number; readonly what: 'take' | 'settle' | 'giveBack'; readonly bytes: number };
const step: fc.Arbitrary<Step> = fc.record({
  afterMs: fc.constantFrom(0, 0, 0, 7, 400),
  what: fc.constantFrom('take', 'take', 'settle', 'giveBack'),
  bytes: fc.constantFrom(1, 400, 1_000, 2_000),
});

test('in no window does more go than rate x time + burst, however long it is held', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 50_000 }),
      fc.array(step, { maxLength: 60, size: 'max' }),
      (bytesPerS, steps) => {
        const burst = 2_000;
        const bucket = new TokenBucket(bytesPerS, burst, 0);
        const held: number[] = [];
        const gone: { atMs: number; bytes: number }[] = [];
        let nowMs = 0;
        for (const { afterMs, what, bytes } of steps) {
          nowMs += afterMs;
          if (what === 'take') {
            if (bucket.take(bytes, nowMs)) held.push(bytes);
            continue;
          }
          const taken = held.shift();
          if (taken === undefined) continue;
          if (what === 'giveBack') bucket.giveBack(taken);
          else {
            bucket.settle(taken, nowMs);
            gone.push({ atMs: nowMs, bytes: taken });
          }
        }
        for (const [from, first] of gone.entries()) {
          let sum = 0;
          for (const { atMs, bytes } of gone.slice(from)) {
            sum += bytes;
            assert.ok(sum <= (bytesPerS * (atMs - first.atMs)) / 1000 + burst + 1e-6);
          }
        }
      },
    ),
  );
});

test('whoever waits as long as it is told gets its bytes', () => {
  const bytes = fc.integer({ min: 1, max: 2_000 });
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 50_000 }),
      fc.array(bytes, { maxLength: 40, size: 'max' }),
      (bytesPerS, wishes) => {
        const bucket = new TokenBucket(bytesPerS, 2_000, 0);
        let nowMs = 0;
        for (const wish of wishes) {
          // Rounding may cost one wait more, never a third.
          for (let waits = 0; !bucket.take(wish, nowMs); waits++) {
            assert.ok(waits < 2);
            nowMs += bucket.msUntil(wish, nowMs);
          }
          bucket.settle(wish, nowMs);
        }
      },
    ),
  );
});
