import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  bytes,
  clockTime,
  duration,
  grouped,
  joined,
  megabits,
  percent,
  plain,
  portSpeed,
  rate,
  roundRate,
} from './format.ts';

const flat = (text: string) => text.replaceAll('\u00A0', ' ');
const size = (n: number) => flat(joined(bytes(n)));

test('sizes carry three figures and never read 1000', () => {
  assert.deepEqual([0, 1, 999, 1000, 9_994, 99_960, 999_499, 999_500, 1.691e12].map(size), [
    '0 B',
    '1 B',
    '999 B',
    '1.00 kB',
    '9.99 kB',
    '100 kB',
    '999 kB',
    '1.00 MB',
    '1.69 TB',
  ]);
  assert.equal(size(Number.NaN), '0 B');
  assert.equal(size(-5), '0 B');
  fc.assert(
    fc.property(fc.double({ min: 0, max: 9e17, noNaN: true }), (n) => {
      const value = Number(bytes(n).value);
      return value >= 0 && value < 1000;
    }),
  );
});

test('rates start at kB/s and are also said in Mbit/s', () => {
  assert.equal(flat(joined(rate(40))), '0 kB/s');
  assert.equal(flat(joined(rate(14_000_000))), '14.0 MB/s');
  assert.equal(flat(megabits(1_250_000)), '10.0 Mbit/s');
  assert.deepEqual(
    [100_000, 2_500_000, 40e6, 1e9].map((n) => flat(roundRate(n))),
    ['100 kB/s', '2.5 MB/s', '40 MB/s', '1 GB/s'],
  );
  assert.deepEqual(
    [100, 1000, 2500].map((n) => flat(portSpeed(n))),
    ['100 Mbit/s', '1 Gbit/s', '2.5 Gbit/s'],
  );
});

test('only the whole is 100 % and only nothing is 0 %', () => {
  assert.deepEqual(
    [0, 0.001, 0.5, 0.9999, 1, Number.NaN].map((n) => flat(percent(n))),
    ['0 %', '1 %', '50 %', '99 %', '100 %', '0 %'],
  );
});

test('a duration says its two largest parts', () => {
  const names = { d: 'd', h: 'h', min: 'm', s: 's' };
  assert.deepEqual(
    [0, 5000, 65_000, 3_600_000, 273_600_000, -1].map((ms) => flat(duration(ms, names))),
    ['0s', '5s', '1m 5s', '1h', '3d 4h', '0s'],
  );
});

test('thousands are grouped as both languages of the page do', () => {
  assert.deepEqual(
    [0, 999, 1000, 1_234_567, -4321].map((n) => grouped(n, 0)),
    ['0', '999', '1,000', '1,234,567', '-4,321'],
  );
  assert.equal(grouped(12_345.678, 1), '12,345.7');
  fc.assert(
    fc.property(fc.integer({ min: -1e12, max: 1e12 }), (n) => {
      assert.equal(grouped(n, 0), n.toLocaleString('en'));
      assert.equal(grouped(n, 0), n.toLocaleString('zh-CN'));
    }),
  );
});

test('nothing is lost of a figure that a person entered', () => {
  assert.deepEqual([0.1, 12.5, 7, 1234.5, 0.0625, 100_000, -1.5].map(plain), [
    '0.1',
    '12.5',
    '7',
    '1,234.5',
    '0.063',
    '100,000',
    '-1.5',
  ]);
});

test('the clock has two figures for each part, at midnight too', () => {
  assert.equal(clockTime(new Date(2026, 0, 2, 0, 5, 9).getTime()), '00:05:09');
  assert.equal(clockTime(new Date(2026, 0, 2, 23, 59, 59).getTime()), '23:59:59');
});
