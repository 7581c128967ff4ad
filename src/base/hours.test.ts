import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isWithin, minutesOf } from './hours.ts';

const at = (hours: number, minutes = 0): Date => new Date(2026, 10, 29, hours, minutes);

test('a time is two digits each, up to midnight', () => {
  assert.deepEqual(['00:00', '07:05', '24:00'].map(minutesOf), [0, 425, 1440]);
  for (const wrong of ['7:05', '24:01', '12:60', '', 'noon']) assert.equal(minutesOf(wrong), undefined, wrong);
});

test('hours begin with their first minute and end before their last', () => {
  const night = { from: '02:00', to: '07:00' };
  assert.deepEqual(
    [at(1, 59), at(2), at(6, 59), at(7)].map((d) => isWithin(night, d)),
    [false, true, true, false],
  );
});

test('hours may go past midnight, and be the whole day', () => {
  const late = { from: '22:00', to: '06:00' };
  assert.deepEqual(
    [at(21, 59), at(22), at(3), at(6)].map((d) => isWithin(late, d)),
    [false, true, true, false],
  );
  for (const hour of [0, 12, 23]) assert.equal(isWithin({ from: '00:00', to: '24:00' }, at(hour, 59)), true);
});
