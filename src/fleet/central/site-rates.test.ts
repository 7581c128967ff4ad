import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { SiteRates } from './site-rates.ts';

const never = new AbortController().signal;

/** Time goes on when somebody waits. */
function bench() {
  const it = { nowMs: 0 };
  const clock = {
    nowMs: () => it.nowMs,
    sleep: async (ms: number, signal: AbortSignal) => {
      signal.throwIfAborted();
      it.nowMs += ms;
    },
  };
  return { it, rates: new SiteRates(clock) };
}

test('whatever is sent at once, no more goes than the rate and a burst, and no less', async () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 4 << 20 }), { minLength: 1, maxLength: 10 });
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1_000, max: 1e8 }), sizes, async (bytesPerS, all) => {
      const { it, rates } = bench();
      let sent = 0;
      for (const bytes of all) {
        await rates.take('site east', bytesPerS, bytes, never);
        sent += bytes;
        const burst = Math.max(16_384, bytesPerS / 4);
        assert.ok(sent <= (bytesPerS * it.nowMs) / 1_000 + burst + 1, `${sent} in ${it.nowMs} ms`);
      }
      // Each wait is rounded up to a whole millisecond.
      const waits = Math.ceil(sent / Math.max(16_384, Math.floor(bytesPerS / 4))) + all.length;
      assert.ok(it.nowMs <= (sent / bytesPerS) * 1_000 + waits, `${it.nowMs} ms for ${sent}`);
    }),
    { numRuns: 50 },
  );
});

test('what has another name goes at a rate of its own, and who waits can be sent away', async () => {
  const { it, rates } = bench();
  await rates.take('site east', 1_000, 16_384, never);
  await rates.take('site west', 1_000, 16_384, never);
  assert.equal(it.nowMs, 0);
  const aborted = AbortSignal.abort();
  await assert.rejects(rates.take('site east', 1_000, 10, aborted));
});
