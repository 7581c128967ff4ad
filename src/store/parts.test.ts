import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { logTo, silentLog } from '#base/log.ts';
import { readAll, writeAll } from '#base/whole-io.ts';
import { DiskSpace } from './disk-space.ts';
import { gappedMaker, payloadOf, randomSample, temporaryFolder } from './fixtures.ts';
import { Gate } from './gate.ts';
import { GroupSync } from './group-sync.ts';
import { HashPool } from './hash-pool.ts';
import { OpenFiles } from './open-files.ts';

const SHA1 = { sha1: true, merkle: undefined };

test('a sync that was already running answers nobody who came later', async () => {
  const begun: PromiseWithResolvers<void>[] = [];
  const group = new GroupSync(() => {
    const sync = Promise.withResolvers<void>();
    begun.push(sync);
    return sync.promise;
  });
  const done: string[] = [];
  const wait = (name: string) =>
    group.wait().then(
      () => done.push(name),
      () => done.push(`${name} failed`),
    );
  const turn = () => new Promise(setImmediate);
  const waits = [wait('a')];
  await turn();
  waits.push(wait('b'), wait('c'));
  await turn();
  assert.equal(begun.length, 1);
  begun[0]?.reject(new Error('EIO'));
  await turn();
  assert.deepEqual(done, ['a failed']);
  assert.equal(begun.length, 2);
  begun[1]?.resolve();
  await Promise.all(waits);
  assert.deepEqual(done, ['a failed', 'b', 'c']);
  assert.equal(begun.length, 2);
});

test('room on a disk is never promised twice, whatever overlaps', async () => {
  const write = fc.record({ bytes: fc.integer({ min: 1, max: 40 }), ticks: fc.nat(6) });
  await fc.assert(
    fc.asyncProperty(fc.array(write, { maxLength: 40 }), fc.nat(30), async (writes, floor) => {
      let free = 200;
      let nowMs = 0;
      const tick = () => new Promise(setImmediate);
      const ask = async () => {
        await tick();
        const seen = free;
        await tick();
        return seen;
      };
      const space = new DiskSpace(floor, silentLog, ask, () => nowMs++ * 300);
      let refused = 0;
      const one = async ({ bytes, ticks }: { bytes: number; ticks: number }) => {
        for (let i = 0; i < ticks; i++) await tick();
        const room = await space.reserve(bytes);
        if (!room) return void refused++;
        for (let i = 0; i < ticks; i++) await tick();
        free -= bytes;
        assert.ok(free >= floor, `${free} left above a floor of ${floor}`);
        space.release(room);
      };
      await Promise.all(writes.map(one));
      if (writes.reduce((sum, w) => sum + w.bytes, 0) <= (200 - floor) / 2) assert.equal(refused, 0);
      assert.equal(await space.freeBytes(), free - floor);
    }),
    { numRuns: 100 },
  );
});

test('a gate admits so many, lets so many wait, and turns the rest away', async () => {
  const gate = new Gate(2, 1);
  const [a, b] = [await gate.enter(), await gate.enter()];
  assert.ok(a && b);
  const third = gate.enter();
  assert.equal(await gate.enter(), undefined);
  a[Symbol.dispose]();
  const c = await third;
  assert.ok(c);
  b[Symbol.dispose]();
  c[Symbol.dispose]();
  assert.ok(await gate.enter());
});

