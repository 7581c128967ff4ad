import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { WebSocket } from 'ws';
import type { BoxSnapshot } from './contract.ts';
import { emptyBox, startAdmin } from './fixtures.ts';
import { ADMIN_LIMITS } from './limits.ts';

const dir = await mkdtemp(join(tmpdir(), 'swarmbox-admin-'));
after(() => rm(dir, { recursive: true }));
const webRoot = join(dir, 'web');
await mkdir(join(webRoot, 'assets'), { recursive: true });
await writeFile(join(webRoot, 'index.html'), '<!doctype html><title>page</title>');
await writeFile(join(webRoot, 'assets/app-1.js'), 'let a = 1;'.repeat(50));
await writeFile(join(webRoot, '.secret.js'), 'secret');
await writeFile(join(dir, 'outside.js'), 'outside');

const start = (over: Parameters<typeof startAdmin>[0] = {}) =>
  startAdmin({ webRoot, world: { history: () => [[1, 2, 3]] }, ...over });

type Answer = { status: number; headers: IncomingHttpHeaders; body: Buffer };
/** `where`: a port or a socket path. node:http sends the path as it is, dots and all, as an attacker would. */
const ask = (
  where: number | string,
  path: string,
  o: { method?: string; headers?: Record<string, string>; body?: string } = {},
) => {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const to = typeof where === 'number' ? { host: '127.0.0.1', port: where } : { socketPath: where };
  const sent = httpRequest({ ...to, path, method: o.method ?? 'GET', headers: o.headers ?? {}, agent: false }, (r) => {
    const parts: Buffer[] = [];
    r.on('data', (b: Buffer) => parts.push(b));
    r.on('end', () => resolve({ status: r.statusCode ?? 0, headers: r.headers, body: Buffer.concat(parts) }));
  });
  sent.on('error', reject);
  sent.end(o.body);
  return promise;
};
const listen = (url: string, options = {}) => {
  const ws = new WebSocket(url, options);
  const got: BoxSnapshot[] = [];
  ws.on('message', (data) => got.push(JSON.parse(String(data))));
  const ended = new Promise<string>((resolve) => {
    ws.on('close', (code) => resolve(`closed ${code}`));
    ws.on('unexpected-response', (_, response) => resolve(`refused ${response.statusCode}`));
    ws.on('error', () => {});
  });
  const until = async (n: number) => {
    for (let i = 0; i < 300 && got.length < n; i++) await new Promise((r) => setTimeout(r, 10));
    assert.ok(got.length >= n, `${got.length} of ${n} snapshots`);
  };
  return { ws, got, ended, until };
};

test('the page, its parts and the API come with their headers', async () => {
  const admin = await start();
  const port = admin.port;
  const page = await ask(port, '/');
  assert.equal(page.status, 200);
  assert.match(String(page.body), /<title>page/);
  assert.match(
    String(page.headers['content-security-policy']),
    /default-src 'none'; script-src 'self'; style-src 'self';/,
  );
  assert.doesNotMatch(String(page.headers['content-security-policy']), /unsafe/);
  assert.equal(page.headers['x-content-type-options'], 'nosniff');
  const script = await ask(port, '/assets/app-1.js?v=1', { headers: { 'accept-encoding': 'gzip, br' } });
  assert.match(String(gunzipSync(script.body)), /^let a = 1/);
  assert.match(String(script.headers['cache-control']), /immutable/);
  const again = await ask(port, '/', { headers: { 'if-none-match': String(page.headers.etag) } });
  assert.equal(again.status, 304);
  assert.equal(JSON.parse(String((await ask(port, '/api/snapshot')).body)).version, '0.1.0');
  assert.deepEqual(JSON.parse(String((await ask(port, '/api/history')).body)), [[1, 2, 3]]);
  await admin.close();
});

test('nothing but the built page is served', async () => {
  const admin = await start();
  for (const path of [
    '/../outside.js',
    '/assets/../../outside.js',
    '/%2e%2e/outside.js',
    '/.secret.js',
    '//etc/passwd',
    '/assets/',
    '/nothing.js',
  ])
    assert.equal((await ask(admin.port, path)).status, 404, path);
  await admin.close();
});

