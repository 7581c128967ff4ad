import assert from 'node:assert/strict';
import { getuid } from 'node:process';
import { test } from 'node:test';
import { Bitfield } from '#base/bitfield.ts';
import { silentLog } from '#base/log.ts';
import { MIB } from '#base/units.ts';
import { gappedMaker, payloadOf, randomSample, smallDisk } from './fixtures.ts';
import { Store } from './store.ts';

const skip = getuid?.() === 0 ? false : 'mounting a disk needs root';
const PIECES = 64;

/** Accepts all pieces at once on a real disk of 8 MiB; returns those that are durable. */
async function fill(dataDir: string, floorBytes: number, pieceLength: number) {
  const config = { disks: [{ path: dataDir }], probeBytes: 0, cacheBytes: 0, floorBytes, hashWorkers: 2 };
  const sample = randomSample(PIECES, pieceLength);
  const store = await Store.open(config, gappedMaker, silentLog);
  const task = store.task(sample.shape);
  const answers = await Promise.all(Array.from({ length: PIECES }, (_, i) => task.accept(sample.piece(i))));
  const kept = answers.flatMap((answer, index) => (answer.kind === 'durable' ? [index] : []));
  assert.deepEqual(new Set(answers.map((a) => a.kind)), new Set(['durable', 'full']));
  const free = await store.freeBytes();
  await store.close();
  const again = await Store.open(config, gappedMaker, silentLog);
  for (const index of kept) {
    const read = await again.task(sample.shape).read(index);
    assert.ok(read.kind === 'ok' && payloadOf(read.piece).equals(sample.payload(index)));
  }
  const found: number[] = [];
  const known = new Bitfield(PIECES);
  await again.task(sample.shape).recheck(known, (index) => found.push(index), new AbortController().signal);
  assert.deepEqual(found, kept);
  assert.equal((await again.task(sample.shape).remove()).kind, 'ok');
  await again.close();
  return { kept: kept.length, free };
}

test('a disk really fills up, byte by byte: what is durable reads back, the rest was answered "full"', {
  skip,
}, async () => {
  using disk = smallDisk(8 * MIB);
  // Below zero: the reservation lets everything through and the kernel is the one who says ENOSPC.
  const { kept } = await fill(disk.path, -PIECES * MIB, 256 * 1024);
  assert.ok(kept >= 20 && kept < 32, `${kept} of 32 quarter MiB`);
});

test('the floor holds against 64 pieces accepted at once', { skip }, async () => {
  using disk = smallDisk(8 * MIB);
  const { kept, free } = await fill(disk.path, 4 * MIB, 256 * 1024);
  assert.ok(kept >= 12 && kept <= 16, `${kept} quarter MiB below a floor of 4 MiB`);
  assert.ok(free >= 0 && free < MIB, `${free} bytes are left above the floor`);
});
