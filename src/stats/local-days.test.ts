import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { HOUR_MS, MINUTE_MS, TestBox } from './fixtures.ts';
import { cut, GRIDS, midnight, monthStart } from './grid.ts';

const ZONE = process.env.TZ;
afterEach(() => {
  if (ZONE === undefined) delete process.env.TZ;
  else process.env.TZ = ZONE;
});
const inZone = (zone: string): void => {
  process.env.TZ = zone;
};

test('a day of 23 or 25 hours is one day, and its hours are all there', () => {
  inZone('Europe/Berlin');
  for (const [date, hours] of [
    ['2026-03-29', 23],
    ['2026-10-25', 25],
  ] as const) {
    const start = new Date(`${date}T00:00`).getTime();
    const box = new TestBox(start);
    for (let i = 0; i < hours * 12; i++) box.pass(5 * MINUTE_MS, { served: 1_000 });
    box.stats.write();
    assert.equal(midnight(box.nowMs) - start, hours * HOUR_MS);
    // A moment before midnight, it was all today.
    box.nowMs--;
    assert.equal(box.stats.worth().today.servedBytes, hours * 12_000);
    const year = box.stats.series('year');
    assert.deepEqual([year.served.at(-1), year.served.at(-2)], [3, null]);
    assert.equal(new Set(year.atMs).size, 366);
    box.nowMs++;
    assert.equal(box.stats.worth().today.servedBytes, 0);
    assert.equal(box.stats.worth().month.servedBytes, hours * 12_000);
  }
});

test('zones of a quarter of an hour have their own midnight', () => {
  inZone('Asia/Kathmandu');
  const start = new Date('2026-06-01T00:00').getTime();
  const box = new TestBox(start - HOUR_MS);
  box.pass(HOUR_MS, { served: 1 });
  box.pass(HOUR_MS, { served: 20 });
  const { today, month } = box.stats.worth();
  assert.deepEqual([today.servedBytes, month.servedBytes], [20, 20]);
});

test('a time zone that is changed moves midnight, and loses nothing', () => {
  inZone('UTC');
  const box = new TestBox(Date.UTC(2026, 5, 15, 15, 30));
  box.pass(HOUR_MS, { served: 600 });
  box.stats.write();
  assert.equal(box.stats.worth().today.servedBytes, 600);
  // In Shanghai midnight was at 16:00 UTC.
  inZone('Asia/Shanghai');
  assert.equal(box.stats.worth().today.servedBytes, 300);
  box.pass(HOUR_MS, { served: 60 });
  assert.equal(box.stats.worth().today.servedBytes, 360);
  const days = box.index.traffic.between('day', 0, 1e12);
  box.stats.write();
  assert.ok(days.length >= 1);
  assert.equal(
    box.index.traffic.between('day', 0, 1e12).reduce((sum, row) => sum + row.served, 0),
    660,
  );
});

test('where midnight is skipped the day begins after it', () => {
  inZone('America/Sao_Paulo');
  const noon = new Date('2018-11-04T12:00').getTime();
  const start = midnight(noon);
  assert.equal(new Date(start).getDate(), 4);
  assert.equal(GRIDS.day.startOf(start), start);
  assert.equal(GRIDS.day.startOf(start - 1) < start, true);
  assert.equal(new Date(monthStart(noon)).getDate(), 1);
  const parts = cut(GRIDS.day, start - HOUR_MS, start + HOUR_MS);
  assert.deepEqual(
    parts.map(({ share }) => share),
    [0.5, 0.5],
  );
});
