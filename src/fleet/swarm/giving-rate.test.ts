import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BLOCK_BYTES } from '#base/units.ts';
import { GivingRate } from './giving-rate.ts';

test('without a limit anything may be given, and a limit may come and go', () => {
  const rate = new GivingRate();
  assert.equal(rate.allowance(0), Number.POSITIVE_INFINITY);
  rate.gave(1e9);
  rate.limit(1e6, 1_000);
  assert.equal(rate.allowance(1_000), 0);
  assert.equal(rate.allowance(1_100), 100_000);
  rate.limit(undefined, 1_100);
  assert.equal(rate.allowance(1_100), Number.POSITIVE_INFINITY);
});

test('whoever asks and however often, no more is given than the rate, a burst and one run', () => {
  const ask = fc.record({ afterMs: fc.nat(500), runs: fc.nat(4) });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1e7 }), fc.array(ask, { maxLength: 60 }), (bytesPerS, asks) => {
      const rate = new GivingRate();
      rate.limit(bytesPerS, 0);
      let [nowMs, gave] = [0, 0];
      for (const { afterMs, runs } of asks) {
        nowMs += afterMs;
        for (let i = 0; i < runs; i++) {
          const most = rate.allowance(nowMs);
          if (most === 0) continue;
          // As Giving does it: whole blocks, until no more is left.
          const run = Math.ceil(most / BLOCK_BYTES) * BLOCK_BYTES;
          rate.gave(run);
          gave += run;
          assert.ok(gave <= (bytesPerS * nowMs) / 1_000 + BLOCK_BYTES, `${gave} in ${nowMs} ms`);
        }
      }
    }),
  );
});

test('what may be given is given: the rate is reached', () => {
  const rate = new GivingRate();
  rate.limit(200_000, 0);
  let gave = 0;
  for (let nowMs = 0; nowMs <= 10_000; nowMs += 50) {
    for (let most = rate.allowance(nowMs); most > 0; most = rate.allowance(nowMs)) {
      rate.gave(BLOCK_BYTES);
      gave += BLOCK_BYTES;
    }
  }
  assert.ok(gave >= 0.98 * 2_000_000, `${gave}`);
});
