import assert from 'node:assert/strict';
import { open as openFile, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Bitfield } from '#base/bitfield.ts';
import { logTo, silentLog } from '#base/log.ts';
import { MIB } from '#base/units.ts';
import { type Bench, describingCompliance, lendingCompliance, taskStoreCompliance } from './compliance.ts';
import { gappedMaker, payloadOf, randomSample, sampleOf, temporaryFolder } from './fixtures.ts';
import { sharedHashes } from './shared-hashes.ts';
import { Store, type StoreConfig } from './store.ts';
import type { TaskShape } from './task-store.ts';

const never = new AbortController().signal;
const hashes = sharedHashes();
const configOf = (dataDir: string, more: Partial<StoreConfig> = {}): StoreConfig => ({
  disks: [{ path: dataDir }],
  probeBytes: 0,
  cacheBytes: 8 * MIB,
  floorBytes: 0,
  hashWorkers: 1,
  ...more,
});
const segment = (dataDir: string, shape: TaskShape, name = 'segment-00000'): string =>
  join(dataDir, 'swarmbox', shape.infoHash, name);

async function flip(path: string, at: number): Promise<void> {
  const file = await openFile(path, 'r+');
  const byte = Buffer.alloc(1);
  await file.read(byte, 0, 1, at);
  byte[0] = (byte[0] as number) ^ 0xff;
  await file.write(byte, 0, 1, at);
  await file.close();
}

async function open(): Promise<Bench> {
  const folder = temporaryFolder();
  let store = await Store.open(configOf(folder.path), gappedMaker, silentLog, hashes);
  const reopen = async (more: Partial<StoreConfig> = {}) => {
    await store.close();
    store = await Store.open(configOf(folder.path, more), gappedMaker, silentLog, hashes);
  };
  return {
    task: (shape) => store.task(shape),
    reopen,
    damage: (shape, index) => flip(segment(folder.path, shape), index * shape.pieceLength + 7),
    full: (on) => reopen({ floorBytes: on ? Number.MAX_SAFE_INTEGER : 0 }),
    broken: async (shape, on) => {
      // The null device takes every write and refuses fdatasync: a disk that loses what it said it had.
      await store.task(shape).writeMetainfo(Buffer.from('de'));
      if (on) await symlink('/dev/null', segment(folder.path, shape));
      else await rm(segment(folder.path, shape));
    },
    [Symbol.asyncDispose]: async () => {
      await store.close();
      folder[Symbol.dispose]();
    },
  };
}

taskStoreCompliance('disk', open);
lendingCompliance('disk', open);
describingCompliance('disk', open);

test('a disk that becomes full in the middle of a write is "full", with one log line', async () => {
  using folder = temporaryFolder();
  const lines: string[] = [];
  const store = await Store.open(
    configOf(folder.path),
    gappedMaker,
    logTo((line) => lines.push(line.event)),
  );
  lines.length = 0;
  const sample = randomSample(3);
  const task = store.task(sample.shape);
  assert.deepEqual(await task.writeMetainfo(Buffer.from('de')), { kind: 'ok' });
  await symlink('/dev/full', segment(folder.path, sample.shape));
  assert.deepEqual(await task.accept(sample.piece(0)), { kind: 'full' });
  assert.deepEqual(await task.accept(sample.piece(1)), { kind: 'full' });
  assert.ok(task.cached(0) === undefined);
  assert.deepEqual(lines, ['disk-full']);
  await store.close();
});

test('pieces lie in as many segments as they need, and a lost segment loses only its own', async () => {
  using folder = temporaryFolder();
  const zeros = Buffer.alloc(3 * 48 * MIB);
  const sample = sampleOf(zeros, 48 * MIB);
  const store = await Store.open(configOf(folder.path), gappedMaker, silentLog, hashes);
  const task = store.task(sample.shape);
  for (const index of [0, 1, 2]) assert.equal((await task.accept(sample.piece(index))).kind, 'durable');
  await rm(segment(folder.path, sample.shape, 'segment-00001'));
  await store.close();
  const again = await Store.open(configOf(folder.path), gappedMaker, silentLog, hashes);
  const seen: number[] = [];
  await again.task(sample.shape).recheck(new Bitfield(3), (index) => seen.push(index), never);
  assert.deepEqual(seen, [0, 2]);
  await again.close();
});

test('a hole before a written piece is not taken for data, unless the piece really is zeros', async () => {
  using folder = temporaryFolder();
  const content = Buffer.alloc(4 * 65_536, 1);
  content.fill(0, 65_536, 2 * 65_536);
  const sample = sampleOf(content, 65_536);
  const store = await Store.open(configOf(folder.path), gappedMaker, silentLog, hashes);
  const task = store.task(sample.shape);
  assert.equal((await task.accept(sample.piece(2))).kind, 'durable');
  const seen: number[] = [];
  await task.recheck(new Bitfield(4), (index) => seen.push(index), never);
  assert.deepEqual(seen, [1, 2]);
  await store.close();
});

