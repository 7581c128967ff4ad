import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UplinkAccount } from './uplink-account.ts';

const GB = 1e9;
const day = (of: number, hour = 12): Date => new Date(2026, 10, of, hour);

test('a day ends at midnight, and a restart forgets nothing of it', () => {
  const account = new UplinkAccount(undefined, day(1));
  account.fetched(3 * GB, day(1));
  const again = new UplinkAccount(account.text, day(1, 23));
  again.fetched(GB, day(1, 23));
  assert.equal(again.dayBytes(day(1, 23)), 4 * GB);
  assert.equal(again.dayBytes(day(2, 0)), 0);
  assert.equal(new UplinkAccount(account.text, day(2)).dayBytes(day(2)), 0);
});

test('what no client takes is waste above its share; what is taken later is none', () => {
  const account = new UplinkAccount(undefined, day(1));
  account.fetched(99 * GB, day(1));
  account.untaken(10 * GB);
  assert.equal(account.wastes(0.1), false);
  account.untaken(0.1 * GB);
  assert.equal(account.wastes(0.1), true);
  account.untaken(-5 * GB);
  assert.equal(account.wastes(0.1), false);
  assert.equal(new UplinkAccount(account.text, day(1)).wastes(0.04), true);
});

test('a box that is new may try, unless nothing at all may be wasted', () => {
  const account = new UplinkAccount(undefined, day(1));
  assert.equal(account.wastes(0), false);
  account.untaken(1 << 20);
  assert.equal(account.wastes(0.1), false);
  assert.equal(account.wastes(0), true);
});

test('books that cannot be read begin anew', () => {
  for (const text of [
    '',
    '{',
    'null',
    '7',
    '{"day":1}',
    '{"day":"2026-11-1","dayBytes":-1,"recentBytes":0,"untakenBytes":0}',
  ])
    assert.equal(new UplinkAccount(text, day(1)).dayBytes(day(1)), 0, text);
});

test('what the operator has pre-filled is of the day, and neither waste nor a reason to waste more', () => {
  const account = new UplinkAccount(undefined, day(1));
  account.fetched(100 * GB, day(1));
  account.prefilled(100 * GB, day(1));
  assert.deepEqual([account.dayBytes(day(1)), account.dayPrefillBytes(day(1))], [100 * GB, 100 * GB]);
  account.untaken(0.2 * GB);
  assert.equal(account.wastes(0.1), true);
  const again = new UplinkAccount(account.text, day(1));
  assert.equal(again.dayPrefillBytes(day(1)), 100 * GB);
  assert.equal(again.dayPrefillBytes(day(2)), 0);
});

test('books from before there was pre-filling are read', () => {
  const before = '{"day":"2026-11-1","dayBytes":5,"recentBytes":5,"untakenBytes":0}';
  const account = new UplinkAccount(before, day(1));
  assert.deepEqual([account.dayBytes(day(1)), account.dayPrefillBytes(day(1))], [5, 0]);
});
