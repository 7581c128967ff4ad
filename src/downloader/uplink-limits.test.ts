import assert from 'node:assert/strict';
import { test } from 'node:test';
import { limitBytesPerS, type UplinkLimits } from './uplink-limits.ts';

const none: UplinkLimits = { hours: [], yield: true, wasteShare: 0.1 };
const at = (hours: number, minutes = 0): Date => new Date(2026, 10, 29, hours, minutes);

test('without a limit there is none', () => {
  assert.equal(limitBytesPerS(none, at(12)), Number.POSITIVE_INFINITY);
});

test('the first hours that hold have their rate, all others the general one', () => {
  const limits = {
    ...none,
    mbps: 80,
    hours: [
      { from: '08:00', to: '18:30', mbps: 8 },
      { from: '18:00', to: '24:00', mbps: 16 },
    ],
  };
  const megabytes = (d: Date): number => limitBytesPerS(limits, d) / 1e6;
  assert.deepEqual([at(7, 59), at(8), at(18, 29), at(18, 30), at(23, 59), at(0)].map(megabytes), [10, 1, 1, 2, 2, 10]);
});

test('hours may go past midnight', () => {
  const limits = { ...none, hours: [{ from: '22:00', to: '06:00', mbps: 8 }] };
  const isLimited = (d: Date): boolean => limitBytesPerS(limits, d) === 1e6;
  assert.deepEqual([at(21, 59), at(22), at(3), at(6)].map(isLimited), [false, true, true, false]);
});
