import assert from 'node:assert/strict';
import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { type LogLine, logTo, silentLog } from '#base/log.ts';
import { aSession, DAY_MS, SetClock } from './fixtures.ts';
import { lineOf } from './session.ts';
import { sessionsIn, TraceFiles } from './trace-files.ts';

const LIMITS = { fileBytes: 2_000, fileMs: DAY_MS, totalBytes: 10_000, keepMs: 7 * DAY_MS, waitingBytes: 4_000 };
const LINE_BYTES = lineOf(aSession()).length + 1;

function folderFor(t: TestContext): string {
  const above = mkdtempSync(join(tmpdir(), 'swarmbox-trace-'));
  t.after(() => rmSync(above, { recursive: true, force: true }));
  return join(above, 'trace');
}

/** The clock of files: their times are the kernel's. */
class NowClock extends SetClock {
  override atMs = Date.now();
}

const open = (folder: string, clock = new NowClock(), log = silentLog) => TraceFiles.open(folder, clock, log, LIMITS);

async function append(files: TraceFiles, ...torrents: number[]): Promise<void> {
  files.append(torrents.map((torrent) => lineOf(aSession({ torrent }))));
  await files.settled();
}

const torrentsIn = async (folder: string, bad?: () => void) =>
  (await Array.fromAsync(sessionsIn(folder, bad))).map(({ torrent }) => torrent);
const bytesIn = (folder: string): number =>
  readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);

test('what was written is there after a restart, and what a kill left of a line spoils no other', async (t) => {
  const folder = folderFor(t);
  assert.deepEqual(await torrentsIn(folder), [], 'nothing was ever recorded');
  await append(await open(folder), 1, 2);
  const [name] = readdirSync(folder);
  appendFileSync(join(folder, name ?? ''), lineOf(aSession({ torrent: 3 })).slice(0, 40));
  await append(await open(folder), 4);
  let bad = 0;
  assert.deepEqual(await torrentsIn(folder, () => bad++), [1, 2, 4]);
  assert.equal(bad, 1);
  assert.equal(statSync(folder).mode & 0o077, 0, 'for nobody else to read');
});

test('rotten lines are passed over and told', async (t) => {
  const folder = folderFor(t);
  const files = await open(folder);
  await append(files, 1, 2, 3);
  const path = join(folder, readdirSync(folder)[0] ?? '');
  const bytes = readFileSync(path);
  bytes.fill(0xff, LINE_BYTES + 5, LINE_BYTES + 20);
  writeFileSync(path, bytes);
  writeFileSync(join(folder, 'notes.txt'), lineOf(aSession({ torrent: 9 })));
  let bad = 0;
  assert.deepEqual(await torrentsIn(folder, () => bad++), [1, 3]);
  assert.equal(bad, 1);
});

test('the oldest go when there are too many bytes', async (t) => {
  const folder = folderFor(t);
  const files = await open(folder);
  for (let torrent = 0; torrent < 200; torrent += 4)
    await append(files, torrent, torrent + 1, torrent + 2, torrent + 3);
  assert.ok(bytesIn(folder) <= LIMITS.totalBytes);
  assert.ok(bytesIn(folder) > LIMITS.totalBytes - 2 * LIMITS.fileBytes);
  const kept = await torrentsIn(folder);
  assert.deepEqual(
    kept,
    Array.from({ length: kept.length }, (_, i) => 200 - kept.length + i),
  );
});

test('the oldest go after a week, though nothing new comes', async (t) => {
  const folder = folderFor(t);
  const clock = new NowClock();
  const files = await open(folder, clock);
  await append(files, 1);
  clock.passMin(2 * 24 * 60);
  await append(files, 2);
  assert.equal(readdirSync(folder).length, 2, 'a file for a day');
  clock.passMin(6 * 24 * 60);
  files.tick();
  await files.settled();
  assert.deepEqual(await torrentsIn(folder), [2]);
  // The same after restarts: by then the files' own times tell, and starting is no change.
  const sixDaysAgoS = Date.now() / 1_000 - 6 * 24 * 3_600;
  utimesSync(join(folder, readdirSync(folder)[0] ?? ''), sixDaysAgoS, sixDaysAgoS);
  const now = new NowClock();
  await open(folder, now);
  assert.deepEqual(await torrentsIn(folder), [2]);
  now.passMin(2 * 24 * 60);
  await open(folder, now);
  assert.deepEqual(await torrentsIn(folder), []);
});

test('a clock that is set back loses nothing, and files go in the order in which they were written', async (t) => {
  const folder = folderFor(t);
  const clock = new NowClock();
  await append(await open(folder, clock), 1);
  clock.atMs = DAY_MS;
  const files = await open(folder, clock);
  await append(files, 2);
  clock.passMin(2 * 24 * 60);
  await append(files, 3);
  assert.deepEqual(await torrentsIn(folder), [1, 2, 3]);
});

test('a disk that takes nothing costs the trace, one log line, and no more', async (t) => {
  const folder = folderFor(t);
  writeFileSync(folder, 'in the way');
  const said: LogLine[] = [];
  const files = await open(
    folder,
    new NowClock(),
    logTo((line) => said.push(line)),
  );
  await append(files, 1);
  await append(files, 2);
  assert.deepEqual(
    said.map(({ event }) => event),
    ['trace-not-written'],
  );
  rmSync(folder);
  await append(await open(folder), 3);
  assert.deepEqual(await torrentsIn(folder), [3]);
});

test('what waits for the disk is bounded, and so is what lies there, whatever comes', async (t) => {
  const above = folderFor(t);
  let runs = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(fc.nat(60), { maxLength: 60 }), { maxLength: 12 }), async (batches) => {
      const folder = `${above}-${runs++}`;
      t.after(() => rmSync(folder, { recursive: true, force: true }));
      const files = await open(folder);
      // Nothing is waited for: all of it comes at once.
      for (const batch of batches)
        files.append(
          batch.map((many) =>
            lineOf(aSession({ asked: Array.from({ length: many + 1 }, (_, i) => [0, i, 1]).flat(), segments: 64 })),
          ),
        );
      await files.settled();
      assert.ok(bytesIn(folder) <= Math.min(LIMITS.totalBytes, LIMITS.waitingBytes));
    }),
    { numRuns: 25 },
  );
});
