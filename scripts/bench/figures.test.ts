import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type About, median, servingOf, slopeOf, table } from './figures.ts';

const loaded = (MBps: number, cpuSPerGiB: number) => ({
  MBps,
  cpuSPerGiB,
  p50ms: 1,
  p99ms: 2,
  served: 8,
  loadCores: 0.5,
});
const turn = (box: number, peer: number) => ({ box: loaded(box, 0.25), peer: loaded(peer, 1) });
const about: About = { bench: 'serve', conns: 8, depth: 64, cache: 'memory', peer: 'a peer' };

test('the median of odd and even counts, whatever their order', () => {
  assert.equal(median([9, 1, 5]), 5);
  assert.equal(median([10, 1, 3, 2]), 2.5);
  assert.ok(Number.isNaN(median([])));
});

test('the slope of points around a line is the line’s, wherever they begin', () => {
  assert.equal(slopeOf([4, 5, 6, 7].map((x) => [x, 100 + 3 * x])), 3);
  assert.equal(
    slopeOf([
      [1, 5],
      [2, 9],
      [3, 5],
    ]),
    0,
  );
});

test('the ratio is the median of the rounds, not the ratio of the medians', () => {
  const row = servingOf(about, [turn(100, 50), turn(900, 300), turn(400, 100)]);
  assert.equal(row.ratio, 3);
  assert.equal(row.boxMBps, 400);
  assert.equal(row.peerMBps, 100);
  assert.equal(row.cpuRatio, 0.25);
});

test('every column of the table is as wide as its widest cell', () => {
  const row = servingOf({ ...about, conns: 1000 }, [turn(1, 1)]);
  const lines = table([row, row]).split('\n');
  assert.equal(new Set(lines.map((line) => line.length)).size, 1);
  assert.ok(lines.at(-1)?.includes('(to 8)'), 'a peer that serves some of the connections is told');
});
