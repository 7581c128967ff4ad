import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { type TestContext, test } from 'node:test';
import { silentLog } from '#base/log.ts';
import { Scope } from '#base/scope.ts';
import { type Publication, PublishError } from '../central/publishing.ts';
import type { Orders } from '../config-types.ts';
import { CONSOLE_LIMITS } from './limits.ts';
import { type UploadAnswer, Uploads, type UploadsWorld, type UploadView } from './uploads.ts';

const never = new AbortController().signal;

async function uploadsIn(t: TestContext, over: Partial<UploadsWorld> = {}, dataDir = temporary(t)) {
  const scope = new Scope((error) => assert.fail(String(error)));
  t.after(() => scope.close());
  const clock = { atMs: 1_000_000, nowMs: () => clock.atMs, sleep: async () => {} };
  const published: { publication: Publication; orders: Orders }[] = [];
  const sources = new Map<string, string>();
  const world: UploadsWorld = {
    dataDir,
    book: { sources: () => [...sources.values()], distribution: (id) => ({ source: sources.get(id) }) as never },
    clock,
    log: silentLog,
    scope,
    publish: async (publication, orders) => {
      published.push({ publication, orders });
      sources.set('d1', publication.path.slice(0, publication.path.lastIndexOf('/')));
      return 'd1';
    },
    freeBytes: async () => 1e12,
    ...over,
  };
  return { uploads: await Uploads.open(world), clock, published, sources, dataDir };
}

function temporary(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'swarmbox-uploads-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function ok(answer: UploadAnswer): UploadView {
  assert.ok(answer.kind === 'ok', JSON.stringify(answer));
  return answer.upload;
}
const why = (answer: UploadAnswer): string => (answer.kind === 'ok' ? 'ok' : answer.why);

async function* inParts(bytes: Buffer, size = 1_000): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
async function* broken(bytes: Buffer): AsyncGenerator<Uint8Array> {
  yield bytes;
  throw Object.assign(new Error('aborted'), { code: 'ECONNRESET' });
}

async function until(what: () => boolean): Promise<void> {
  for (let i = 0; i < 2_000 && !what(); i++) await new Promise((resolve) => setTimeout(resolve, 5));
  assert.ok(what());
}

test('files come one after the other, go on where the line broke, and are published from where they lie', async (t) => {
  const { uploads, published, dataDir } = await uploadsIn(t);
  const [a, b] = [randomBytes(5_000), randomBytes(300)];
  const files = [
    { path: '游戏/空', bytes: 0 },
    { path: '游戏/a.pak', bytes: a.length },
    { path: '游戏/子/b.pak', bytes: b.length },
    { path: '游戏/末', bytes: 0 },
  ];
  const begun = ok(await uploads.begin('x', files));
  const { id } = begun;
  assert.deepEqual(begun, { id, state: 'receiving', bytes: 5_300, receivedBytes: 0, file: 1, from: 0 });
  assert.equal(why(uploads.publish(id, { name: 'x' }, {})), 'conflict');
  assert.equal(why(await uploads.receive(id, 1, 0, broken(a.subarray(0, 2_000)), never)), 'invalid');
  assert.deepEqual(ok(uploads.view(id)), { ...begun, receivedBytes: 2_000, from: 2_000 });
  assert.equal(why(await uploads.receive(id, 1, 0, inParts(a), never)), 'conflict');
  assert.equal(why(await uploads.receive(id, 2, 0, inParts(b), never)), 'conflict');
  assert.equal(ok(await uploads.receive(id, 1, 2_000, inParts(a.subarray(2_000)), never)).file, 2);
  const last = ok(await uploads.receive(id, 2, 0, inParts(b), never));
  assert.deepEqual([last.file, last.receivedBytes], [4, 5_300]);
  assert.equal(ok(uploads.publish(id, { name: '游戏 补丁', kind: 'files' }, { sites: ['east'] })).state, 'reading');
  await until(() => ok(uploads.view(id)).state === 'published');
  const path = join(dataDir, 'originals', id, '游戏');
  assert.deepEqual(published, [
    { publication: { name: '游戏 补丁', kind: 'files', path }, orders: { sites: ['east'] } },
  ]);
  assert.deepEqual(readFileSync(join(path, 'a.pak')), a);
  assert.deepEqual(readFileSync(join(path, '子', 'b.pak')), b);
  assert.deepEqual([readFileSync(join(path, '空')).length, readFileSync(join(path, '末')).length], [0, 0]);
  assert.equal(ok(uploads.view(id)).distribution, 'd1');
  assert.deepEqual(readdirSync(join(dataDir, 'uploads')), []);
});

