import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeClient } from './fixtures.ts';
import { byMachine } from './machines.ts';

test('the connections of one machine are one row', () => {
  const rows = byMachine([
    fakeClient({ endpoint: '10.0.0.7:6881', rateBytesPerS: 5, servedBytes: 50, haveShare: 0.2, interested: false }),
    fakeClient({ endpoint: '10.0.0.8:6881', rateBytesPerS: 1, servedBytes: 2, haveShare: 1 }),
    fakeClient({ endpoint: '10.0.0.7:40001', rateBytesPerS: 3, servedBytes: 7, haveShare: 0.6, interested: true }),
    fakeClient({ endpoint: '[fd00::7]:6881' }),
  ]);
  assert.deepEqual(
    rows.map((r) => [r.endpoint, r.connections]),
    [
      ['10.0.0.7', 2],
      ['10.0.0.8', 1],
      ['fd00::7', 1],
    ],
  );
  const { rateBytesPerS, servedBytes, haveShare, interested } = rows[0] ?? assert.fail();
  assert.deepEqual(
    { rateBytesPerS, servedBytes, haveShare, interested },
    { rateBytesPerS: 8, servedBytes: 57, haveShare: 0.6, interested: true },
  );
});

test('what no connection told stays untold', () => {
  const { name: _n, haveShare: _h, ...silent } = fakeClient();
  const [row] = byMachine([silent]);
  assert.deepEqual(Object.keys(row ?? {}).sort(), [
    'connections',
    'endpoint',
    'interested',
    'rateBytesPerS',
    'servedBytes',
  ]);
});
