import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LIMITS, passingWarnings } from './passing-warnings.ts';

const counted = (seen: number, o: { pppoe?: number; qinq?: number; otherVlan?: number }) => {
  const of = (bytes = 0) => ({ packets: Math.ceil(bytes / 1000), bytes });
  return { seen: of(seen), pppoe: of(o.pppoe), qinq: of(o.qinq), otherVlan: of(o.otherVlan) };
};
const ENOUGH = LIMITS.seenBytes;

test('traffic that the box cannot serve is told of when it is more than a little', () => {
  assert.deepEqual(passingWarnings(undefined), []);
  assert.deepEqual(passingWarnings(counted(ENOUGH, {})), []);
  assert.deepEqual(passingWarnings(counted(ENOUGH, { pppoe: ENOUGH * LIMITS.share - 1 })), []);
  assert.deepEqual(passingWarnings(counted(ENOUGH, { pppoe: 0.9 * ENOUGH, otherVlan: 0.1 * ENOUGH })), [
    { code: 'pppoe-passes', severity: 'warn', detail: { percent: 90 } },
    { code: 'vlan-passes', severity: 'warn', detail: { percent: 10 } },
  ]);
  assert.equal(passingWarnings(counted(ENOUGH, { qinq: ENOUGH }))[0]?.code, 'qinq-passes');
});

test('a share of next to nothing means nothing', () => {
  assert.deepEqual(passingWarnings(counted(ENOUGH - 1, { qinq: ENOUGH - 1 })), []);
});
