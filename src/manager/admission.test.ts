import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { infoHashOf } from '#base/units.ts';
import { Admission, type AdmissionWorld } from './admission.ts';
import { DAY_MS, StoreBench } from './fixtures.ts';
import { LIMITS } from './limits.ts';
import { Visits } from './visits.ts';

const HASH = infoHashOf(Buffer.alloc(20, 9));
const FULL = { path: '/a', state: 'good', kind: 'ssd', freeBytes: 1, usableBytes: 10 ** 12 } as const;
const ROOMY = { ...FULL, freeBytes: 10 ** 11 };
const WITH_ARM = { ...FULL, kind: 'hdd' as const };

function admitting(
  t: TestContext,
  disks: AdmissionWorld['disks'],
  { sparesFlash = true, leastWorth = (): number | undefined => undefined } = {},
) {
  const bench = new StoreBench(t);
  const { clock, index } = bench;
  return {
    bench,
    admission: new Admission(sparesFlash, { clock, index, visits: new Visits(index), disks, leastWorth }),
  };
}

test('on full flash a torrent waits for its second client, and what is had is not asked about', async (t) => {
  const { bench, admission } = admitting(t, () => [FULL]);
  assert.equal(admission.declines(HASH, '10.0.0.1'), 'first-client');
  assert.equal(admission.declines(HASH, '10.0.0.1'), 'first-client', 'it only dials again');
  assert.equal(admission.declines(HASH, '10.0.0.2'), undefined);
  assert.equal(admission.declines(HASH, '10.0.0.1'), undefined, 'nor is the first one kept out any longer');
  await bench.pass(3 * DAY_MS);
  assert.ok(admission.declines(infoHashOf(Buffer.alloc(20, 8)), '10.0.0.3'));
  const had = await bench.put(2, 1);
  assert.equal(admission.declines(had.infoHash, '10.0.0.9'), undefined);
});

test('a disk with room or an arm takes everything that nothing better goes for, and so does a box that was told to', async (t) => {
  for (const disks of [[ROOMY], [FULL, ROOMY], [FULL, WITH_ARM], [{ ...FULL, state: 'gone' as const }], []])
    assert.equal(admitting(t, () => disks).admission.declines(HASH, 'a'), undefined);
  assert.equal(admitting(t, () => [FULL], { sparesFlash: false }).admission.declines(HASH, 'a'), undefined);
  const { bench, admission } = admitting(t, () => [ROOMY]);
  admission.declines(HASH, 'a');
  assert.equal(bench.index.task(HASH), undefined, 'nothing was noted');
});

test('disks are looked at again after a while', async (t) => {
  let looks = 0;
  const { bench, admission } = admitting(t, () => {
    looks++;
    return [FULL, { ...FULL, path: '/b', freeBytes: looks > 1 ? 1 : 10 ** 12 }];
  });
  assert.ok(!admission.declines(HASH, 'a') && !admission.declines(HASH, 'a') && looks === 1);
  await bench.pass(LIMITS.roomEveryMs);
  assert.ok(admission.declines(HASH, 'a'));
});

test('on full disks a torrent that is worth less than what would go for it waits until two want it together', async (t) => {
  const { bench, admission } = admitting(t, () => [WITH_ARM], { leastWorth: () => 0.5 });
  assert.equal(admission.declines(HASH, '10.0.0.1'), 'asked-less');
  assert.equal(admission.declines(HASH, '10.0.0.1'), 'asked-less', 'the same one');
  assert.equal(admission.declines(HASH, '10.0.0.2'), undefined);
  assert.equal(admission.declines(HASH, '10.0.0.2'), undefined, 'asked at its SYN, and again when it has spoken');
  const other = infoHashOf(Buffer.alloc(20, 8));
  assert.ok(admission.declines(other, '10.0.0.1'));
  await bench.pass(LIMITS.togetherMs);
  assert.ok(admission.declines(other, '10.0.0.2'), 'the first one is done');
});

test('on full disks a torrent that is worth as much as the weakest is taken in', (t) => {
  const { admission } = admitting(t, () => [WITH_ARM], { leastWorth: () => 0.01 });
  assert.equal(admission.declines(HASH, '10.0.0.1'), undefined);
});

test('sparing flash is begun and ended at once', (t) => {
  const { admission } = admitting(t, () => [FULL], { sparesFlash: false });
  assert.equal(admission.declines(HASH, '10.0.0.1'), undefined);
  admission.spareFlash(true);
  const [second, third] = [infoHashOf(Buffer.alloc(20, 7)), infoHashOf(Buffer.alloc(20, 6))];
  assert.equal(admission.declines(second, '10.0.0.1'), 'first-client');
  admission.spareFlash(false);
  assert.equal(admission.declines(third, '10.0.0.1'), undefined);
});
