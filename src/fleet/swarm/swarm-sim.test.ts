/** Swarms on lines of which all is known: how close to what can be at all a distribution comes. Times are the simulation's, the same on every machine. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type SimShape, SwarmSim } from './fixtures.ts';

const LINE = 5e6;
const shape = { pieces: 153, pieceLength: 65_536, nodeBytesPerS: LINE, delayMs: 1, keepMs: 15, seed: 1 };

function simulated(nodes: number, timesLine: number, more: Partial<SimShape> = {}) {
  const all = { ...shape, nodes, giverBytesPerS: timesLine * LINE, ...more };
  const result = new SwarmSim(all).run();
  const doneMs = result.doneMs.toSorted((a, b) => a - b);
  const bytes = all.pieces * all.pieceLength;
  const leastMs = 1_000 * Math.max(bytes / all.giverBytesPerS, (bytes * nodes) / (all.giverBytesPerS + nodes * LINE));
  const [lastMs, middleMs] = [doneMs.at(-1) ?? 0, doneMs[doneMs.length >> 1] ?? 0];
  return { ...result, doneMs, share: leastMs / lastMs, spread: lastMs / middleMs };
}

test('a giver whose line is the narrow one sends each piece little more than once, whatever the number of nodes', () => {
  for (const nodes of [3, 6, 8, 10, 20, 40, 60]) {
    const { copies, share, spread, twice } = simulated(nodes, 1);
    assert.ok(copies <= 1.25, `${copies} copies to ${nodes}`);
    assert.ok(share >= 0.75, `${share} of what can be with ${nodes}`);
    assert.ok(spread <= 1.2 && twice <= 0.01, `${nodes} nodes`);
  }
});

test('a giver with a wide line is not idle while somebody lacks something', () => {
  for (const [nodes, timesLine] of [
    [10, 3],
    [20, 3],
    [10, 10],
    [20, 10],
  ] as const) {
    const { busy, share, spread } = simulated(nodes, timesLine);
    assert.ok(busy >= 0.6, `busy ${busy} of the time with ${nodes} nodes and ${timesLine} times their line`);
    assert.ok(share >= 0.8, `${share} of what can be`);
    assert.ok(spread <= 1.2);
  }
});

test('nodes that take nothing, and one on a line that carries little, hold up nobody else', () => {
  const { doneMs } = simulated(12, 1, { dead: [0, 5], slow: new Map([[3, LINE / 10]]) });
  assert.equal(doneMs.length, 10);
  assert.ok((doneMs[5] ?? 0) <= 6_000, `${doneMs}`);
});