test('whoever sends anew takes the place of a line that does not know that it broke', async (t) => {
  const { uploads } = await uploadsIn(t);
  const { id } = ok(await uploads.begin('a', [{ path: 'a', bytes: 10 }]));
  const silent = new PassThrough();
  silent.write('01234');
  const first = uploads.receive(id, 0, 0, silent, never);
  await until(() => ok(uploads.view(id)).from === 5);
  const second = uploads.receive(id, 0, 5, inParts(Buffer.from('56789')), never);
  assert.equal(why(await first), 'invalid');
  assert.equal(ok(await second).file, 1);
});

test('more than was said, a disk without room, and lists that cannot be are refused', async (t) => {
  let freeBytes = 1e9;
  const { uploads, dataDir } = await uploadsIn(t, { freeBytes: async () => freeBytes });
  const { id } = ok(await uploads.begin('a', [{ path: 'a', bytes: 3 }]));
  assert.equal(why(await uploads.receive(id, 0, 0, inParts(Buffer.from('four')), never)), 'too-large');
  assert.equal(ok(uploads.view(id)).receivedBytes, 0);
  assert.equal(why(await uploads.begin('b', [{ path: 'b', bytes: 1e9 }])), 'disk-full');
  freeBytes = 1.7e9;
  assert.equal(why(await uploads.begin('b', [{ path: 'b', bytes: 1e9 }])), 'ok');
  assert.equal(why(await uploads.begin('b', [{ path: 'b', bytes: 0.5e9 }])), 'disk-full', 'the others have theirs');
  assert.equal(why(await uploads.begin('c', [{ path: 'c', bytes: 0 }])), 'invalid');
  const bad = await uploads.begin('c', [
    { path: 'c', bytes: 1 },
    { path: '../c', bytes: 1 },
  ]);
  assert.ok(bad.kind === 'declined');
  assert.deepEqual(bad.fields, [{ path: 'files.1.path', code: 'wrong-format' }]);
  for (let i = 2; i < CONSOLE_LIMITS.uploads; i++) ok(await uploads.begin('d', [{ path: 'd', bytes: 1 }]));
  assert.equal(why(await uploads.begin('e', [{ path: 'e', bytes: 1 }])), 'too-many');
  assert.equal(why(await uploads.receive('none', 0, 0, inParts(Buffer.from('x')), never)), 'not-found');
  ok(await uploads.drop(id));
  assert.equal(why(uploads.view(id)), 'not-found');
  assert.ok(!existsSync(join(dataDir, 'uploads', id)));
});

test('a full disk is said, and what came stays to go on from', async (t) => {
  const { uploads } = await uploadsIn(t);
  const { id } = ok(await uploads.begin('a', [{ path: 'a', bytes: 6 }]));
  async function* full(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('012');
    throw Object.assign(new Error('no space left'), { code: 'ENOSPC' });
  }
  assert.equal(why(await uploads.receive(id, 0, 0, full(), never)), 'disk-full');
  assert.equal(ok(await uploads.receive(id, 0, 3, inParts(Buffer.from('345')), never)).file, 1);
});

test('what cannot be published is told without the folder, and is gone', async (t) => {
  const { uploads, dataDir } = await uploadsIn(t, {
    publish: async ({ path }) => {
      throw new PublishError(`${path} has a name that not every system can keep`);
    },
  });
  const { id } = ok(await uploads.begin('a', [{ path: 'a', bytes: 1 }]));
  ok(await uploads.receive(id, 0, 0, inParts(Buffer.from('x')), never));
  uploads.publish(id, { name: 'a' }, {});
  await until(() => ok(uploads.view(id)).state === 'failed');
  assert.equal(ok(uploads.view(id)).why, 'a has a name that not every system can keep');
  await until(() => readdirSync(join(dataDir, 'originals')).length === 0);
});

test('a restart throws away what was half here and what nothing needs, and keeps what is given', async (t) => {
  const dataDir = temporary(t);
  for (const folder of ['uploads/half', 'originals/kept', 'originals/lost'])
    mkdirSync(join(dataDir, folder), { recursive: true });
  writeFileSync(join(dataDir, 'uploads/half/a'), 'a');
  const book = { sources: () => [join(dataDir, 'originals/kept'), '/srv/elsewhere'], distribution: () => undefined };
  await uploadsIn(t, { book }, dataDir);
  assert.deepEqual(readdirSync(join(dataDir, 'uploads')), []);
  assert.deepEqual(readdirSync(join(dataDir, 'originals')), ['kept']);
});
