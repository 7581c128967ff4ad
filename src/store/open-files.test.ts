import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { temporaryFolder } from './fixtures.ts';
import { STORE_LIMITS } from './limits.ts';
import { OpenFiles, takeRun } from './open-files.ts';

test('what lies side by side is taken as one run, in the order of the file, within its bound', () => {
  const at = (offset: number, lengthBytes = 10) => ({ offset, lengthBytes });
  const waiting = [at(20), at(50), at(30), at(0), at(10), at(20), at(40)];
  assert.deepEqual(
    takeRun(waiting).map(({ offset }) => offset),
    [0, 10, 20, 30, 40, 50],
  );
  assert.deepEqual(waiting, [at(20)], 'the same place a second time is a write of its own');
  const large = [at(0, STORE_LIMITS.runBytes - 1), at(STORE_LIMITS.runBytes - 1, 2)];
  assert.equal(takeRun(large).length, 1);
  assert.deepEqual(takeRun([]), []);
});

test('writes in any order end where they belong, in fewer calls than there are', async () => {
  using folder = temporaryFolder();
  const files = new OpenFiles();
  let number = 0;
  await fc.assert(
    fc.asyncProperty(fc.shuffledSubarray([...Array(12).keys()], { minLength: 12 }), async (order) => {
      const path = join(folder.path, `${number++}`);
      let calls = 0;
      await files.use(path, 'write', async (file) => {
        const writev = file.handle.writev.bind(file.handle);
        file.handle.writev = ((...args: Parameters<typeof writev>) => {
          calls++;
          return writev(...args);
        }) as typeof writev;
        const parts = (i: number): Buffer[] => [Buffer.alloc(300, i), Buffer.alloc(i + 1, i)];
        const offsetOf = (i: number): number => 300 * i + (i * (i + 1)) / 2;
        await Promise.all(order.map((i) => file.write(parts(i), offsetOf(i))));
      });
      const whole = Buffer.concat([...Array(12).keys()].flatMap((i) => [Buffer.alloc(301 + i, i)]));
      assert.ok((await readFile(path)).equals(whole));
      assert.ok(calls <= 3, `${calls} calls`);
    }),
    { numRuns: 20 },
  );
  await files.close();
});

test('a run that fails fails for each of its writers, and the next one is tried', async () => {
  using folder = temporaryFolder();
  const files = new OpenFiles();
  await files.use(join(folder.path, 'file'), 'write', async (file) => {
    const writev = file.handle.writev.bind(file.handle);
    file.handle.writev = (() => Promise.reject(new Error('no'))) as typeof writev;
    const both = await Promise.allSettled([file.write([Buffer.alloc(5)], 0), file.write([Buffer.alloc(5)], 5)]);
    assert.deepEqual(
      both.map(({ status }) => status),
      ['rejected', 'rejected'],
    );
    file.handle.writev = writev;
    await file.write([Buffer.alloc(5)], 0);
  });
  await files.close();
});
