import assert from 'node:assert/strict';
import { test } from 'node:test';
import { INDEX_LIMITS } from '#index/limits.ts';
import type { Metainfo } from '#wire/metainfo.ts';
import { DAY_MS, ScrubBench, SLOW_MBPS } from './fixtures.ts';
import { LIMITS } from './limits.ts';

const all = ({ infoHash, pieceCount }: Metainfo, from = 0) =>
  Array.from({ length: pieceCount - from }, (_, i) => [infoHash, from + i]);

test('who was verified longest ago is first, and only pieces that are noted are read', async (t) => {
  const bench = new ScrubBench(t);
  const second = await bench.put(3, 20, '/a', [0, 2]);
  const first = await bench.put(2, 30);
  const recent = await bench.put(2, 1);
  await bench.look();
  await bench.pass(60_000);
  const { infoHash } = second;
  assert.deepEqual(bench.verified(), [...all(first), [infoHash, 0], [infoHash, 2]]);
  const view = bench.scrubber.view('/a');
  assert.deepEqual([view?.piecesRead, view?.badPieces], [4, 0]);
  assert.ok(view?.lastPassEndedMs);
  assert.equal(bench.opened, 2);
  await bench.pass(6.5 * DAY_MS);
  assert.deepEqual(bench.verified().slice(4), all(recent), 'each once in its time');
  await bench.pass(DAY_MS);
  assert.deepEqual(bench.verified().slice(6), [...all(first), [infoHash, 0], [infoHash, 2]], 'and then again');
  assert.deepEqual(bench.lines, []);
});

test('no more is read than the rate allows, whatever was waited for before', async (t) => {
  const bench = new ScrubBench(t);
  await bench.put(200, 10);
  await bench.look();
  const readIn = async (ms: number): Promise<number> => {
    const before = bench.verified().length;
    await bench.pass(ms);
    return bench.verified().length - before;
  };
  assert.equal(bench.verified().length, 1);
  assert.equal(await readIn(10_000), 10);
  bench.disk().faults.busy = true;
  assert.equal(await readIn(60_000), 0);
  bench.disk().faults.busy = false;
  const after = await readIn(10_000);
  assert.ok(after === 10 || after === 11, `${after} pieces: nothing is made up for`);
  bench.scrubber.setRate(3 * SLOW_MBPS);
  await bench.pass(1_000);
  const faster = await readIn(10_000);
  assert.ok(faster <= 30 && faster > 20, `${faster} pieces`);
});

test('while clients use a disk nothing of it is read, and the other disks go on', async (t) => {
  const bench = new ScrubBench(t, ['/a', '/b', '/c']);
  const [a, b] = [await bench.put(4, 10, '/a'), await bench.put(4, 10, '/b')];
  bench.states.set('/c', 'failing');
  await bench.put(4, 10, '/c');
  bench.disk('/a').faults.busy = true;
  await bench.look();
  await bench.pass(3_600_000);
  assert.deepEqual([bench.verified('/a'), bench.verified('/b')], [[], all(b)]);
  assert.deepEqual([bench.verified('/c'), bench.scrubber.view('/c')], [[], undefined], 'a failing one is left alone');
  assert.equal(bench.scrubber.view('/a'), undefined, 'it has not come to its end');
  assert.ok(bench.index.scrubs.due(bench.clock.nowMs())[0]?.infoHash === a.infoHash, 'it keeps its turn');
  bench.disk('/a').faults.busy = false;
  bench.states.set('/c', 'good');
  await bench.look();
  await bench.pass(60_000);
  assert.deepEqual([bench.verified('/a').length, bench.verified('/c').length], [4, 4]);
});

test('one piece of a disk is in hand at a time', async (t) => {
  const bench = new ScrubBench(t);
  for (const days of [10, 11, 12]) await bench.put(3, days);
  const hands = { now: 0, most: 0 };
  bench.disk().faults.pause = async () => {
    hands.most = Math.max(hands.most, ++hands.now);
    await bench.clock.sleep(LIMITS.scrubLookMs, new AbortController().signal);
    hands.now--;
  };
  await bench.pass(DAY_MS);
  assert.deepEqual([bench.verified().length, hands.most], [9, 1]);
});

test('a restart goes on where the one before was', async (t) => {
  const bench = new ScrubBench(t);
  const [big, next] = [await bench.put(40, 20), await bench.put(2, 10)];
  await bench.look();
  await bench.pass(10_000);
  assert.ok(bench.verified().length > 5 && bench.verified().length < 20);
  await bench.restart('stopped');
  await bench.look();
  await bench.pass(60_000);
  assert.deepEqual(bench.verified(), [...all(big), ...all(next)]);
});

test('a killed one repeats a little', async (t) => {
  const bench = new ScrubBench(t);
  const big = await bench.put(400, 20);
  await bench.look();
  await bench.pass(2.5 * LIMITS.scrubKeepMs);
  const [due] = bench.index.scrubs.due(bench.clock.nowMs());
  assert.equal(due?.infoHash, big.infoHash);
  const done = bench.verified().length;
  assert.ok(due.next > 1 && due.next < done, `${due.next} of ${done} are noted`);
  assert.ok(done - due.next <= LIMITS.scrubKeepMs / 1_000);
  await bench.restart('killed');
  await bench.look();
  assert.deepEqual(bench.verified()[done], [big.infoHash, due.next]);
});

test('with the rate 0 nothing is read, until it is another; and then it can be stopped again', async (t) => {
  const bench = new ScrubBench(t, ['/a'], 0);
  const meta = await bench.put(20, 10);
  await bench.pass(DAY_MS);
  assert.deepEqual([bench.verified(), bench.opened], [[], 0]);
  bench.scrubber.setRate(SLOW_MBPS);
  await bench.pass(5_500);
  assert.equal(bench.verified().length, 6);
  bench.scrubber.setRate(0);
  await bench.pass(DAY_MS);
  assert.equal(bench.verified().length, 6);
  assert.equal(bench.scrubber.view('/a')?.lastPassEndedMs, undefined);
  bench.scrubber.setRate(SLOW_MBPS);
  await bench.pass(60_000);
  assert.deepEqual(bench.verified(), all(meta));
});

test('torrents of other disks are passed over, however many, and nothing of them is read', async (t) => {
  const bench = new ScrubBench(t, ['/a', '/b']);
  for (let i = 0; i < 2 * INDEX_LIMITS.scrubPage + 10; i++) await bench.put(1, 40 - i / 100, '/b');
  const last = await bench.put(2, 8, '/a');
  bench.disk('/b').faults.busy = true;
  await bench.look();
  await bench.pass(60_000);
  assert.deepEqual(bench.verified('/a'), all(last));
  assert.equal(bench.opened, 2, 'that one, and the one that waits for its busy disk');
});

test('a disk that is configured no more is forgotten', async (t) => {
  const bench = new ScrubBench(t, ['/a', '/b']);
  await bench.put(2, 10, '/b');
  await bench.look();
  await bench.pass(60_000);
  assert.equal(bench.scrubber.view('/b')?.piecesRead, 2);
  bench.states.delete('/b');
  await bench.look();
  assert.equal(bench.scrubber.view('/b'), undefined);
});
