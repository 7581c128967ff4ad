import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { gappedMaker } from './fixtures.ts';
import { STORE_LIMITS } from './limits.ts';
import { PieceCache } from './piece-cache.ts';
import { MeasuredCost } from './piece-cache-cost.ts';
import { type Kept, Victims } from './piece-cache-victims.ts';
import type { PieceBuffer } from './task-store.ts';

const costOf = (seekMs: number) => ({ seekMs, readMs: () => seekMs });
const piece = (index: number, length = 100) => gappedMaker.allocate(index, length);
const BYTES = piece(0).buffer.length;

/** The same numbers each time, spread evenly enough. */
function rolling(): () => number {
  let seed = 1;
  return () => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fff_ffff;
    return seed / 0x8000_0000;
  };
}

test('whatever is done, it holds no more bytes than it may, counts them right and never mixes tasks', () => {
  const put = fc.record({
    op: fc.constant('put' as const),
    task: fc.nat(2),
    index: fc.nat(20),
    length: fc.integer({ min: 1, max: 40_000 }),
  });
  const other = fc.record({
    op: fc.constantFrom('get' as const, 'clear' as const),
    task: fc.nat(2),
    index: fc.nat(20),
    length: fc.constant(0),
  });
  fc.assert(
    fc.property(
      fc.array(fc.oneof({ weight: 6, arbitrary: put }, { weight: 1, arbitrary: other }), { maxLength: 200 }),
      fc.integer({ min: 1, max: 100_000 }),
      (uses, limit) => {
        const cache = new PieceCache(limit, { random: rolling() });
        const tasks = [0, 1, 2].map((n) => cache.task(costOf(n)));
        for (const [n, task] of tasks.entries()) task.wanted = (index) => (index + n) % 3;
        for (const { op, task: n, index, length } of uses) {
          const task = tasks[n];
          assert.ok(task);
          if (op === 'clear') task.clear();
          else if (op === 'get') assert.equal(task.get(index) !== undefined, task.holds(index));
          else {
            const fresh = piece(index, length);
            task.put(fresh);
            assert.equal(task.get(index), fresh.buffer.length <= limit ? fresh : undefined, 'what just came is there');
          }
          let bytes = 0;
          for (const each of tasks) for (const held of each.pieces()) bytes += each.get(held)?.buffer.length ?? 0;
          assert.equal(cache.bytes, bytes);
          assert.ok(bytes <= limit);
        }
        for (const task of tasks) task.clear();
        assert.equal(cache.bytes, 0);
      },
    ),
  );
});

test('a piece that nobody lacks goes first, then what fewest lack', () => {
  const cache = new PieceCache(16 * BYTES, { random: rolling() });
  const [task, others] = [cache.task(costOf(8)), cache.task(costOf(8))];
  const lack = [3, 1, 0, 2];
  task.wanted = (index) => lack[index] ?? 0;
  others.wanted = () => 9;
  for (let index = 0; index < 4; index++) task.put(piece(index));
  const gone: number[] = [];
  for (let index = 0; index < 16; index++) {
    others.put(piece(index));
    for (let old = 0; old < 4; old++) if (!task.holds(old) && !gone.includes(old)) gone.push(old);
  }
  assert.deepEqual(gone, [2, 1, 3, 0]);
});

test('of equals the one used longest ago goes; without clients that is all that counts', () => {
  const cache = new PieceCache(3 * BYTES, { random: rolling() });
  const task = cache.task(costOf(8));
  for (const index of [0, 1, 2]) task.put(piece(index));
  task.get(0);
  task.put(piece(3));
  assert.deepEqual([...task.pieces()], [0, 2, 3]);
});

test('a piece of a slow disk outlives one of a fast disk that as many lack', () => {
  const cache = new PieceCache(40 * BYTES, { random: rolling() });
  const [fast, slow] = [cache.task(costOf(0.1)), cache.task(costOf(8))];
  for (const task of [fast, slow]) {
    task.wanted = () => 2;
    for (let index = 0; index < 20; index++) task.put(piece(index));
  }
  for (let index = 20; index < 30; index++) slow.put(piece(index));
  assert.equal(slow.count, 30);
  assert.equal(fast.count, 10);
});

test('one client that reads a torrent once does not push out what others want', () => {
  const cache = new PieceCache(64 * BYTES, { random: rolling() });
  const [wanted, scanned] = [cache.task(costOf(8)), cache.task(costOf(8))];
  wanted.wanted = () => 3;
  for (let index = 0; index < 64; index++) wanted.put(piece(index));
  let reading = -1;
  scanned.wanted = (index) => (index >= reading ? 1 : 0);
  for (reading = 0; reading < 1_000; reading++) {
    scanned.put(piece(reading));
    assert.ok(scanned.get(reading));
  }
  assert.ok(wanted.count >= 64 - STORE_LIMITS.cacheInHand - STORE_LIMITS.cacheDraws, `${wanted.count} of 64 are left`);
});

