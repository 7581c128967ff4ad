import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Guest } from '#task/task.ts';
import { LIMITS } from './limits.ts';
import { coldest } from './shedding.ts';

const NOW_MS = 1_000_000;
const guest = (agoMs: number): Guest => ({ tookAtMs: NOW_MS - agoMs, letGo: () => {}, pieces: () => undefined });
const isServed = ({ tookAtMs }: Guest): boolean => NOW_MS - tookAtMs < LIMITS.servedWithinMs;

test('whoever has taken nothing for longest goes first, of whatever torrent', () => {
  const [cold, colder, coldestOfAll] = [guest(20_000), guest(30_000), guest(40_000)];
  const parties = [
    [guest(0), colder],
    [cold, guest(1_000), coldestOfAll],
  ];
  assert.deepEqual(coldest(parties, 2, NOW_MS), [coldestOfAll, colder]);
  assert.deepEqual(coldest(parties, 3, NOW_MS), [coldestOfAll, colder, cold]);
});

test('of those who are being served, the clients of the torrents with fewest go first', () => {
  const [alone, first, second] = [guest(0), guest(200), guest(100)];
  assert.deepEqual(coldest([[second, first], [alone]], 2, NOW_MS), [alone, first]);
});

test('nobody who is being served goes while there is one who is not', () => {
  const party = fc.array(fc.integer({ min: 0, max: 3 * LIMITS.servedWithinMs }).map(guest), { maxLength: 8 });
  fc.assert(
    fc.property(fc.array(party, { maxLength: 8 }), fc.nat(40), (parties, count) => {
      const all = parties.flat();
      const gone = coldest(parties, count, NOW_MS);
      assert.equal(gone.length, Math.min(count, all.length));
      assert.equal(new Set(gone).size, gone.length);
      const stays = all.filter((one) => !gone.includes(one));
      if (gone.some(isServed)) assert.ok(stays.every(isServed));
      const cold = gone.filter((one) => !isServed(one));
      for (const one of stays.filter((other) => !isServed(other)))
        assert.ok(cold.every(({ tookAtMs }) => tookAtMs <= one.tookAtMs));
    }),
  );
});
