import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Demand, worthOf } from './worth.ts';

const demand = (d: Partial<Demand>): Demand => ({ wanting: 1, another: 0.5, through: 0, bytesPerS: 1_000, ...d });

test('what nobody wants now is worth nothing, however many will come', () => {
  assert.equal(worthOf(demand({ wanting: 0, another: 0.97 })), 0);
});

test('a lone client of a torrent that is asked for once is worth nothing; each further one is worth a copy', () => {
  assert.equal(worthOf(demand({ another: 0.02 })), 0);
  assert.ok(worthOf(demand({ another: 0.3 })) > 0);
  const [two, three] = [2, 3].map((wanting) => worthOf(demand({ wanting })));
  assert.equal((three as number) - (two as number), 1_000);
});

test('what would come through the box in any case is no gain', () => {
  assert.ok(worthOf(demand({ through: 0.6 })) < worthOf(demand({})));
  assert.equal(worthOf(demand({ through: 1 })), 0);
});

test('a faster swarm saves more in the same time', () => {
  assert.equal(worthOf(demand({ bytesPerS: 2_000 })), 2 * worthOf(demand({})));
});
