import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Latencies } from './latencies.ts';

const near = (value: number, wanted: number): void =>
  assert.ok(Math.abs(value / wanted - 1) < 0.02, `${value} is not about ${wanted}`);

test('percentiles are within two in a hundred, over five decades', () => {
  const latencies = new Latencies();
  for (let i = 1; i <= 1_000; i++) latencies.add(i * 0.05);
  near(latencies.percentile(0.5), 25);
  near(latencies.percentile(0.99), 49.5);
  latencies.clear();
  for (const ms of [0.002, 3, 40_000]) latencies.add(ms);
  near(latencies.percentile(0), 0.002);
  near(latencies.percentile(0.5), 3);
  near(latencies.percentile(1), 40_000);
});

test('nothing, and what is beyond the scale', () => {
  const latencies = new Latencies();
  assert.ok(Number.isNaN(latencies.percentile(0.5)));
  latencies.add(0);
  near(latencies.percentile(0.5), 0.001);
  latencies.add(1e9);
  near(latencies.percentile(1), 97_724);
});
