import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { GridName } from '#index/traffic-rows.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS, reading, SECOND_MS, TestBox } from './fixtures.ts';
import { FIELDS, nothing, split, sumOf } from './moved.ts';

const NOON = Date.UTC(2026, 5, 15, 12);
const GRIDS: readonly GridName[] = ['5m', '15m', 'day'];

const storedSum = (box: TestBox, grid: GridName) => sumOf(box.index.traffic.between(grid, -1e12, 1e12));

const step = fc.record({
  ms: fc.integer({ min: 0, max: 20 * MINUTE_MS }),
  clockMs: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, fc.integer({ min: -3 * DAY_MS, max: 3 * DAY_MS })),
  served: fc.nat(1_000_000_007),
  fresh: fc.nat(1_000),
  filled: fc.nat(999_983),
  passed: fc.nat(77),
  lanTx: fc.nat(2_000_000_011),
  wanRx: fc.nat(1_000_003),
  write: fc.boolean(),
  restart: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
});

test('whatever the clock does, and however often it starts anew: the steps add up to the counters, and none is below zero', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      let box = new TestBox(NOON);
      const sum = nothing();
      for (const { ms, clockMs, write, restart, ...moved } of steps) {
        box.nowMs += clockMs;
        box.pass(ms, moved);
        for (const [name, bytes] of Object.entries(moved)) sum[name as keyof typeof moved] += bytes;
        sum.coveredMs += ms;
        if (write) box.stats.write();
        if (!restart) continue;
        box.stats.write();
        box = box.restart();
      }
      box.stats.write();
      for (const grid of GRIDS) {
        const stored = storedSum(box, grid);
        for (const name of ['served', 'fresh', 'filled', 'passed', 'lanTx', 'wanRx', 'coveredMs'] as const)
          assert.equal(stored[name], sum[name], `${name} of ${grid}`);
        for (const row of box.index.traffic.between(grid, -1e12, 1e12))
          for (const field of FIELDS) assert.ok(row[field] >= 0, `${field} is ${row[field]}`);
      }
      box.index.close();
    }),
    { numRuns: 60 },
  );
});

test('a sample cut into shares is the whole again, to the byte', () => {
  fc.assert(
    fc.property(
      fc.nat(1e9),
      fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: 1, maxLength: 30 }),
      (bytes, weights) => {
        const total = weights.reduce((a, b) => a + b, 0);
        const parts = split(
          { ...nothing(), served: bytes },
          weights.map((w) => w / total),
        );
        assert.equal(sumOf(parts).served, bytes);
        assert.ok(parts.every(({ served }) => served >= 0));
      },
    ),
  );
});

test('the last minutes are told second by second, and nothing where the box did not run', () => {
  const box = new TestBox(NOON);
  for (let i = 0; i < 10; i++) box.pass(SECOND_MS, { served: 1_000, lanTx: 2_000 });
  const { atMs, served, lanTx, stepMs } = box.stats.series('minutes');
  assert.deepEqual([stepMs, atMs.length, atMs.at(-1)], [SECOND_MS, 300, NOON + 10 * SECOND_MS]);
  assert.deepEqual(served.slice(-12), [null, ...Array(10).fill(1_000), null]);
  assert.deepEqual(lanTx.slice(-3), [2_000, 2_000, null]);
  // A timer that comes late: what moved meanwhile moved in all of the seconds.
  box.pass(3 * SECOND_MS, { served: 3_000 });
  assert.deepEqual(box.stats.series('minutes').served.slice(-4), [1_000, 1_000, 1_000, null]);
});

test('a port that is made anew counts from zero, one that is away is no zero, and both say so', () => {
  const box = new TestBox(NOON);
  box.pass(SECOND_MS, { lanTx: 5_000 });
  box.now = { ...box.now, lan: { rxBytes: 0, txBytes: 0 } };
  box.pass(SECOND_MS, { lanTx: 700 });
  assert.deepEqual(box.stats.series('minutes').lanTx.slice(-3, -1), [5_000, 700]);
  box.now = { ...box.now, lan: undefined };
  box.pass(SECOND_MS, { served: 9 });
  const series = box.stats.series('minutes');
  assert.deepEqual([series.lanTx.at(-2), series.served.at(-2)], [null, 9]);
  assert.equal(box.stats.balance().isWhole, false);
});

