import assert from 'node:assert/strict';
import { test } from 'node:test';
import { percentile, type Row, summaries, table, verdicts } from './figures.ts';

const row = (over: Partial<Row>): Row => ({
  bench: 'fleet',
  shape: 'equal',
  nodes: 10,
  mb: 10,
  system: 'ours',
  repeat: 1,
  seconds: 4,
  rateMBps: 2.5,
  p50S: 3,
  p99S: 4,
  copies: 1.2,
  cpuSPerGB: 9,
  ...over,
});

test('a percentile is one of the values', () => {
  const values = Array.from({ length: 60 }, (_, i) => 60 - i);
  assert.deepEqual([percentile(values, 0.5), percentile(values, 0.99), percentile([7], 0.5)], [30, 60, 7]);
  assert.ok(Number.isNaN(percentile([], 0.5)));
});

test('a cell has the medians of its repetitions, and ours is held against the better of the others', () => {
  const [cell, ...more] = summaries([
    row({ rateMBps: 1 }),
    row({ rateMBps: 3, repeat: 2 }),
    row({ rateMBps: 9, repeat: 3 }),
    row({ system: 'rabbitmq', rateMBps: 1 }),
    row({ system: 'bittorrent', rateMBps: 2 }),
  ]);
  assert.equal(more.length, 0);
  assert.deepEqual(cell?.rates, { ours: 3, rabbitmq: 1, bittorrent: 2 });
  assert.deepEqual([cell?.ours.ratio, cell?.ours.copies], [1.5, 1.2]);
});

test('what is computed has no other figures, and is marked', () => {
  const computed: Row = {
    bench: 'fleet',
    shape: 'equal',
    nodes: 10,
    mb: 100,
    system: 'rabbitmq',
    repeat: 1,
    seconds: 200,
    rateMBps: 0.5,
    computed: true,
  };
  const cells = summaries([computed, row({ mb: 100, rateMBps: 1 })]);
  assert.equal(cells[0]?.ours.ratio, 2);
  assert.match(table(cells), /0\.50\*/);
});

test('each target is met or missed, and says where', () => {
  const rivals = (mb: number, rateMBps: number) => [
    row({ system: 'rabbitmq', mb, rateMBps }),
    row({ system: 'bittorrent', mb, rateMBps: 0.1 }),
  ];
  const good = summaries([row({ rateMBps: 2 }), ...rivals(10, 1)]);
  assert.ok(verdicts(good).every((line) => line.startsWith('met')));
  const bad = summaries([
    row({ rateMBps: 2 }),
    ...rivals(10, 1.9),
    row({ mb: 1, rateMBps: 2, copies: 10, p99S: 6 }),
    ...rivals(1, 1),
  ]);
  const missed = verdicts(bad).filter((line) => line.startsWith('MISSED'));
  assert.equal(missed.length, 2);
  assert.match(missed.join('\n'), /1\.4 on equal lines.*1 of 2 cells; not equal N=10 10 MB: 1\.05/);
  assert.match(missed.join('\n'), /p99.*not equal N=10 1 MB: 2\.00/);
});
