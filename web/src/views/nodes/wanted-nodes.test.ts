import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FleetNode } from '#admin/contract-fleet.ts';
import { type Kind, wantedNodes } from './wanted-nodes.ts';

const node = (name: string, over: Partial<FleetNode> = {}): FleetNode => ({
  name,
  role: 'terminal',
  site: 'east',
  online: true,
  sinceMs: 0,
  version: '0.1.0',
  freeBytes: 0,
  lacks: 0,
  failing: 0,
  ...over,
});
const all = [
  node('pc-10', { lacks: 1 }),
  node('pc-9', { online: false }),
  node('z-relay', { role: 'relay', lacks: 2, failing: 1 }),
  node('pc-1', { site: 'west', version: '0.2.0' }),
];
const names = (text: string, kind: Kind = 'all') => wantedNodes(all, text, kind).map(({ name }) => name);

test('relays first, then by name as people count', () => {
  assert.deepEqual(names(''), ['z-relay', 'pc-1', 'pc-9', 'pc-10']);
});

test('every word is looked for in name, site and version', () => {
  assert.deepEqual(names('EAST pc'), ['pc-9', 'pc-10']);
  assert.deepEqual(names('0.2'), ['pc-1']);
  assert.deepEqual(names('none'), []);
});

test('those that are away, lack something, or failed', () => {
  assert.deepEqual(names('', 'offline'), ['pc-9']);
  assert.deepEqual(names('', 'lacking'), ['z-relay', 'pc-10']);
  assert.deepEqual(names('pc', 'failing'), []);
});