test('memory keeps to its limit, forgets the oldest use, and counts what it saved', async () => {
  using folder = temporaryFolder();
  const sample = randomSample(6);
  const one = sample.piece(0).buffer.length;
  const store = await Store.open(configOf(folder.path, { cacheBytes: 3 * one }), gappedMaker, silentLog, hashes);
  const task = store.task(sample.shape);
  for (const index of [0, 1, 2]) await task.accept(sample.piece(index));
  assert.ok(task.cached(0));
  await task.accept(sample.piece(3));
  assert.deepEqual(
    [0, 1, 2, 3].map((index) => task.cached(index) !== undefined),
    [true, false, true, true],
  );
  assert.equal(store.stats().cacheBytes, 3 * one);
  const hits = store.stats().cacheHits;
  assert.equal((await task.read(1)).kind, 'ok');
  assert.equal((await task.read(1)).kind, 'ok');
  assert.deepEqual(store.stats(), { cacheBytes: 3 * one, cacheHits: hits + 1, cacheMisses: 1, tasks: 1 });
  await store.close();
});

test('a torrent that nobody uses leaves memory, unless pieces of it are there', async () => {
  using folder = temporaryFolder();
  const sample = randomSample(2);
  const store = await Store.open(configOf(folder.path), gappedMaker, silentLog, hashes);
  await store.task(sample.shape).accept(sample.piece(0));
  for (let i = 0; i < 100; i++) store.task(randomSample(1).shape);
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  for (let i = 0; i < 50 && store.stats().tasks > 1; i++) {
    collect();
    await sleep(20);
  }
  assert.equal(store.stats().tasks, 1);
  assert.ok(store.task(sample.shape).cached(0));
  await store.close();
});

test('a folder of another layout is refused and left as it is', async () => {
  using folder = temporaryFolder();
  const sample = randomSample(3);
  const first = await Store.open(configOf(folder.path), gappedMaker, silentLog, hashes);
  await first.task(sample.shape).accept(sample.piece(0));
  await first.close();
  await writeFile(segment(folder.path, sample.shape, 'layout.json'), '{"version":99}\n');
  const second = await Store.open(configOf(folder.path), gappedMaker, silentLog, hashes);
  const answer = await second.task(sample.shape).accept(sample.piece(1));
  assert.ok(answer.kind === 'failed' && answer.error.message.includes('another layout'));
  const read = await second.task(sample.shape).read(0);
  assert.ok(read.kind === 'ok' && payloadOf(read.piece).equals(sample.payload(0)));
  await second.close();
});

test('a folder of which a later version says more than this one knows is used', async () => {
  using folder = temporaryFolder();
  const sample = randomSample(3);
  const path = segment(folder.path, sample.shape, 'layout.json');
  const put = async (piece: number): Promise<string> => {
    const store = await Store.open(configOf(folder.path), gappedMaker, silentLog, hashes);
    const { kind } = await store.task(sample.shape).accept(sample.piece(piece));
    await store.close();
    return kind;
  };
  assert.equal(await put(0), 'durable');
  const more = JSON.stringify({ later: true, ...JSON.parse(await readFile(path, 'utf8')) });
  await writeFile(path, more);
  assert.deepEqual([await put(1), await readFile(path, 'utf8')], ['durable', more]);
});

test('what lies on the disk can be listed, and a removal cut short is finished at the next start', async () => {
  using folder = temporaryFolder();
  const [kept, dropped] = [randomSample(2), randomSample(2)];
  const first = await Store.open(configOf(folder.path), gappedMaker, silentLog, hashes);
  await first.task(kept.shape).writeMetainfo(Buffer.from('d4:infoe'), Buffer.from('layers'));
  await first.task(dropped.shape).accept(dropped.piece(0));
  await first.close();
  const at = join(folder.path, 'swarmbox', dropped.shape.infoHash);
  await rename(at, `${at}.1.removed`);
  const second = await Store.open(configOf(folder.path), gappedMaker, silentLog);
  const seen = await Array.fromAsync(second.onDisk());
  assert.deepEqual(seen, [
    { infoHash: kept.shape.infoHash, info: Buffer.from('d4:infoe'), layers: Buffer.from('layers') },
  ]);
  await assert.rejects(rm(`${at}.1.removed`), { code: 'ENOENT' });
  await second.close();
  assert.equal((await second.task(kept.shape).accept(kept.piece(0))).kind, 'failed');
});

test('a data folder that cannot be used is refused with what to do next', async () => {
  using folder = temporaryFolder();
  await writeFile(join(folder.path, 'file'), '');
  const opening = Store.open(configOf(join(folder.path, 'file')), gappedMaker, silentLog, hashes);
  await assert.rejects(opening, /mounted and writable/);
});

test('a disk that is gone while the store runs is a failure, not a loss of every piece', async () => {
  using folder = temporaryFolder();
  const sample = randomSample(2);
  const store = await Store.open(configOf(folder.path, { cacheBytes: 0 }), gappedMaker, silentLog, hashes);
  const task = store.task(sample.shape);
  assert.equal((await task.accept(sample.piece(0))).kind, 'durable');
  await store.close();
  const again = await Store.open(configOf(folder.path, { cacheBytes: 0 }), gappedMaker, silentLog, hashes);
  await rename(join(folder.path, 'swarmbox'), join(folder.path, 'elsewhere'));
  assert.equal((await again.task(sample.shape).read(0)).kind, 'failed');
  assert.equal((await again.task(sample.shape).accept(sample.piece(1))).kind, 'failed');
  await again.close();
});
