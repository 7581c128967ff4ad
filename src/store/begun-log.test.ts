import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync, symlinkSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { logTo, silentLog } from '#base/log.ts';
import { BegunLog } from './begun-log.ts';

function folderFor(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'begun-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}
const block = (byte: number, length = 16_384): Buffer => Buffer.alloc(length, byte);
const kept = (log: BegunLog) => [...log.restore()].map((b) => [b.piece, b.begin, b.data[0], b.data.length]);

test('what was kept and not done is there for the next process, without a goodbye from the last one', (t) => {
  const folder = folderFor(t);
  const first = new BegunLog(folder, 'a', silentLog);
  assert.deepEqual(kept(first), []);
  first.keep(7, 0, block(1));
  first.keep(8, 16_384, block(2, 100));
  first.keep(9, 0, block(3));
  first.done(9);
  const next = new BegunLog(folder, 'a', silentLog);
  const found = kept(next);
  assert.deepEqual(found.slice(0, 2), [
    [7, 0, 1, 16_384],
    [8, 16_384, 2, 100],
  ]);
});

test('a record that was cut short ends the log, and the log goes on behind what was whole', (t) => {
  const folder = folderFor(t);
  const first = new BegunLog(folder, 'a', silentLog);
  first.keep(1, 0, block(1));
  first.keep(2, 0, block(2));
  truncateSync(join(folder, 'a'), statSync(join(folder, 'a')).size - 5);
  const next = new BegunLog(folder, 'a', silentLog);
  assert.deepEqual(kept(next), [[1, 0, 1, 16_384]]);
  next.keep(3, 0, block(3));
  assert.deepEqual(kept(new BegunLog(folder, 'a', silentLog)), [
    [1, 0, 1, 16_384],
    [3, 0, 3, 16_384],
  ]);
});

test('the file stays small however much passes through it, and is gone when there is nothing to go on with', (t) => {
  const folder = folderFor(t);
  const log = new BegunLog(folder, 'a', silentLog);
  log.keep(0, 0, block(9));
  for (let piece = 1; piece < 2_000; piece++) {
    log.keep(piece, 0, block(piece & 0xff));
    log.done(piece);
    assert.ok(statSync(join(folder, 'a')).size <= 2 * (16_384 + 12));
  }
  assert.deepEqual(kept(new BegunLog(folder, 'a', silentLog)), [[0, 0, 9, 16_384]]);
  log.close(true);
  assert.throws(() => statSync(join(folder, 'a')));
});

test('whatever is kept and done, in whatever order, the next process finds just what was kept and not done', (t) => {
  const folder = folderFor(t);
  const step = fc.record({ piece: fc.nat(5), length: fc.constantFrom(100, 300), isDone: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      let log = new BegunLog(folder, 'a', silentLog);
      const expected = new Map<number, [number, number, number, number][]>();
      for (const [n, { piece, length, isDone }] of steps.entries()) {
        if (isDone) {
          log.done(piece);
          expected.delete(piece);
        } else {
          log.keep(piece, n, block(n, length));
          expected.set(piece, [...(expected.get(piece) ?? []), [piece, n, n, length]]);
        }
        if (n % 20 === 19) {
          log.close(false);
          log = new BegunLog(folder, 'a', silentLog);
          kept(log);
        }
      }
      const order = (blocks: number[][]) => blocks.map(String).sort();
      const found = kept(new BegunLog(folder, 'a', silentLog)) as number[][];
      assert.deepEqual(order(found), order([...expected.values()].flat()));
      log.close(true);
    }),
    { numRuns: 50 },
  );
});

test('a folder that cannot be made costs nothing but the keeping', (t) => {
  const log = new BegunLog(join(folderFor(t), 'absent', 'deeper'), 'a', silentLog);
  log.keep(1, 0, block(1));
  log.done(1);
  assert.deepEqual(kept(log), []);
  log.close(true);
});

test('a log that cannot be read is given up, with one log line', (t) => {
  const folder = folderFor(t);
  // The memory of this process as a file: it opens, has no page at its beginning, and answers a read with EIO.
  symlinkSync('/proc/self/mem', join(folder, 'a'));
  const lines: string[] = [];
  const log = new BegunLog(
    folder,
    'a',
    logTo((line) => lines.push(line.event)),
  );
  assert.deepEqual(kept(log), []);
  log.keep(1, 0, block(1));
  assert.equal(lines.length, 1);
});

test('a link in place of the folder is not followed', (t) => {
  const folder = folderFor(t);
  const link = `${folder}-link`;
  symlinkSync(folder, link);
  t.after(() => rmSync(link));
  const log = new BegunLog(link, 'a', silentLog);
  log.keep(1, 0, block(1));
  assert.throws(() => statSync(join(folder, 'a')));
});
