import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromSamples, fromSeries } from './rate-data.ts';

const NOW = 1_000_000_000;

test('the last five minutes are shown, with holes where the page heard nothing', () => {
  const data = fromSamples(
    [
      [NOW - 400_000, 9, 9],
      [NOW - 20_000, 1, 2],
      [NOW - 1000, 3, 4],
    ],
    NOW,
  );
  assert.deepEqual(data.atMs, [NOW - 20_000, NOW - 19_999, NOW - 1000]);
  assert.deepEqual(data.lan, [2, null, 4]);
  assert.deepEqual(data.wan, [1, null, 3]);
  assert.equal(data.untilMs - data.fromMs, 300_000);
});

test('what the box kept ends with what is now; a step that is not over yet is left to it', () => {
  const none = [null, null, null];
  const series = {
    stepMs: 100,
    atMs: [NOW - 250, NOW - 150, NOW - 50],
    wanRx: [1, null, 3],
    lanTx: [4, null, 6],
    wanTx: none,
    lanRx: none,
    served: none,
    fresh: none,
    filled: none,
    passed: none,
    clients: none,
  };
  const data = fromSeries(series, { atMs: NOW, wan: 7, lan: 8 });
  assert.deepEqual(data.atMs, [NOW - 200, NOW - 100, NOW]);
  assert.deepEqual(data.wan, [1, null, 7]);
  assert.deepEqual(data.lan, [4, null, 8]);
  const empty = fromSeries({ ...series, atMs: [], wanRx: [], lanTx: [] }, { atMs: NOW, wan: 7, lan: 8 });
  assert.deepEqual(empty.atMs, [NOW]);
  assert.ok(empty.fromMs < empty.untilMs);
});
