import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { FLAGS, logBytes } from './fixtures.ts';
import { readLog, SECTOR } from './written-log.ts';

function file(t: TestContext, bytes: Buffer): string {
  const dir = mkdtempSync(join(tmpdir(), 'written-log-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  writeFileSync(join(dir, 'log'), bytes);
  return join(dir, 'log');
}

const ENTRIES = [
  { sector: 8, data: Buffer.alloc(2 * SECTOR, 1) },
  { flags: FLAGS.flush },
  { sector: 40, data: Buffer.alloc(SECTOR, 2), flags: FLAGS.fua },
  { sector: 0, sectors: 1_000, flags: FLAGS.discard },
  { sector: 9, data: Buffer.alloc(SECTOR, 3) },
];

test('entries are read with what they say and where their bytes lie', (t) => {
  const path = file(t, logBytes(ENTRIES));
  const { entries, lost } = readLog(path);
  assert.equal(lost, 0);
  assert.deepEqual(
    entries.map(({ at, isFlush, isDurable, sector, sectors, dataAt }) => [
      at,
      isFlush,
      isDurable,
      sector,
      sectors,
      dataAt,
    ]),
    [
      [0, false, false, 8, 2, 2 * SECTOR],
      [1, true, false, 0, 0, 5 * SECTOR],
      [2, false, true, 40, 1, 6 * SECTOR],
      [3, false, false, 0, 1_000, undefined],
      [4, false, false, 9, 1, 9 * SECTOR],
    ],
  );
});

test('a log ends where an emulator that was killed left it', (t) => {
  const bytes = logBytes(ENTRIES);
  const path = file(t, bytes);
  for (const [length, whole] of [
    [bytes.length - 1, 4],
    [3 * SECTOR, 0],
    [SECTOR, 0],
  ] as const) {
    truncateSync(path, length);
    const { entries, lost } = readLog(path);
    assert.deepEqual([entries.length, lost], [whole, ENTRIES.length - whole]);
  }
  // Before its first flush QEMU has not written the first sector.
  writeFileSync(path, Buffer.concat([Buffer.alloc(SECTOR), bytes.subarray(SECTOR)]));
  assert.deepEqual([readLog(path).entries.length, readLog(path).lost], [5, 0]);
  // An entry that was begun and is not there.
  writeFileSync(path, Buffer.concat([bytes.subarray(0, 4 * SECTOR), Buffer.alloc(SECTOR), bytes.subarray(5 * SECTOR)]));
  assert.deepEqual([readLog(path).entries.length, readLog(path).lost], [1, 4]);
});

test('logs of a machine that was started again follow each other, with a flush between', (t) => {
  const [one, two] = [file(t, logBytes(ENTRIES)), file(t, logBytes(ENTRIES.slice(0, 1)))];
  const { entries } = readLog(one, two);
  assert.deepEqual(entries.map(({ at, isFlush, log }) => [at, isFlush, log === two]).slice(4), [
    [4, false, false],
    [5, true, true],
    [6, false, true],
  ]);
});

test('what is no log is refused, and nothing in one makes it read beyond its end', (t) => {
  assert.throws(() => readLog(file(t, Buffer.alloc(4 * SECTOR, 7))), /no log/);
  const [whole, path] = [logBytes(ENTRIES), file(t, Buffer.alloc(0))];
  fc.assert(
    fc.property(fc.nat(whole.length - SECTOR - 1), fc.uint8Array({ minLength: 1, maxLength: 40 }), (at, junk) => {
      const bytes = Buffer.from(whole);
      bytes.set(junk.subarray(0, bytes.length - SECTOR - at), SECTOR + at);
      writeFileSync(path, bytes);
      for (const { sectors, dataAt } of readLog(path).entries)
        assert.ok(dataAt === undefined || dataAt + sectors * SECTOR <= bytes.length);
    }),
    { numRuns: 200 },
  );
});