test('a stranger site, another method, a body and a long address are refused', async () => {
  const admin = await start({ names: ['box.lan'] });
  const port = admin.port;
  assert.equal((await ask(port, '/api/snapshot', { headers: { host: 'evil.example' } })).status, 421);
  assert.equal((await ask(port, '/api/snapshot', { headers: { host: 'box.lan' } })).status, 200);
  assert.equal((await ask(port, '/', { method: 'POST' })).status, 405);
  const bodied = await ask(port, '/api/snapshot', {
    headers: { 'content-length': '3', 'content-type': 'application/json' },
    body: 'abc',
  });
  assert.equal(bodied.status, 413);
  assert.equal((await ask(port, '/api/snapshot', { method: 'DELETE' })).headers.allow, 'GET');
  assert.equal((await ask(port, `/${'x'.repeat(1100)}`)).status, 414);
  assert.equal((await ask(port, '/', { headers: { cookie: 'x'.repeat(9000) } })).status, 431);
  await admin.close();
});

test('a page that was not built says how to build it', async () => {
  const admin = await start({ webRoot: join(dir, 'nowhere') });
  const page = await ask(admin.port, '/');
  assert.equal(page.status, 503);
  assert.match(String(page.body), /make web/);
  await admin.close();
});

test('every listener gets the first snapshot at once and then the same one each second', async () => {
  let made = 0;
  const admin = await start({ world: { snapshot: () => emptyBox({ nowMs: ++made }) } });
  const url = `ws://127.0.0.1:${admin.port}/api/live`;
  const [one, two] = [
    listen(url),
    listen(url, { headers: { origin: url.replace('ws:', 'http:').replace('/api/live', '') } }),
  ];
  await Promise.all([one.until(3), two.until(3)]);
  assert.deepEqual(
    one.got.slice(0, 3).map((s) => s.nowMs),
    [1, 2, 3],
  );
  assert.deepEqual(
    two.got.slice(0, 3).map((s) => s.nowMs),
    [1, 2, 3],
  );
  assert.equal(made, 3);
  await admin.close();
  assert.match(await one.ended, /closed/);
  await two.ended;
});

test('another origin, another path and one listener too many are refused; a listener that speaks is closed', async () => {
  const admin = await start();
  const base = `ws://127.0.0.1:${admin.port}`;
  assert.equal(await listen(`${base}/api/live`, { headers: { origin: 'http://evil.example' } }).ended, 'refused 403');
  assert.equal(await listen(`${base}/api/live`, { headers: { host: 'evil.example' } }).ended, 'refused 421');
  assert.equal(await listen(`${base}/api/other`).ended, 'refused 404');
  const all = Array.from({ length: ADMIN_LIMITS.listeners }, () => listen(`${base}/api/live`));
  await Promise.all(all.map((one) => one.until(1)));
  assert.equal(await listen(`${base}/api/live`).ended, 'refused 503');
  all[0]?.ws.send('hello');
  assert.equal(await all[0]?.ended, 'closed 1003');
  const again = listen(`${base}/api/live`);
  await again.until(1);
  await admin.close();
});

test('a unix socket is served, its stale file is replaced, a living one and a plain file are not', async () => {
  const path = join(dir, 'admin.sock');
  const admin = await start({ listen: { path } });
  assert.equal((await ask(path, '/api/snapshot', { headers: { host: 'localhost' } })).status, 200);
  assert.equal((await stat(path)).mode & 0o777, 0o660);
  await assert.rejects(start({ listen: { path } }), /another process answers/);
  await admin.close();
  await assert.rejects(stat(path), { code: 'ENOENT' });
  await writeFile(path, 'not a socket');
  await assert.rejects(start({ listen: { path } }), /is no socket/);
});

test('a taken port is told with what to do', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => other.once('listening', resolve));
  const { port } = other.address() as { port: number };
  await assert.rejects(start({ listen: { host: '127.0.0.1', port } }), /free its address or choose another/);
  await new Promise((resolve) => other.close(resolve));
});
