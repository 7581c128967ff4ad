import assert from 'node:assert/strict';
import { test } from 'node:test';
import { infoHashOf } from '#base/units.ts';
import { DAY_MS, StoreBench } from './fixtures.ts';
import { FlashSparing } from './flash-sparing.ts';
import { LIMITS } from './limits.ts';
import { Visits } from './visits.ts';

const HASH = infoHashOf(Buffer.alloc(20, 9));
const FULL = { path: '/a', state: 'good', kind: 'ssd', freeBytes: 1, usableBytes: 10 ** 12 } as const;
const ROOMY = { ...FULL, freeBytes: 10 ** 11 };

test('on full flash a torrent waits for its second client, and what is had is not asked about', async (t) => {
  const bench = new StoreBench(t);
  const { clock, index } = bench;
  const spare = new FlashSparing(true, { clock, index, visits: new Visits(index), disks: () => [FULL] });
  assert.ok(spare.declines(HASH, '10.0.0.1'));
  assert.ok(spare.declines(HASH, '10.0.0.1'), 'it only dials again');
  assert.ok(!spare.declines(HASH, '10.0.0.2'));
  assert.ok(!spare.declines(HASH, '10.0.0.1'), 'nor is the first one kept out any longer');
  await bench.pass(3 * DAY_MS);
  const [other] = [infoHashOf(Buffer.alloc(20, 8))];
  assert.ok(spare.declines(other, '10.0.0.3'));
  const had = await bench.put(2, 1);
  assert.ok(!spare.declines(had.infoHash, '10.0.0.9'));
});

test('a disk with room or an arm takes everything, and so does a box that was told to', async (t) => {
  const bench = new StoreBench(t);
  const { clock, index } = bench;
  for (const disks of [
    [ROOMY],
    [FULL, ROOMY],
    [FULL, { ...FULL, kind: 'hdd' as const }],
    [{ ...FULL, state: 'gone' as const }],
    [],
  ])
    assert.ok(
      !new FlashSparing(true, { clock, index, visits: new Visits(index), disks: () => disks }).declines(HASH, 'a'),
    );
  assert.ok(
    !new FlashSparing(false, { clock, index, visits: new Visits(index), disks: () => [FULL] }).declines(HASH, 'a'),
  );
  assert.equal(index.task(HASH), undefined, 'nothing was noted');
  let looks = 0;
  const disks = () => {
    looks++;
    return [FULL, { ...FULL, path: '/b', freeBytes: looks > 1 ? 1 : 10 ** 12 }];
  };
  const spare = new FlashSparing(true, { clock, index, visits: new Visits(index), disks });
  assert.ok(!spare.declines(HASH, 'a') && !spare.declines(HASH, 'a') && looks === 1);
  await bench.pass(LIMITS.roomEveryMs);
  assert.ok(spare.declines(HASH, 'a'));
});
