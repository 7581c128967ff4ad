import assert from 'node:assert/strict';
import { test } from 'node:test';
import { median, servingOf, table } from './figures.ts';

const turn = (box: number, peer: number) => ({
  box: { MBps: box, cpuSPerGiB: 0.25 },
  peer: { MBps: peer, cpuSPerGiB: 1 },
});

test('the median of odd and even counts, whatever their order', () => {
  assert.equal(median([9, 1, 5]), 5);
  assert.equal(median([10, 1, 3, 2]), 2.5);
  assert.ok(Number.isNaN(median([])));
});

test('the ratio is the median of the rounds, not the ratio of the medians', () => {
  const row = servingOf({ conns: 8, depth: 64 }, 'a peer', [turn(100, 50), turn(900, 300), turn(400, 100)]);
  assert.equal(row.ratio, 3);
  assert.equal(row.boxMBps, 400);
  assert.equal(row.peerMBps, 100);
});

test('every column of the table is as wide as its widest cell', () => {
  const row = servingOf({ conns: 1, depth: 1 }, 'a peer', [turn(1, 1)]);
  const widths = new Set(
    table([row, row])
      .split('\n')
      .map((line) => line.length),
  );
  assert.equal(widths.size, 1);
});
