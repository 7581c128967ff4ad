import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { NODE_LIMITS } from './limits.ts';
import { SeedParts } from './seed-parts.ts';

test('in whatever order its parts come, overlapping and twice, the seed is whole when all of it is there', () => {
  const parts = fc.array(fc.tuple(fc.nat(60), fc.nat(30)), { maxLength: 12 });
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 50 }), parts, (seed, cuts) => {
      const made = new SeedParts(seed.length);
      const there = new Uint8Array(seed.length);
      for (const [at, length] of [...cuts, [0, seed.length] as const]) {
        const whole = made.put(at, seed.subarray(at, at + length));
        if (at < seed.length) there.fill(1, at, at + length);
        assert.equal(whole !== undefined, there.every(Boolean));
        if (whole) assert.deepEqual(new Uint8Array(whole), seed);
      }
    }),
  );
});

test('what lies beyond the seed is left out, and so are more parts than anybody sends', () => {
  const made = new SeedParts(3);
  assert.equal(made.put(0, Buffer.from('abcd')), undefined);
  assert.equal(made.put(2 ** 40, Buffer.from('a')), undefined);
  assert.equal(made.put(0, Buffer.from('abc'))?.toString(), 'abc');
  const many = new SeedParts(NODE_LIMITS.seedParts + 1);
  for (let at = 0; at <= NODE_LIMITS.seedParts; at++) assert.equal(many.put(at, Buffer.from('a')), undefined);
});
