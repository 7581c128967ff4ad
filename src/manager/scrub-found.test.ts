import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { InfoHash } from '#base/units.ts';
import { ScrubBench } from './fixtures.ts';

const MINUTE_MS = 60_000;
const codeError = (code: string): Error => Object.assign(new Error(code), { code });

test('a piece of a torrent at rest that has rotted is had no more, and said so once', async (t) => {
  const bench = new ScrubBench(t);
  const meta = await bench.put(3, 10);
  bench.disk().damage(meta.infoHash, 1);
  await bench.look();
  await bench.pass(MINUTE_MS);
  assert.deepEqual([bench.has(meta, 0), bench.has(meta, 1), bench.has(meta, 2)], [true, false, true]);
  assert.equal(bench.index.task(meta.infoHash)?.haveCount, 2);
  assert.deepEqual(bench.said(), [['piece-rotted', meta.infoHash, 1, '/a']]);
  assert.equal(bench.lines[0]?.level, 'warn');
  const view = bench.scrubber.view('/a');
  assert.deepEqual([view?.piecesRead, view?.badPieces], [3, 1]);
  await bench.pass(8 * 24 * 60 * MINUTE_MS);
  assert.deepEqual([bench.said().length, bench.verified().length], [1, 5], 'what is not had is not read');
});

test('of a torrent in use its task verifies, and the index is left to it', async (t) => {
  const bench = new ScrubBench(t);
  const [meta, after] = [await bench.put(3, 20), await bench.put(1, 10)];
  const asked: number[] = [];
  bench.living.set(meta.infoHash, {
    verify: async (piece) => {
      asked.push(piece);
      return { kind: piece === 1 ? 'corrupt' : piece === 2 ? 'not-had' : 'ok' };
    },
  });
  await bench.look();
  await bench.pass(MINUTE_MS);
  assert.deepEqual(asked, [0, 1, 2]);
  assert.deepEqual(bench.verified(), [[after.infoHash, 0]]);
  assert.equal(bench.has(meta, 1), true);
  assert.deepEqual(bench.said(), [['piece-rotted', meta.infoHash, 1, '/a']]);
  assert.equal(bench.scrubber.view('/a')?.piecesRead, 3);
});

test('a task that wakes while its piece is read looks for itself', async (t) => {
  const bench = new ScrubBench(t);
  const meta = await bench.put(2, 10);
  bench.disk().damage(meta.infoHash, 0);
  const asked: number[] = [];
  bench.disk().faults.pause = async () => {
    bench.living.set(meta.infoHash, {
      verify: async (piece) => {
        asked.push(piece);
        return { kind: 'ok' };
      },
    });
  };
  await bench.look();
  await bench.pass(MINUTE_MS);
  assert.deepEqual(asked, [0, 1]);
  assert.deepEqual([bench.has(meta, 0), bench.said()], [true, []]);
});

test('a task that cannot say anything yet keeps its turn, and the next has it meanwhile', async (t) => {
  const bench = new ScrubBench(t);
  const [meta, after] = [await bench.put(2, 20), await bench.put(1, 10)];
  bench.living.set(meta.infoHash, { verify: async () => undefined });
  await bench.look();
  await bench.pass(MINUTE_MS);
  assert.deepEqual(bench.verified(), [[after.infoHash, 0]]);
  bench.living.delete(meta.infoHash);
  await bench.look();
  await bench.pass(MINUTE_MS);
  assert.deepEqual(bench.verified().slice(1), [
    [meta.infoHash, 0],
    [meta.infoHash, 1],
  ]);
});

test('a disk that goes in the middle loses nothing, and goes on where it was when it is back', async (t) => {
  const bench = new ScrubBench(t, ['/a', '/b']);
  const [meta, other] = [await bench.put(20, 20, '/a'), await bench.put(20, 20, '/b')];
  await bench.look();
  await bench.pass(5_000);
  const homes = new Map(bench.homes);
  // In the middle of a read, before anybody has noticed.
  bench.disk('/a').faults.pause = async () => bench.disk('/a').disk('gone');
  await bench.pass(2_000);
  bench.states.set('/a', 'gone');
  bench.homes.delete(meta.infoHash);
  const read = bench.verified('/a').length;
  await bench.pass(60 * MINUTE_MS);
  assert.deepEqual([bench.verified('/a').length, bench.verified('/b').length], [read, other.pieceCount]);
  assert.equal(bench.index.task(meta.infoHash)?.haveCount, 20);
  assert.deepEqual(bench.said(), []);
  assert.equal(bench.scrubber.view('/a')?.lastPassEndedMs, undefined);
  bench.disk('/a').faults.pause = undefined;
  bench.disk('/a').disk('back');
  bench.states.set('/a', 'good');
  bench.homes.set(meta.infoHash, homes.get(meta.infoHash) as string);
  await bench.look();
  await bench.pass(MINUTE_MS);
  assert.deepEqual(
    bench.verified('/a').map(([, piece]) => piece),
    Array.from({ length: 20 }, (_, piece) => piece),
  );
  assert.deepEqual(bench.said(), []);
});

