import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { silentLog } from '#base/log.ts';
import { Scope } from '#base/scope.ts';
import { openUrl } from './bundle-url.ts';
import { receive } from './receiving.ts';
import { packagedSystem, type UpdateBackend } from './update-backend.ts';
import { Updates } from './updates.ts';

/** Two slots that play: a bundle is the text `bundle VERSION`, and nothing else is one. */
class PlayedSlots implements UpdateBackend {
  running = '2.0.0';
  next = '2.0.0';
  canUpdate = true;
  installs: (() => void)[] = [];
  async view() {
    return {
      canUpdate: this.canUpdate,
      version: this.running,
      slots: [{ name: 'A' as const, version: this.running, state: 'running' as const }],
      needsReboot: this.next !== this.running,
    };
  }
  async inspect(path: string) {
    const version = /^bundle (\d\.\d\.\d)$/.exec(readFileSync(path, 'utf8'))?.[1];
    if (version === undefined) return { kind: 'failed' as const, why: 'its signature is wrong' };
    return { kind: 'bundle' as const, meta: { version, notes: 'notes', isOlder: version < this.running } };
  }
  async install(path: string, progress: (share: number) => void) {
    progress(0.5);
    await new Promise<void>((resolve) => {
      this.installs.push(resolve);
    });
    this.next = readFileSync(path, 'utf8').slice('bundle '.length);
    return { kind: 'done' as const };
  }
  async rollBack() {
    this.next = '1.0.0';
    return { kind: 'done' as const };
  }
}

function bench(t: TestContext, backend: UpdateBackend = new PlayedSlots()) {
  const dataDir = mkdtempSync(join(tmpdir(), 'swarmbox-update-'));
  const scope = new Scope(() => {});
  t.after(async () => {
    await scope.close();
    rmSync(dataDir, { recursive: true });
  });
  const updates = new Updates({ backend, dataDir, scope, log: silentLog });
  const files = () => (existsSync(join(dataDir, 'update')) ? readdirSync(join(dataDir, 'update')) : []);
  return { dataDir, scope, updates, files };
}
async function* chunks(...texts: string[]): AsyncGenerator<Buffer> {
  for (const text of texts) yield Buffer.from(text);
}
const never = new AbortController().signal;
const until = async (done: () => boolean | Promise<boolean>): Promise<void> => {
  for (let turns = 0; !(await done()); turns++) {
    assert.ok(turns < 1e5, 'it never came to that');
    await nextTurn();
  }
};

test('a bundle is received, checked, installed, and told of at each step', async (t) => {
  const slots = new PlayedSlots();
  const { updates, files } = bench(t, slots);
  assert.equal((await updates.install(false)).kind, 'declined', 'there is none yet');
  assert.deepEqual(await updates.receive(chunks('bun', 'dle ', '3.0.0'), 12, never), { kind: 'done' });
  assert.deepEqual(files(), ['bundle']);
  const view = await updates.view();
  assert.deepEqual(view.bundle, { version: '3.0.0', notes: 'notes', isOlder: false, sizeBytes: 12 });
  assert.equal(view.progress, undefined);
  assert.deepEqual(await updates.install(false), { kind: 'done' });
  await until(() => slots.installs.length === 1);
  assert.deepEqual((await updates.view()).progress, { step: 'installing', share: 0.5 });
  for (const answer of [updates.install(false), updates.discard(), updates.receive(chunks('x'), 1, never)]) {
    const declined = await answer;
    assert.ok(declined.kind === 'declined' && declined.why === 'busy');
  }
  slots.installs[0]?.();
  await until(async () => (await updates.view()).progress?.step === 'installed');
  assert.deepEqual([(await updates.view()).needsReboot, files()], [true, []]);
  await until(async () => (await updates.rollBack()).kind === 'done');
  assert.equal(slots.next, '1.0.0');
});

test('an older one is installed only when that was said', async (t) => {
  const slots = new PlayedSlots();
  const { updates } = bench(t, slots);
  await updates.receive(chunks('bundle 1.0.0'), undefined, never);
  const declined = await updates.install(false);
  assert.ok(declined.kind === 'declined' && declined.why === 'conflict');
  assert.equal((await updates.install(true)).kind, 'done');
  await until(() => slots.installs.length === 1);
  slots.installs[0]?.();
});

test('what is none, comes to an early end or fails on the way leaves nothing', async (t) => {
  const { updates, files } = bench(t);
  const whyOf = async (answer: ReturnType<Updates['receive']>) => {
    const a = await answer;
    return a.kind === 'declined' ? a.why : a.kind;
  };
  assert.equal(await whyOf(updates.receive(chunks('no bundle'), undefined, never)), 'invalid');
  assert.equal((await updates.view()).progress?.why, 'its signature is wrong');
  assert.equal(await whyOf(updates.receive(chunks('bundle 3'), 12, never)), 'invalid', 'cut short');
  assert.equal(await whyOf(updates.receive(chunks(), undefined, never)), 'invalid', 'empty');
  async function* breaks(): AsyncGenerator<Buffer> {
    yield Buffer.from('bundle');
    throw new Error('aborted');
  }
  assert.equal(await whyOf(updates.receive(breaks(), undefined, never)), 'failed');
  const hangs = new AbortController();
  async function* hung(): AsyncGenerator<Buffer> {
    yield Buffer.from('bundle');
    hangs.abort();
    yield Buffer.from(' 3.0.0');
  }
  assert.equal(await whyOf(updates.receive(hung(), undefined, hangs.signal)), 'failed');
  assert.equal(await whyOf(updates.receive(chunks('x'), 1e12, never)), 'too-large');
  assert.deepEqual(files(), []);
  assert.equal((await updates.view()).bundle, undefined);
  assert.equal(await whyOf(updates.receive(chunks('bundle 3.0.0'), 12, never)), 'done', 'and the next one is received');
  assert.equal((await updates.discard()).kind, 'done');
  assert.deepEqual([files(), (await updates.view()).bundle], [[], undefined]);
});

