import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MIB } from '#base/units.ts';
import { compared } from './compare.ts';
import { asking } from './fixtures.ts';

const SEGMENT = 16 * MIB;

test('the same demand put to every rule and disk: figures by hand', () => {
  // Three clients in turn, hours apart: all of 1, all of 2, all of 1 again.
  const sessions = [1, 2, 1].map((torrent, i) => ({
    ...asking(torrent, 1_000 + 600 * i, [0, 1, 2, 3], 4),
    fetchedMib: i < 2 ? 64 : 0,
  }));
  const view = compared(sessions, { diskBytes: 4 * SEGMENT + 5, seats: 8 });
  assert.ok(view);
  const { disks, ...rest } = view;
  assert.deepEqual(rest, {
    fromMs: 1_000 * 60_000,
    toMs: 2_203 * 60_000,
    sessions: 3,
    torrents: 2,
    askedBytes: 12 * SEGMENT,
    differentBytes: 8 * SEGMENT,
    measured: { servedBytes: 12 * SEGMENT, fetchedBytes: 8 * SEGMENT },
  });
  const given = disks.map(({ size, bytes, rules: { current, lru, best } }) => [
    size,
    bytes / SEGMENT,
    ...[current, lru, best].map(({ boxBytes }) => boxBytes / SEGMENT),
  ]);
  // The newcomer pushes out what was there, whole with LRU; who knows better keeps it.
  assert.deepEqual(given, [
    ['half', 2 + 2.5 / SEGMENT, 0, 0, 2],
    ['same', 4 + 5 / SEGMENT, 0, 0, 4],
    ['double', 8 + 10 / SEGMENT, 4, 4, 4],
    ['unbounded', 8, 4, 4, 4],
  ]);
  for (const { rules } of disks)
    for (const { wanBytes, saved } of Object.values(rules)) assert.equal(saved, 1 - wanBytes / (12 * SEGMENT));
  // 16 MiB came in a minute, so its seats fetch one segment a minute: just after the client has fetched it for itself.
  assert.deepEqual(
    disks.map(({ rules: { source } }) => [source.boxBytes / SEGMENT, source.wanBytes / SEGMENT]),
    [
      [0, 24],
      [0, 24],
      [4, 16],
      [4, 16],
    ],
  );
});

test('without demand there is nothing to compare, and without a disk nothing is saved', () => {
  assert.equal(compared([], { diskBytes: 2 ** 40, seats: 8 }), undefined);
  const view = compared([asking(1, 10, [0, 1]), asking(1, 20, [0, 1])], { diskBytes: 0, seats: 8 });
  assert.deepEqual(
    view?.disks.map(({ rules: { current, lru, best } }) => [current.saved, lru.saved, best.saved]),
    [
      [0, 0, 0],
      [0, 0, 0],
      [0, 0, 0],
      [0.5, 0.5, 0.5],
    ],
  );
});
