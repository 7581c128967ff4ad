import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeClient, fakeTask } from '#admin/fixtures.ts';
import { hottest } from './hottest.ts';

test('most clients first, those not sent among them; what was removed is left out', () => {
  const quiet = fakeTask({ infoHash: 'a', clients: [] });
  const two = fakeTask({ infoHash: 'b', clients: [fakeClient(), fakeClient()] });
  const many = fakeTask({ infoHash: 'c', clients: [fakeClient()], omitted: { clients: 9, origins: 0 } });
  const gone = fakeTask({ infoHash: 'd', state: 'gone', clients: [fakeClient(), fakeClient(), fakeClient()] });
  assert.deepEqual(
    hottest([quiet, two, many, gone], 2).map((t) => t.infoHash),
    ['c', 'b'],
  );
});

test('rates do not move rows about', () => {
  const a = fakeTask({ infoHash: 'a', serveRateBytesPerS: 1 });
  const b = fakeTask({ infoHash: 'b', serveRateBytesPerS: 9e9 });
  assert.deepEqual(hottest([b, a]), [a, b]);
});