test('a hash worker that dies or hangs fails its own job alone and is replaced', async () => {
  // Ends on a piece that begins with 0xff or 0xfe, hangs on 0xfd, answers with its first byte otherwise.
  const script = `import { parentPort } from 'node:worker_threads';
    parentPort.on('message', ({ buffer, ranges }) => {
      const first = new Uint8Array(buffer)[ranges[0]];
      if (first === 0xff) throw new Error('made up');
      if (first === 0xfe) process.exit(3);
      if (first === 0xfd) for (;;);
      parentPort.postMessage({ buffer, digests: { sha1: Uint8Array.of(first) } }, [buffer]);
    });`;
  const url = new URL(`data:text/javascript,${encodeURIComponent(script)}`);
  const lines: string[] = [];
  const log = logTo((line) => lines.push(line.event));
  const pool = new HashPool({ workers: 1, log, script: url, jobMs: 2_000 });
  const job = (first: number) => {
    const piece = gappedMaker.allocate(0, 100);
    (piece.payloadParts()[0] as Buffer)[0] = first;
    return pool.digest(piece, SHA1);
  };
  const kinds = (await Promise.all([1, 0xff, 2, 0xfe, 3, 0xfd, 4].map(job))).map((h) =>
    h.kind === 'ok' ? h.digests.sha1?.[0] : h.kind,
  );
  assert.deepEqual(kinds, [1, 'failed', 2, 'failed', 3, 'failed', 4]);
  assert.deepEqual(lines, ['hash-worker-ended', 'hash-worker-ended', 'hash-worker-ended']);
  await pool.close();
  assert.equal((await job(1)).kind, 'failed');
});

test('the queue of the hash workers is bounded in bytes, and closing answers who waits', async () => {
  const url = new URL(`data:text/javascript,${encodeURIComponent('setInterval(() => {}, 1000)')}`);
  const pool = new HashPool({ workers: 1, log: silentLog, script: url, queueBytes: 250 });
  const job = () => pool.digest(gappedMaker.allocate(0, 87), SHA1);
  const [running, first, second] = [job(), job(), job()];
  const refused = await job();
  assert.ok(refused.kind === 'failed' && 'code' in refused.error && refused.error.code === 'EBUSY');
  await pool.close();
  for (const answer of await Promise.all([running, first, second])) assert.equal(answer.kind, 'failed');
});

test('few files stay open, and one in use is not closed', async () => {
  using folder = temporaryFolder();
  const files = new OpenFiles(2);
  const path = (i: number) => join(folder.path, `f${i}`);
  const data = Buffer.from('payload');
  await files.use(path(0), 'write', async (busyFile) => {
    for (let i = 1; i < 8; i++) await files.use(path(i), 'write', (file) => writeAll(file.handle, [data], 0));
    await writeAll(busyFile.handle, [data], 0);
    await busyFile.durable();
  });
  assert.ok(files.size <= 2);
  await assert.rejects(
    files.use(path(9), 'read', async () => {}),
    { code: 'ENOENT' },
  );
  assert.equal(existsSync(path(9)), false);
  await files.close();
  for (let i = 0; i < 8; i++) assert.deepEqual(await readFile(path(i)), data);
});

test('one failed sync condemns every write made through that opening, and the next opening is a fresh one', async () => {
  const files = new OpenFiles(4);
  const write = () => files.use('/dev/null', 'write', (file) => file.durable());
  const results = await Promise.allSettled([write(), write(), write()]);
  assert.deepEqual(
    results.map((r) => r.status),
    ['rejected', 'rejected', 'rejected'],
  );
  assert.equal(files.size, 0);
});

test('more parts than one system call takes are written and read whole', async () => {
  using folder = temporaryFolder();
  const files = new OpenFiles();
  const sample = randomSample(1, 3 * 16_384 * 1100);
  const piece = sample.piece(0);
  assert.ok(piece.payloadParts().length > 1024);
  const back = gappedMaker.allocate(0, sample.shape.totalBytes);
  await files.use(join(folder.path, 'f'), 'write', async (file) => {
    await writeAll(file.handle, piece.payloadParts(), 5);
    assert.equal(await readAll(file.handle, back.payloadParts(), 5), true);
    assert.equal(await readAll(file.handle, gappedMaker.allocate(0, 40).payloadParts(), 10 ** 9), false);
  });
  assert.ok(payloadOf(back).equals(sample.payload(0)));
  await files.close();
});
