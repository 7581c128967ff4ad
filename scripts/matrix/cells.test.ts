import assert from 'node:assert/strict';
import { test } from 'node:test';
import { axes, boxLeaves, clientCannot, FilterError, readCells } from './cells.ts';

const all = readCells({});

test('every client is there in every way, and v2 with the one client that reads it', () => {
  assert.equal(new Set(all.map((cell) => JSON.stringify(cell))).size, all.length);
  assert.equal(all.filter((cell) => cell.version === 'v1').length, axes.client.length * 2 * 2 * 2 * 4);
  const later = all.filter((cell) => cell.version !== 'v1');
  assert.deepEqual([...new Set(later.map((cell) => cell.client))], ['libtorrent']);
  assert.equal(later.length, 2 * 2 * 2 * 2 * 4);
});

test('nothing is excused but what is stated', () => {
  const excused = all.filter((cell) => clientCannot(cell) ?? boxLeaves(cell));
  assert.deepEqual(
    excused.filter((cell) => cell.client === 'libtorrent'),
    [],
  );
  const run = all.filter((cell) => cell.version === 'v1' && !clientCannot(cell));
  const perClient = axes.client.map((client) => [client, run.filter((cell) => cell.client === client).length]);
  assert.deepEqual(Object.fromEntries(perClient), { transmission: 26, aria2: 14, libtorrent: 32, rtorrent: 8 });
});

test('filters pick cells, and a word that is none is refused', () => {
  const few = readCells({ CLIENTS: 'aria2,rtorrent', FAMILY: 'ipv6', DISCOVERY: 'tracker', TRANSPORT: 'tcp' });
  assert.deepEqual(
    few.map((cell) => `${cell.client} ${cell.encryption}`),
    ['aria2 plain', 'aria2 required', 'rtorrent plain', 'rtorrent required'],
  );
  assert.throws(() => readCells({ FAMILY: 'ipv5' }), FilterError);
});