test('no more is written than may be, and the disk keeps its room', async (t) => {
  const { dataDir } = bench(t);
  const path = join(dataDir, 'x', 'bundle');
  const limits = { bundleBytes: 10, floorBytes: 0, lookAgainBytes: 4 };
  let told = 0;
  const got = (from: AsyncIterable<Uint8Array>, totalBytes: number | undefined, over = limits) =>
    receive(from, totalBytes, path, (bytes) => (told = bytes), never, over);
  assert.deepEqual(await got(chunks('12345', '67890'), undefined), { kind: 'received', bytes: 10 });
  assert.equal(told, 10);
  assert.deepEqual(await got(chunks('12345', '678901'), undefined), { kind: 'failed', why: 'too-large' });
  assert.deepEqual(await got(chunks('1'), 11), { kind: 'failed', why: 'too-large' });
  const full = { ...limits, floorBytes: Number.MAX_SAFE_INTEGER };
  assert.deepEqual(await got(chunks('1'), 1, full), { kind: 'failed', why: 'disk-full' });
  assert.deepEqual(readdirSync(join(dataDir, 'x')), ['bundle'], 'the one before is as it was');
});

test('a crash on the way leaves nothing; a bundle that was whole is checked again', async (t) => {
  const { dataDir, updates, files } = bench(t);
  mkdirSync(join(dataDir, 'update'));
  writeFileSync(join(dataDir, 'update', 'bundle.part'), 'bund');
  writeFileSync(join(dataDir, 'update', 'bundle'), 'bundle 3.1.0');
  await updates.start();
  assert.deepEqual([files(), (await updates.view()).bundle?.version], [['bundle'], '3.1.0']);
  writeFileSync(join(dataDir, 'update', 'bundle'), 'bundle 3.1.0 and more');
  await updates.start();
  assert.deepEqual([files(), (await updates.view()).bundle], [[], undefined]);
});

test('from an address of the web', async (t) => {
  const { updates, files } = bench(t);
  const answers: Record<string, RequestListener> = {
    '/good': (_, response) => response.end('bundle 3.0.0'),
    '/moved': (_, response) => response.writeHead(302, { location: '/good' }).end(),
    '/guarded': ({ headers: { authorization } }, response) =>
      response.writeHead(authorization === `Basic ${btoa('ada:s%ret')}` ? 302 : 401, { location: '/good' }).end(),
    '/missing': (_, response) => response.writeHead(404).end('no'),
    '/short': (_, response) => {
      response.writeHead(200, { 'content-length': '12' });
      response.write('bundle');
      setTimeout(() => response.destroy(), 20);
    },
  };
  const server = createServer((request, response) => answers[request.url ?? '']?.(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const from = async (path: string, who = '') => {
    const { port } = server.address() as AddressInfo;
    assert.deepEqual(await updates.receiveFrom(`http://${who}127.0.0.1:${port}${path}`), { kind: 'done' });
    await until(async () => {
      const { progress } = await updates.view();
      return progress === undefined || progress.step === 'failed';
    });
    const { bundle, progress } = await updates.view();
    // The turn ends a moment later.
    await until(async () => (await updates.discard()).kind === 'done');
    return bundle?.version ?? progress?.why;
  };
  assert.equal(await from('/good'), '3.0.0');
  assert.equal(await from('/missing'), 'the server answered 404');
  assert.equal(await from('/moved'), '3.0.0');
  assert.match(String(await from('/short')), /terminated/);
  assert.equal(await from('/guarded', 'ada:s%25ret@'), '3.0.0');
  assert.equal(await from('/guarded', 'ada:wrong@'), 'the server answered 401');
  assert.deepEqual(files(), []);
});

test('what comes from there is not lost before somebody reads it', async (t) => {
  setFlagsFromString('--expose_gc');
  const collect = runInNewContext('gc') as () => void;
  const server = createServer((_, response) => response.end('bundle 3.0.0'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const opened = await openUrl(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`, never);
  assert.ok(opened.kind === 'open');
  for (let i = 0; i < 10; i++) {
    collect();
    await nextTurn();
  }
  assert.equal(Buffer.concat(await Array.fromAsync(opened.body)).toString(), 'bundle 3.0.0');
});

test('a box that was installed from packages says its version, and that nothing can be updated', async (t) => {
  const { updates, files } = bench(t, packagedSystem('1.2.3'));
  assert.deepEqual(await updates.view(), { canUpdate: false, version: '1.2.3', slots: [], needsReboot: false });
  for (const answer of [
    updates.receive(chunks('bundle 3.0.0'), 12, never),
    updates.receiveFrom('http://127.0.0.1/'),
    updates.install(true),
    updates.discard(),
    updates.rollBack(),
  ]) {
    const declined = await answer;
    assert.ok(
      declined.kind === 'declined' && ['not-available', 'busy'].includes(declined.why),
      JSON.stringify(declined),
    );
  }
  assert.deepEqual(files(), []);
});
