import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { Bitfield } from '#base/bitfield.ts';
import { silentLog } from '#base/log.ts';
import { gappedMaker, randomSample, temporaryFolder } from './fixtures.ts';
import { SegmentDoors } from './segment-doors.ts';
import { Store } from './store.ts';

test('who writes is waited for and told before the segment goes; who comes meanwhile writes after', async () => {
  const doors = new SegmentDoors();
  const said: string[] = [];
  const first = Promise.withResolvers<void>();
  const writing = doors.write(1, () => first.promise).then(() => said.push('first is told'));
  const dropping = doors.drop(1, async () => {
    said.push('drops');
    await turn();
    said.push('dropped');
  });
  const second = doors.write(1, async () => void said.push('second writes'));
  await doors.write(2, async () => void said.push('elsewhere'));
  assert.equal(await doors.drop(1, () => assert.fail()), undefined);
  first.resolve();
  await Promise.all([writing, dropping, second, doors.quiet()]);
  assert.deepEqual(said, ['elsewhere', 'first is told', 'drops', 'dropped', 'second writes']);
});

test('a segment is free again after work that failed', async () => {
  const doors = new SegmentDoors();
  await assert.rejects(doors.write(0, () => Promise.reject(new Error('disk'))));
  await assert.rejects(doors.drop(0, () => Promise.reject(new Error('disk'))) as Promise<unknown>);
  assert.equal(await doors.write(0, async () => 7), 7);
});

test('pieces that come while segments go: what counts as had can be read', async () => {
  using folder = temporaryFolder();
  const config = { disks: [{ path: folder.path }], probeBytes: 0, cacheBytes: 0, floorBytes: 0, hashWorkers: 1 };
  await using store = await Store.open(config, gappedMaker, silentLog);
  const PIECES = 12;
  await fc.assert(
    fc.asyncProperty(fc.array(fc.option(fc.nat(PIECES - 1), { nil: undefined }), { maxLength: 40 }), async (steps) => {
      const sample = randomSample(PIECES, 16_384);
      const task = store.task(sample.shape);
      const have = new Bitfield(PIECES);
      await Promise.all(
        steps.map(async (piece, i) => {
          for (let turns = i % 5; turns > 0; turns--) await turn();
          if (piece !== undefined) {
            if ((await task.accept(sample.piece(piece))).kind === 'durable') have.set(piece);
            return;
          }
          for (const segment of await task.segments())
            await task.drop(segment, () => {
              for (const index of segment.pieces) have.clear(index);
              return true;
            });
        }),
      );
      for (let index = 0; index < PIECES; index++)
        assert.equal((await task.read(index)).kind, have.has(index) ? 'ok' : 'corrupt', `${index}`);
      await task.remove();
    }),
    { numRuns: 30 },
  );
});
