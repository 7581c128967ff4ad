import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sortedRows } from './client-order.ts';

const row = (address: string, servedBytes: number) => ({
  address,
  servedBytes,
  names: [],
  connections: 1,
  torrents: 1,
  serveRateBytesPerS: 0,
  sinceMs: 0,
});

test('addresses in the order people count, figures from the largest', () => {
  const rows = [row('192.168.7.20', 1), row('192.168.7.9', 5), row('192.168.7.100', 5)];
  const order = (sort: 'address' | 'servedBytes') => sortedRows(rows, sort).map((r) => r.address.slice(10));
  assert.deepEqual(order('address'), ['9', '20', '100']);
  assert.deepEqual(order('servedBytes'), ['9', '100', '20']);
});
