import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { bestHits } from './best.ts';
import { requestsFor } from './fixtures.ts';
import { lru } from './lru.ts';
import { replayDisk } from './replay.ts';

const lruHits = (segments: readonly number[], capacity: number): number => {
  const demand = requestsFor(segments);
  return replayDisk(demand, lru(demand.itemCount, capacity)).hits;
};
const best = (segments: readonly number[], capacity: number): number => bestHits(requestsFor(segments), capacity);

/** Tries every choice that a disk has. */
function mostHits(requests: readonly number[], capacity: number, kept: ReadonlySet<number> = new Set()): number {
  const [item, ...rest] = requests;
  if (item === undefined) return 0;
  if (kept.has(item)) return 1 + mostHits(rest, capacity, kept);
  let most = mostHits(rest, capacity, kept);
  if (capacity === 0) return most;
  if (kept.size < capacity) return Math.max(most, mostHits(rest, capacity, new Set([...kept, item])));
  for (const out of kept) {
    const next = new Set(kept);
    next.delete(out);
    most = Math.max(most, mostHits(rest, capacity, next.add(item)));
  }
  return most;
}

/** As one would write it down: what is asked for again last goes. */
function farthestHits(requests: readonly number[], capacity: number): number {
  const next: number[] = [];
  const later = new Map<number, number>();
  for (let i = requests.length - 1; i >= 0; i--) {
    const item = requests[i] as number;
    next[i] = later.get(item) ?? requests.length;
    later.set(item, i);
  }
  let hits = 0;
  const kept = new Map<number, number>();
  for (const [i, item] of requests.entries()) {
    if (kept.has(item)) hits++;
    kept.set(item, next[i] as number);
    if (kept.size > capacity) kept.delete([...kept].reduce((a, b) => (b[1] > a[1] ? b : a))[0]);
  }
  return hits;
}

/** The list as one would write it down. */
function listHits(requests: readonly number[], capacity: number): number {
  let hits = 0;
  let list: number[] = [];
  for (const item of requests) {
    if (list.includes(item)) hits++;
    list = [item, ...list.filter((other) => other !== item)].slice(0, capacity);
  }
  return hits;
}

test('by hand: what was used longest ago goes, and what would have been best', () => {
  // With two places: 0 1 | 2 pushes 0 out | 0 pushes 1 out | 1 pushes 2 out | 0 is there | 1 is there.
  assert.equal(lruHits([0, 1, 2, 0, 1, 0, 1], 2), 2);
  // The best lets 2 pass.
  assert.equal(best([0, 1, 2, 0, 1, 0, 1], 2), 4);
  // A loop of one more than there is room for: nothing, and all but one of three.
  assert.equal(lruHits([0, 1, 2, 0, 1, 2, 0, 1, 2], 2), 0);
  assert.equal(best([0, 1, 2, 0, 1, 2, 0, 1, 2], 2), 4);
  assert.equal(best([], 2), 0);
});

const anyRequests = fc.array(fc.nat(4), { maxLength: 8 });

test('the best is what trying everything finds', () => {
  fc.assert(
    fc.property(anyRequests, fc.nat(3), (requests, capacity) => {
      assert.equal(best(requests, capacity), mostHits(requests, capacity));
    }),
    { numRuns: 300 },
  );
});

test('the best of many is what looking ahead each time finds', () => {
  // Some are asked for more often than others.
  const anyMany = fc.array(
    fc.nat(999).map((n) => Math.floor(n ** 2 / 1_000)),
    { minLength: 10_000, maxLength: 10_000 },
  );
  fc.assert(
    fc.property(anyMany, fc.integer({ min: 100, max: 300 }), (requests, capacity) => {
      assert.equal(bestHits(requestsFor(requests, 1_000), capacity), farthestHits(requests, capacity));
    }),
    { numRuns: 5, endOnFailure: true },
  );
});

test('LRU is the list as one would write it down, and never better than the best', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(7), { maxLength: 60 }), fc.nat(8), (requests, capacity) => {
      assert.equal(lruHits(requests, capacity), listHits(requests, capacity));
      assert.ok(lruHits(requests, capacity) <= best(requests, capacity));
    }),
  );
});

test('a larger disk never makes the best worse, and one for everything answers all but the first request for each', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(7), { maxLength: 60 }), (requests) => {
      const hits = [0, 1, 2, 4, 8].map((capacity) => best(requests, capacity));
      assert.deepEqual(
        hits,
        hits.toSorted((a, b) => a - b),
      );
      assert.equal(hits.at(-1), requests.length - requestsFor(requests).distinct);
      assert.equal(hits.at(-1), lruHits(requests, 8));
    }),
  );
});