test('a torrent that moves to another disk in the middle is that disk’s', async (t) => {
  const bench = new ScrubBench(t, ['/a', '/b']);
  const meta = await bench.put(20, 20, '/a');
  bench.states.set('/b', 'failing');
  await bench.look();
  await bench.pass(5_000);
  bench.homes.set(meta.infoHash, '/b');
  const read = bench.verified('/a').length;
  await bench.pass(60 * MINUTE_MS);
  assert.deepEqual([bench.verified('/a').length, bench.verified('/b').length], [read, 0]);
});

test('a torrent that is removed in the middle is left, and the next has its turn', async (t) => {
  const bench = new ScrubBench(t);
  const [meta, after] = [await bench.put(20, 20), await bench.put(2, 10)];
  await bench.look();
  await bench.pass(5_000);
  // The read that is under way finds nothing.
  bench.disk().faults.pause = async () => {
    bench.disk().forget(meta.infoHash);
    bench.index.removeTask(meta.infoHash);
    bench.homes.delete(meta.infoHash);
    bench.disk().faults.pause = undefined;
  };
  await bench.pass(MINUTE_MS);
  const seen = bench.verified().map(([infoHash]) => infoHash);
  const count = (infoHash: InfoHash) => seen.filter((other) => other === infoHash).length;
  assert.ok(count(meta.infoHash) < 10, `${count(meta.infoHash)}`);
  assert.equal(count(after.infoHash), 2);
  assert.deepEqual([bench.said(), bench.index.size], [[], 1]);
});

test('a bad sector is a bad piece; other trouble costs the torrent its turn and nothing else', async (t) => {
  const bench = new ScrubBench(t);
  const [first, second] = [await bench.put(3, 20), await bench.put(1, 10)];
  const troubles = [codeError('EIO'), codeError('EACCES')];
  bench.disk().faults.pause = async () => {
    bench.disk().faults.error = troubles.shift();
  };
  await bench.look();
  await bench.pass(MINUTE_MS);
  assert.deepEqual(
    [0, 1, 2].map((piece) => bench.has(first, piece)),
    [false, true, true],
  );
  assert.deepEqual(bench.said(), [
    ['piece-rotted', first.infoHash, 0, '/a'],
    ['scrub-failed', first.infoHash, 1, '/a'],
  ]);
  assert.deepEqual(bench.verified(), [[second.infoHash, 0]]);
  await bench.look();
  await bench.pass(MINUTE_MS);
  assert.deepEqual(bench.verified().slice(1), [[first.infoHash, 2]], 'behind what failed');
  assert.equal(bench.scrubber.view('/a')?.badPieces, 1);
});

test('a busy hash worker is waited for like a busy disk', async (t) => {
  const bench = new ScrubBench(t);
  const meta = await bench.put(1, 20);
  bench.disk().faults.error = codeError('EBUSY');
  await bench.look();
  await bench.pass(MINUTE_MS);
  assert.deepEqual([bench.verified(), bench.said(), bench.has(meta, 0)], [[], [], true]);
  bench.disk().faults.error = undefined;
  await bench.pass(MINUTE_MS);
  assert.deepEqual(bench.verified(), [[meta.infoHash, 0]]);
});

test('a torrent whose metainfo cannot be read holds up nobody', async (t) => {
  const bench = new ScrubBench(t);
  const [lost, after] = [await bench.put(2, 20), await bench.put(1, 10)];
  bench.forgetInfo(lost.infoHash);
  await bench.look();
  await bench.pass(MINUTE_MS);
  assert.deepEqual(bench.verified(), [[after.infoHash, 0]]);
  assert.equal(bench.has(lost, 0), true);
});