test('day, month and year are told from the index, what is not written yet included', () => {
  const box = new TestBox(NOON);
  box.pass(10 * MINUTE_MS, { served: 600_000 });
  assert.equal(box.index.traffic.between('5m', -1e12, 1e12).length, 0);
  const before = (['day', 'month', 'year'] as const).map((span) => box.stats.series(span));
  assert.equal(box.stats.write(), true);
  assert.deepEqual(
    (['day', 'month', 'year'] as const).map((span) => box.stats.series(span)),
    before,
  );
  const [day, month, year] = before;
  assert.deepEqual(day?.served.slice(-4), [null, 1_000, 1_000, null]);
  assert.deepEqual([day?.atMs.length, month?.atMs.length, year?.atMs.length], [288, 744, 366]);
  assert.deepEqual([month?.served.at(-1), year?.served.at(-1)], [1_000, 1_000]);
  const again = box.restart();
  again.nowMs += 2 * HOUR_MS;
  again.pass(5 * MINUTE_MS, { served: 300_000 });
  assert.deepEqual(again.stats.series('month').served.slice(-3), [1_000, null, 1_000]);
});

test('rows are bounded, and a clock that was years ahead for a moment costs no history', () => {
  const box = new TestBox(NOON);
  for (let i = 0; i < 700; i++) {
    box.pass(5 * MINUTE_MS, { served: 1 });
    box.stats.write();
  }
  assert.equal(box.index.traffic.between('5m', -1e12, 1e12).length, 450);
  const before = box.stats.series('day').served;
  box.nowMs += 3_000 * DAY_MS;
  box.pass(SECOND_MS);
  box.stats.write();
  box.nowMs -= 3_000 * DAY_MS + SECOND_MS;
  assert.deepEqual(box.stats.series('day').served, before);
});

test('a disk that takes nothing loses nothing for a day and more', () => {
  const box = new TestBox(NOON);
  const waiting: number[] = [];
  const full = new TestBox(NOON);
  full.index.traffic.add = () => false;
  for (let i = 0; i < 100; i++) full.pass(5 * MINUTE_MS, { served: 10 });
  assert.equal(full.stats.write(), false);
  waiting.push(full.stats.worth().today.servedBytes);
  for (let i = 0; i < 100; i++) box.pass(5 * MINUTE_MS, { served: 10 });
  assert.deepEqual(waiting, [box.stats.worth().today.servedBytes]);
});

test('the balance adds up: from the cache, and through from the WAN, is what went out at the LAN, but for the rest', () => {
  const box = new TestBox(NOON);
  // 1000 through, 300 fetched of which 200 are given at once, 500 given that had been here, 40 of headers.
  for (let i = 0; i < 120; i++)
    box.pass(SECOND_MS, { wanRx: 1_300, filled: 300, served: 700, fresh: 200, lanTx: 1_000 + 700 + 40, passed: 5 });
  const balance = box.stats.balance();
  assert.deepEqual(balance, {
    sinceMs: NOON,
    untilMs: NOON + 120_000,
    servedBytes: 84_000,
    fromCacheBytes: 60_000,
    freshBytes: 24_000,
    filledBytes: 36_000,
    keptBytes: 12_000,
    passedBytes: 600,
    lanTxBytes: 208_800,
    wanRxBytes: 156_000,
    residualBytes: 4_800,
    residualShare: 4_800 / 208_800,
    isWhole: true,
  });
  const { fromCacheBytes, wanRxBytes, keptBytes, residualBytes, lanTxBytes } = balance;
  assert.equal(fromCacheBytes + (wanRxBytes - keptBytes) + residualBytes, lanTxBytes);
});

test('the balance is of the last hour, whatever the clock says, and a young one is not whole', () => {
  const box = new TestBox(NOON);
  box.pass(30 * SECOND_MS, { served: 1 });
  assert.equal(box.stats.balance().isWhole, false);
  for (let i = 0; i < 200; i++) {
    if (i === 150) box.nowMs -= 10 * DAY_MS;
    box.pass(MINUTE_MS, { served: 10 });
  }
  const { servedBytes, sinceMs, untilMs, isWhole } = box.stats.balance();
  assert.deepEqual([servedBytes, untilMs - sinceMs, isWhole], [600, HOUR_MS, true]);
});

test('what earlier runs did is in the total of all time', () => {
  const box = new TestBox(NOON, undefined, reading({ served: 0 }));
  box.pass(SECOND_MS, { served: 100, filled: 40, fresh: 25 });
  const { all, today, hitRateToday } = box.stats.worth();
  assert.deepEqual(all, { servedBytes: 100, filledBytes: 40, passedBytes: 0, savedBytes: 60 });
  assert.deepEqual(today, all);
  assert.equal(hitRateToday, 0.75);
  assert.equal(new TestBox(NOON).stats.worth().hitRateToday, undefined);
});
