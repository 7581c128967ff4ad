import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MIB } from '#base/units.ts';
import { type Given, overloadBounds } from './overload-bounds.ts';

const GIB = 1024 * MIB;
const MACHINE: Given = {
  memoryBytes: 8 * GIB,
  groupBytes: Number.POSITIVE_INFINITY,
  heapBytes: 2 * GIB,
  cacheBytes: 256 * MIB,
  clients: 4_000,
  descriptors: 65_536,
};

test('a machine with enough of everything serves as many clients as it was told', () => {
  assert.equal(overloadBounds(MACHINE).clients.busy, 4_000);
});

test('few descriptors, or little memory, and it serves fewer, but always one', () => {
  const few = overloadBounds({ ...MACHINE, descriptors: 1_024 });
  assert.equal(few.clients.busy, 512);
  assert.equal(few.spliced.busy, 128);
  const little = overloadBounds({ ...MACHINE, memoryBytes: GIB });
  assert.ok(little.clients.busy > 1_000 && little.clients.busy < 4_000, `${little.clients.busy}`);
  assert.equal(overloadBounds({ ...MACHINE, cacheBytes: 16 * GIB }).clients.busy, 1);
});

test('the limit of the service counts as the memory of the machine does', () => {
  assert.deepEqual(overloadBounds({ ...MACHINE, groupBytes: GIB }), overloadBounds({ ...MACHINE, memoryBytes: GIB }));
});

test('a memory cache that is full is no overload, however large it was set', () => {
  for (const cacheBytes of [256 * MIB, 5 * GIB, 7 * GIB]) {
    const { busy, leave, shed = 0 } = overloadBounds({ ...MACHINE, cacheBytes }).residentBytes;
    assert.ok(leave > cacheBytes && busy >= leave && shed >= busy, `${cacheBytes}`);
  }
});
