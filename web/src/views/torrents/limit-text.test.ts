import assert from 'node:assert/strict';
import { test } from 'node:test';
import { limitOf } from './limit-text.ts';

test('a limit is read as its hint writes it; nothing is no limit', () => {
  assert.deepEqual(['100,000', '1,000', '2.5', '2,5', ' '].map(limitOf), [
    { mbps: 100_000 },
    { mbps: 1000 },
    { mbps: 2.5 },
    { mbps: 2.5 },
    {},
  ]);
  assert.deepEqual(['0', '100,001', 'x', '-1'].map(limitOf), ['wrong', 'wrong', 'wrong', 'wrong']);
});
