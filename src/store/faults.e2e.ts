/** Disks that fail for real: full, pulled out, with unreadable sectors. The other disk goes on as if nothing had happened. */
import assert from 'node:assert/strict';
import { getuid } from 'node:process';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { silentLog } from '#base/log.ts';
import { MIB } from '#base/units.ts';
import { LoopDisk } from '../../scripts/disks/loop-disk.ts';
import { type GappedPiece, gappedMaker, payloadOf, randomSample, type Sample } from './fixtures.ts';
import { Store } from './store.ts';

const options = { skip: getuid?.() === 0 ? false : 'mounting a disk needs root', timeout: 120_000 };
const PIECE = 256 * 1024;

const open = (...disks: LoopDisk[]): Promise<Store<GappedPiece>> =>
  Store.open(
    { disks: disks.map(({ path }) => ({ path })), probeBytes: MIB, cacheBytes: 0, floorBytes: 0, hashWorkers: 1 },
    gappedMaker,
    silentLog,
  );

/** Accepts what it can; the pieces that are durable. */
async function keep(store: Store<GappedPiece>, sample: Sample): Promise<number[]> {
  const kept: number[] = [];
  for (let index = 0; index < sample.shape.pieceCount; index++)
    if ((await store.task(sample.shape).accept(sample.piece(index))).kind === 'durable') kept.push(index);
  return kept;
}

/** Reads each piece; how many came. A wrong byte is the end of the test. */
async function readable(store: Store<GappedPiece>, sample: Sample): Promise<number> {
  let count = 0;
  for (let index = 0; index < sample.shape.pieceCount; index++) {
    const read = await store.task(sample.shape).read(index);
    if (read.kind !== 'ok') continue;
    assert.ok(payloadOf(read.piece).equals(sample.payload(index)), `piece ${index} has other bytes`);
    count++;
  }
  return count;
}

/** Torrents of eight pieces until each disk has so many. */
async function spread(store: Store<GappedPiece>, each: number): Promise<Sample[]> {
  const samples: Sample[] = [];
  for (let i = 0; i < 64 && store.disks().some(({ torrents }) => torrents < each); i++) {
    const sample = randomSample(8, PIECE);
    assert.equal((await keep(store, sample)).length, 8);
    samples.push(sample);
  }
  assert.ok(store.disks().every(({ torrents }) => torrents >= each));
  return samples;
}

const on = (store: Store<GappedPiece>, samples: readonly Sample[]) =>
  samples.filter(({ shape }) => !store.task(shape).empty);

test('a full disk keeps and serves what it has; with one more disk there is room again', options, async () => {
  using small = new LoopDisk(48 * MIB);
  await using store = await open(small);
  const sample = randomSample(400, PIECE);
  const kept = await keep(store, sample);
  assert.ok(kept.length > 40 && kept.length < 192, `${kept.length} pieces`);
  assert.equal(await readable(store, sample), kept.length);
  using more = new LoopDisk(64 * MIB);
  await store.addDisk({ path: more.path });
  const next = randomSample(8, PIECE);
  assert.equal((await keep(store, next)).length, 8);
  assert.equal(await readable(store, next), 8);
  assert.equal(await readable(store, sample), kept.length);
  await store.close();
});

test('a disk that is pulled out while it is read and written loses its own torrents alone', options, async () => {
  using stays = new LoopDisk(96 * MIB);
  using goes = new LoopDisk(96 * MIB);
  await using store = await open(stays, goes);
  const samples = await spread(store, 2);
  let over = false;
  const reading = samples.map(async (sample) => {
    while (!over) {
      await readable(store, sample);
      await sleep(1);
    }
  });
  const writing = keep(store, randomSample(60, PIECE));
  await sleep(100);
  goes.pull();
  await writing;
  await store.watch();
  const here = on(store, samples);
  assert.ok(here.length >= 2 && here.length < samples.length);
  for (const sample of here) assert.equal(await readable(store, sample), 8);
  const lost = samples.find((sample) => !here.includes(sample)) as Sample;
  assert.equal((await keep(store, lost)).length, 8, 'it is fetched again, to the other disk');
  goes.mount();
  await store.watch();
  over = true;
  await Promise.all(reading);
  for (const sample of samples) assert.equal(await readable(store, sample), 8);
  await store.close();
});

test(
  'unreadable sectors lose the pieces on them; the disk is told of as failing, and the other one goes on',
  options,
  async () => {
    using good = new LoopDisk(96 * MIB);
    using bad = new LoopDisk(96 * MIB);
    await using first = await open(good, bad);
    // Many enough that more than a few pieces are lost.
    const samples = await spread(first, 5);
    await first.close();
    await using store = await open(good, bad);
    bad.breakBehind(12 * MIB);
    const counts = [];
    for (const sample of samples) counts.push(await readable(store, sample));
    const hurt = counts.filter((count) => count < 8).length;
    assert.ok(hurt > 0 && hurt < samples.length, `${counts}`);
    const [one, other] = store.disks();
    assert.deepEqual([one?.state, one?.errors], ['good', 0]);
    assert.ok(other && other.state !== 'good' && other.errors > 0, JSON.stringify(other));
    const next = randomSample(8, PIECE);
    assert.equal((await keep(store, next)).length, 8);
    assert.equal(await readable(store, next), 8);
    await store.close();
  },
);