test('a piece in hand is not forgotten for one that more clients lack', () => {
  const kept = (wanted: number): Kept => ({ bytes: 1, wanted: () => wanted, readMs: () => 1 });
  const victims = new Victims<Kept>(rolling());
  const others = Array.from({ length: STORE_LIMITS.cacheInHand }, () => kept(5));
  const inHand = kept(1);
  victims.add(inHand);
  for (const other of others) {
    victims.add(other);
    victims.used(inHand);
  }
  victims.add(kept(5));
  assert.notEqual(victims.worst(), inHand);
  for (let i = 0; i < STORE_LIMITS.cacheInHand; i++) victims.add(kept(5));
  assert.equal(victims.worst(), inHand, 'left alone for long enough, it is the least worth');
});

test('tasks that have readers share the memory in equal parts', () => {
  const cache = new PieceCache(1_000);
  const [a, b] = [cache.task(costOf(1)), cache.task(costOf(1))];
  assert.equal(a.shareBytes, 1_000);
  a.readers = 2;
  b.readers = 1;
  assert.equal(a.shareBytes, 500);
  b.readers = 0;
  assert.equal(a.shareBytes, 1_000);
});

test('what a read costs is learned from the time that the disk was busy, not from how long each read waited', () => {
  let nowMs = 0;
  const cost = new MeasuredCost(8, () => nowMs);
  assert.equal(cost.seekMs, 8);
  const bytes = STORE_LIMITS.streamBytesPerMs;
  // Four at once, one after the other at the disk: 6 ms each, of which 1 ms moves the bytes.
  for (let round = 0; round < 40; round++) {
    const ends = [1, 2, 3, 4].map(() => cost.begin());
    for (const end of ends) {
      nowMs += 6;
      end(bytes);
    }
    nowMs += 1_000;
  }
  assert.ok(Math.abs(cost.seekMs - 5) < 0.1, `${cost.seekMs}`);
  assert.ok(Math.abs(cost.readMs(3 * bytes) - 8) < 0.1);
  for (let round = 0; round < 100; round++) {
    const end = cost.begin();
    nowMs += 0.2;
    end(bytes);
  }
  assert.ok(cost.seekMs < 0.1, `${cost.seekMs}`);
  const failed = cost.begin();
  nowMs += 500;
  failed(0);
  assert.ok(cost.seekMs < 0.1, 'what failed says nothing');
});

test('a forgotten piece is discarded when the last who has it is done, and not before', () => {
  const discarded: number[] = [];
  const cache = new PieceCache<PieceBuffer>(4 * BYTES, {
    random: rolling(),
    discard: ({ index }) => discarded.push(index),
  });
  const task = cache.task(costOf(8));
  const [replaced, cached, read, untouched] = [piece(0), piece(1), piece(2), piece(3)];
  task.put(replaced);
  task.put(cached);
  task.put(read, 2);
  task.put(untouched);
  assert.equal(task.get(1), cached);
  task.put(piece(0));
  assert.deepEqual(discarded.splice(0), [0], 'replaced by another of the same index');
  task.done(read);
  task.clear();
  assert.deepEqual(discarded.splice(0), [3, 0]);
  assert.equal(cache.bytes, 0);
  task.done(read);
  task.done(cached);
  assert.deepEqual(discarded.splice(0), [2, 1]);
  for (const one of [read, cached, untouched, piece(9)]) task.done(one);
  assert.deepEqual(discarded, [], 'what is over is over');
});

test('a piece that is done with while it is kept stays as it is', () => {
  const discarded: number[] = [];
  const cache = new PieceCache<PieceBuffer>(BYTES, { discard: ({ index }) => discarded.push(index) });
  const task = cache.task(costOf(8));
  const first = piece(0);
  task.put(first, 1);
  task.done(first);
  assert.equal(task.get(0), first);
  task.put(piece(1));
  assert.deepEqual([task.get(0), discarded], [undefined, []], 'it was given out again');
  task.done(first);
  assert.deepEqual(discarded, [0]);
});

test('with less memory what is worth least is forgotten at once; with more, more is kept', () => {
  const cache = new PieceCache(4 * BYTES, { random: rolling() });
  const task = cache.task(costOf(1));
  task.wanted = (index) => index;
  for (let i = 0; i < 4; i++) task.put(piece(i));
  cache.limitBytes = 2 * BYTES;
  assert.equal(cache.bytes, 2 * BYTES);
  assert.ok(!task.holds(0), 'nobody lacks it');
  assert.equal(task.shareBytes, 2 * BYTES);
  cache.limitBytes = 0;
  assert.deepEqual([cache.bytes, task.count], [0, 0]);
  task.put(piece(9));
  assert.equal(task.count, 0);
  cache.limitBytes = BYTES;
  task.put(piece(9));
  assert.equal(task.count, 1);
});
